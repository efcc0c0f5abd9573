"""A compressed estimator is what it was: copies, pickles, Pipelines, later fits."""

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest
import skops.io
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline

import skae
from skae import compress

from .shared import UNSEEN, X, kernels, quick, share_of_zeros, shrink


def test_the_estimator_is_not_changed(fitted):
    before, attributes = pickle.dumps(fitted), set(vars(fitted))
    small = shrink(fitted)
    small.history_["loss"][:] = -1.0
    small.set_params(max_iter=1)
    small.set_output(transform="pandas")
    assert pickle.dumps(fitted) == before
    assert set(vars(fitted)) == attributes


def test_the_history_is_that_of_the_fit(fitted, compressed):
    assert compressed.n_iter_ == fitted.n_iter_
    for name, column in fitted.history_.items():
        np.testing.assert_array_equal(compressed.history_[name], column)


def test_an_interruption_is_passed_on_and_changes_nothing(fitted, monkeypatch):
    from skae.backend._program import Program

    def interrupt(program, *args):
        raise KeyboardInterrupt

    before = pickle.dumps(fitted)
    monkeypatch.setattr(Program, "train", interrupt)
    with pytest.raises(KeyboardInterrupt):
        shrink(fitted)
    assert pickle.dumps(fitted) == before


def test_divergence_is_an_error_that_changes_nothing(fitted):
    wild = copy.deepcopy(fitted).set_params(learning_rate=1e30)
    before = pickle.dumps(wild)
    with pytest.raises(ValueError, match="Training diverged in epoch"):
        shrink(wild)
    assert pickle.dumps(wild) == before


def test_a_clone_is_not_fitted(compressed):
    with pytest.raises(NotFittedError):
        clone(compressed).transform(X)


# Pickles and other places


def test_a_pickle_holds_no_other_weights(fitted, compressed):
    """Float32 alone would take 4 bytes for each."""
    n_weights = sum(kernel.size for kernel in kernels(fitted).values())
    others = pickle.dumps(fitted)
    assert len(others) > 4 * n_weights
    assert len(pickle.dumps(compressed)) < len(others) - 3 * n_weights


def test_scoring_does_not_grow_the_pickle(compressed):
    before = pickle.dumps(compressed)
    compressed.transform(X)
    compressed.reconstruct(X)
    assert pickle.dumps(compressed) == before


@pytest.mark.parametrize("bits", [8, 4, None])
@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda e: pickle.loads(pickle.dumps(e))])
def test_a_copy_scores_the_same(fitted, bits, duplicate):
    small = compress(fitted, 0.7, bits)
    again = duplicate(small)
    np.testing.assert_array_equal(again.transform(X), small.transform(X))
    np.testing.assert_array_equal(again.score_samples(X), small.score_samples(X))
    assert again.compression_report_ == small.compression_report_


def test_skops_asks_to_trust_what_is_listed(compressed):
    data = skops.io.dumps(compressed)
    again = skops.io.loads(data, trusted=skae.skops_trusted())
    np.testing.assert_array_equal(again.transform(X), compressed.transform(X))


SERVE = """
import pickle, sys
import numpy as np
small, X, code, errors = pickle.load(open(sys.argv[1], "rb"))
assert np.array_equal(small.transform(X), code)
assert np.array_equal(small.score_samples(X), errors)
assert not {"tensorflow", "keras"} & set(sys.modules), "TensorFlow was imported"
"""


@pytest.mark.slow
def test_a_fresh_process_scores_the_same_without_tensorflow(compressed, tmp_path):
    about = compressed, X, compressed.transform(X), compressed.score_samples(X)
    (tmp_path / "small.pickle").write_bytes(pickle.dumps(about))
    subprocess.run([sys.executable, "-c", SERVE, tmp_path / "small.pickle"], check=True)


def test_the_keras_models_have_the_same_weights(compressed):
    code = compressed.encoder_.predict(X.astype(np.float32), verbose=0)
    np.testing.assert_allclose(code, compressed.transform(X), atol=1e-4)


def test_rows_for_a_pipeline_are_in_its_units(pipeline):
    small = shrink(pipeline, X=100 * X)
    last = shrink(pipeline[-1], X=pipeline[0].transform(100 * X))
    assert isinstance(small, Pipeline)
    np.testing.assert_array_equal(small.transform(100 * UNSEEN), last.transform(
        pipeline[0].transform(100 * UNSEEN)
    ))  # fmt: skip
    assert small[-1].compression_report_ == last.compression_report_


def test_a_compressed_pipeline_shares_nothing_with_the_original(pipeline):
    before = pickle.dumps(pipeline)
    small = compress(pipeline)
    small.set_output(transform="pandas")
    small.set_params(standardscaler__with_mean=False).fit(X)
    assert pickle.dumps(pipeline) == before


def test_a_pipeline_of_one_step(fitted):
    small = shrink(Pipeline([("only", fitted)]))
    np.testing.assert_array_equal(small.transform(X), shrink(fitted).transform(X))


@pytest.mark.slow
def test_what_no_pickle_holds_is_named():
    fitted = quick(max_iter=1, loss=lambda targets, outputs: (targets - outputs) ** 2).fit(X)
    with pytest.raises(TypeError, match=r"pickle, which cannot hold loss=<function .*by def and"):
        compress(fitted)


# Afterwards


def test_partial_fit_makes_it_an_ordinary_one(fitted):
    small = shrink(fitted)
    small.partial_fit(X)
    assert small.n_iter_ == fitted.n_iter_ + 1
    assert share_of_zeros(small) < 0.2  # of pixels that are never set
    again = pickle.loads(pickle.dumps(small))
    np.testing.assert_array_equal(again.transform(X), small.transform(X))


def test_a_warm_start_goes_on_from_the_compressed_weights(fitted):
    small = compress(fitted, 0.9)
    score = small.score(UNSEEN)
    small.set_params(warm_start=True, max_iter=3).fit(X)
    assert small.score(UNSEEN) > score
    assert share_of_zeros(small) < 0.2  # of pixels that are never set
    ordinary = copy.deepcopy(fitted).set_params(warm_start=True, max_iter=3).fit(X)
    assert small._model.packed is ordinary._model.packed is None


def test_what_partial_fit_left_is_not_kept():
    fitted = quick(max_iter=1)
    for _ in range(2):
        fitted.partial_fit(X)
    small = compress(fitted)
    assert not hasattr(small, "_optimizer_state")
    assert hasattr(fitted, "_optimizer_state")
    small.partial_fit(X)


def test_it_can_be_compressed_again(compressed):
    smaller = shrink(compressed, sparsity=0.95, bits=4)
    report = smaller.compression_report_
    assert report.sparsity_before == share_of_zeros(compressed)
    assert report.n_bytes_before == len(pickle.dumps(compressed))
    assert report.sparsity_after >= 0.95


def test_attributes_of_the_rows_are_measured_anew():
    fitted = quick(skae.SparseAutoencoder, max_iter=2).fit(X)
    small = shrink(fitted, X=np.vstack([X[:30]] * 4), validation_fraction=0.001)
    # Every row is there several times, so that the one held out changes nothing much.
    expected = np.abs(small.transform(X[:30])).mean(axis=0)
    np.testing.assert_allclose(small.mean_activations_, expected, rtol=0.1, atol=1e-3)
    assert not np.allclose(small.mean_activations_, fitted.mean_activations_, rtol=0.1)
