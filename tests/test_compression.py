"""Compressed estimators: what is zero, what a pickle holds, what the report says."""

import copy
import pickle
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import skops.io
from scipy.sparse import csr_matrix
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

import skae
from skae import Autoencoder, CompressionReport, compress
from skae.backend import _gateway as gateway
from skae.compression import _pruning as pruning
from skae.estimators._base import BaseAutoencoder
from skae.metrics import reconstruction_error

DIGITS = load_digits().data / 16
X, UNSEEN = DIGITS[:200], DIGITS[200:500]
QUICK = {"hidden_layer_sizes": (16,), "max_iter": 20, "jit_compile": False, "random_state": 0}


def quick(cls=Autoencoder, **parameters):
    return cls(4, **QUICK | parameters)


def shrink(estimator, **parameters):
    return compress(estimator, **{"X": X, "max_iter": 2, "random_state": 0} | parameters)


@pytest.fixture(autouse=True)
def fewer_prunings(monkeypatch):
    """So that a test takes a fraction of a second."""
    monkeypatch.setattr(pruning, "_N_PRUNINGS", 8)


@pytest.fixture(scope="module")
def fitted():
    return quick().fit(X)


@pytest.fixture(scope="module")
def compressed(fitted):
    return shrink(fitted)


def kernels(estimator):
    """What could be zero: all that has axes for inputs and outputs, but for a critic's."""
    last = estimator[-1] if isinstance(estimator, Pipeline) else estimator
    weights = last._model.weights
    return {
        name: array
        for name, array in weights.items()
        if name.endswith("kernel") and not name.startswith("critic_")
    }


def share_of_zeros(estimator):
    joined = np.concatenate([kernel.ravel() for kernel in kernels(estimator).values()])
    return float(np.mean(joined == 0))


# Every class

CLASSES = [
    cls
    for cls in (getattr(skae, name) for name in skae.__all__)
    if isinstance(cls, type) and issubclass(cls, BaseAutoencoder)
]
SHAPES = {
    "ConvolutionalAutoencoder": {"sample_shape": (8, 8, 1), "hidden_layer_sizes": (4, 4)},
    "VariationalConvolutionalAutoencoder": {"sample_shape": (8, 8, 1), "hidden_layer_sizes": (4,)},
    "RecurrentAutoencoder": {"sample_shape": (8, 8)},
}


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_every_autoencoder_can_be_compressed(cls):
    fitted = quick(cls, **{"max_iter": 2, **SHAPES.get(cls.__name__, {})}).fit(X[:60])
    small = shrink(fitted, X=X[:60], max_iter=1)
    assert type(small) is cls
    assert share_of_zeros(small) >= 0.9
    again = pickle.loads(pickle.dumps(small))
    np.testing.assert_array_equal(again.transform(X), small.transform(X))
    np.testing.assert_array_equal(again.score_samples(X), small.score_samples(X))
    assert len(pickle.dumps(small)) < len(pickle.dumps(fitted))


def test_something_was_discovered():
    assert {Autoencoder, skae.RecurrentAutoencoder, skae.AdversarialAutoencoder} <= set(CLASSES)


# What becomes zero


@pytest.mark.parametrize("sparsity", [0.3, 0.9, 0.99])
@pytest.mark.parametrize("rows", [X, None], ids=["trained", "at once"])
def test_the_share_of_zeros_is_that_asked_for(fitted, sparsity, rows):
    small = compress(fitted, sparsity, None, rows, max_iter=1, random_state=0)
    assert sparsity <= share_of_zeros(small) <= sparsity + 0.005


def test_without_rows_the_smallest_weights_go_and_the_others_stay(fitted):
    small = compress(fitted, 0.6, bits=None)
    before = np.concatenate([kernel.ravel() for kernel in kernels(fitted).values()])
    after = np.concatenate([kernel.ravel() for kernel in kernels(small).values()])
    threshold = np.quantile(np.abs(before), 0.6)
    np.testing.assert_array_equal(after, np.where(np.abs(before) > threshold, before, 0.0))


def test_biases_stay(fitted):
    small = compress(fitted, 0.9)
    for name, array in fitted._model.weights.items():
        if name.endswith("bias"):
            np.testing.assert_array_equal(small._model.weights[name], array)


def test_a_bias_with_two_axes_stays():
    fitted = quick(skae.RecurrentAutoencoder, sample_shape=(8, 8), cell="gru", init="random")
    fitted.fit(X[:60])
    small = compress(fitted, 0.9)
    for name, array in fitted._model.weights.items():
        if name.endswith("bias"):
            assert np.any(array)
            np.testing.assert_array_equal(small._model.weights[name], array)


def test_a_critic_is_not_pruned():
    fitted = quick(skae.AdversarialAutoencoder, max_iter=2).fit(X)
    small = compress(fitted, 0.99, bits=None)
    names = [name for name in fitted._model.weights if name.startswith("critic_")]
    assert names
    for name in names:
        np.testing.assert_array_equal(small._model.weights[name], fitted._model.weights[name])


def test_with_rows_those_go_first_whose_gradient_is_zero():
    """A pixel that is never set has random weights that do nothing."""
    fitted = quick(init="random").fit(X)
    is_dead = X.std(axis=0) == 0
    first = "encoder_hidden_1/kernel"
    assert is_dead.any()
    assert np.all(fitted._model.weights[first][is_dead] != 0)
    small = shrink(fitted, sparsity=is_dead.mean(), bits=None, max_iter=1)
    assert np.all(small._model.weights[first][is_dead] == 0)


def test_zeros_are_enforced_by_training_and_the_others_are_trained(fitted):
    small = shrink(fitted, sparsity=0.5, bits=None)
    moved = [
        np.any((after != 0) & (after != before))
        for after, before in zip(kernels(small).values(), kernels(fitted).values(), strict=True)
    ]
    assert all(moved)


def test_training_makes_up_for_what_went(fitted):
    trained = shrink(fitted, sparsity=0.8, max_iter=20)
    assert trained.score(UNSEEN) > compress(fitted, 0.8).score(UNSEEN)
    assert trained.score(UNSEEN) > 1.2 * fitted.score(UNSEEN)


def frozen_network(sample_shape, n_components, hidden_layer_sizes, activation):
    """A user's network whose first layer is not trained."""
    import keras

    rows, code = keras.Input(sample_shape), keras.Input((n_components,))
    hidden = keras.layers.Dense(8, activation="relu", trainable=False)(rows)
    encoder = keras.Model(rows, keras.layers.Dense(n_components)(hidden))
    return encoder, keras.Model(code, keras.layers.Dense(64)(code))


def test_weights_that_are_not_trained_are_pruned_too():
    fitted = quick(network=frozen_network, max_iter=2).fit(X)
    small = shrink(fitted)
    frozen = [name for name, kernel in kernels(small).items() if kernel.shape == (64, 8)]
    assert len(frozen) == 1
    before, after = (e._model.weights[frozen[0]] for e in (fitted, small))
    assert np.any(after == 0)
    np.testing.assert_allclose(after[after != 0], before[after != 0], atol=0.01)
    assert share_of_zeros(small) >= 0.9


# Bits


@pytest.mark.parametrize("bits", [8, 4])
def test_a_channel_has_no_more_values_than_its_bits_allow(fitted, bits):
    for kernel in kernels(compress(fitted, 0.0, bits)).values():
        channels = kernel.reshape(-1, kernel.shape[-1]).T
        assert max(len(np.unique(channel)) for channel in channels) <= 2**bits - 1


def test_all_bits_and_no_zeros_change_nothing(fitted):
    small = compress(fitted, 0.0, None)
    for name, array in fitted._model.weights.items():
        np.testing.assert_array_equal(small._model.weights[name], array)


def test_eight_bits_alone_change_next_to_nothing(fitted):
    small = compress(fitted, 0.0, 8)
    assert small.score(UNSEEN) == pytest.approx(fitted.score(UNSEEN), rel=0.01)
    np.testing.assert_allclose(small.transform(UNSEEN), fitted.transform(UNSEEN), atol=0.1)


def test_without_zeros_there_is_nothing_to_make_up_for(fitted):
    small, at_once = shrink(fitted, sparsity=0.0), compress(fitted, 0.0)
    np.testing.assert_array_equal(small.transform(X), at_once.transform(X))


def test_fewer_bits_are_a_smaller_pickle(fitted):
    sizes = [len(pickle.dumps(compress(fitted, 0.5, bits))) for bits in (None, 8, 4)]
    assert sizes == sorted(sizes, reverse=True)


# The estimator that it was


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


def test_skops_asks_to_trust_only_skae(compressed):
    data = skops.io.dumps(compressed)
    untrusted = skops.io.get_untrusted_types(data=data)
    assert all(name.startswith("skae.") for name in untrusted)
    again = skops.io.loads(data, trusted=untrusted)
    np.testing.assert_array_equal(again.transform(X), compressed.transform(X))


SERVE = """
import pickle, sys
import numpy as np
small, X, code, errors = pickle.load(open(sys.argv[1], "rb"))
assert np.array_equal(small.transform(X), code)
assert np.array_equal(small.score_samples(X), errors)
assert not {"tensorflow", "keras"} & set(sys.modules), "TensorFlow was imported"
"""


def test_a_fresh_process_scores_the_same_without_tensorflow(compressed, tmp_path):
    about = compressed, X, compressed.transform(X), compressed.score_samples(X)
    (tmp_path / "small.pickle").write_bytes(pickle.dumps(about))
    subprocess.run([sys.executable, "-c", SERVE, tmp_path / "small.pickle"], check=True)


def test_the_keras_models_have_the_same_weights(compressed):
    code = compressed.encoder_.predict(X.astype(np.float32), verbose=0)
    np.testing.assert_allclose(code, compressed.transform(X), atol=1e-4)


# Pipelines


@pytest.fixture(scope="module")
def pipeline():
    return make_pipeline(StandardScaler(), quick()).fit(100 * X)


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
    small = shrink(pipeline, X=None)
    small.set_output(transform="pandas")
    small.set_params(standardscaler__with_mean=False).fit(X)
    assert pickle.dumps(pipeline) == before


def test_a_pipeline_of_one_step(fitted):
    small = shrink(Pipeline([("only", fitted)]))
    np.testing.assert_array_equal(small.transform(X), shrink(fitted).transform(X))


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


# How it trains


@pytest.fixture
def phases(monkeypatch):
    """The calls of each phase of training."""
    calls, original = [], pruning.train

    def spy(model, rows, recipe, settings, origin, *args):
        seen = {"rows": rows.X, "trained_on": rows.X[rows.sample_weight > 0], "mask": origin.mask}
        calls.append(SimpleNamespace(settings=settings, recipe=recipe, **seen))
        return original(model, rows, recipe, settings, origin, *args)

    monkeypatch.setattr(pruning, "train", spy)
    return calls


def test_weights_go_gradually_many_of_them_early(fitted, phases):
    shrink(fitted, sparsity=0.8)
    n_kept = [sum(np.sum(k == 1) for k in phase.mask.values()) for phase in phases]
    n_all = sum(array.size for array in fitted._model.weights.values())
    n_prunable = sum(kernel.size for kernel in kernels(fitted).values())
    taken = -np.diff(n_kept)
    assert n_kept[0] == n_all
    assert n_all - n_kept[-1] == int(np.ceil(0.8 * n_prunable))
    assert np.all(taken >= 0)
    assert len(taken[taken > 0]) >= 7
    assert taken[:2].sum() > 5 * taken[taken > 0][-2:].sum()


@pytest.mark.parametrize("max_iter", [1, 2, 7])
def test_max_iter_limits_the_epochs_after_the_last_removal_and_before(fitted, phases, max_iter):
    shrink(fitted, max_iter=max_iter)
    epochs = [phase.settings.max_iter for phase in phases]
    assert epochs[0] == max(epochs) == max_iter
    assert sum(epochs[pruning._N_PRUNINGS :]) == max_iter


@pytest.mark.parametrize(
    ("parameters", "rate"),
    [
        ({}, 2e-3),
        ({"learning_rate": 1e-4}, 1e-4),
        ({"optimizer": "Adam", "learning_rate": 1e-4}, 1e-4),
        ({"optimizer": "sgd", "learning_rate": 0.5}, 2e-3),
    ],
    ids=str,
)
def test_the_optimizer_is_adam_and_a_rate_for_another_is_not_its(fitted, phases, parameters, rate):
    shrink(copy.deepcopy(fitted).set_params(**parameters), max_iter=3)
    assert {phase.settings.optimizer for phase in phases} == {"adam"}
    rates = [phase.settings.learning_rate for phase in phases]
    assert max(rates) == rates[0] == rate
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] < 0.2 * rate


def test_a_schedule_is_no_rate(fitted, phases):
    import keras

    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 1, 0.5)
    shrink(copy.deepcopy(fitted).set_params(learning_rate=schedule))
    assert phases[0].settings.learning_rate == 2e-3


def test_the_divergence_does_not_warm_up_again(phases):
    fitted = quick(skae.VariationalAutoencoder, kl_warmup=30, max_iter=2).fit(X)
    small = shrink(fitted)
    assert {phase.recipe.schedule for phase in phases} == {None}
    assert small.kl_warmup == 30


class Listener:
    """A callback that must not hear of this."""

    def __getattr__(self, name):
        raise AssertionError(name)


def test_callbacks_of_the_fit_hear_nothing(fitted):
    listening = copy.copy(fitted)
    listening.callbacks = [Listener]
    shrink(listening)


def test_equal_seeds_give_equal_bits(fitted):
    codes = [shrink(fitted, random_state=seed).transform(X) for seed in (3, 3, 4)]
    np.testing.assert_array_equal(codes[0], codes[1])
    assert np.any(codes[0] != codes[2])


def test_a_random_state_of_its_own_is_drawn_from(fitted):
    generator = np.random.RandomState(3)
    code = shrink(fitted, random_state=generator).transform(X)
    np.testing.assert_array_equal(code, shrink(fitted, random_state=3).transform(X))
    assert np.any(shrink(fitted, random_state=generator).transform(X) != code)


def test_another_sparsity_compiles_nothing(fitted, monkeypatch):
    pool = type(gateway.POOL)(gateway.POOL._build)
    monkeypatch.setattr(gateway, "POOL", pool)

    def count():
        idle = [program for programs in pool._idle.values() for program in programs]
        return pool.n_built, sum(program.n_traces for program in idle)

    shrink(fitted, sparsity=0.9)
    before = count()
    shrink(fitted, sparsity=0.4, bits=4, random_state=1)
    assert count() == before


# The report


def test_sizes_and_zeros_are_those_of_the_estimators(fitted, compressed):
    report = compressed.compression_report_
    assert report.n_bytes_before == len(pickle.dumps(fitted))
    assert report.n_bytes_after == len(pickle.dumps(compressed))
    assert report.n_weights == sum(kernel.size for kernel in kernels(fitted).values())
    assert report.sparsity_before == share_of_zeros(fitted)
    assert report.sparsity_after == share_of_zeros(compressed) >= 0.9


def held_out(rows, used):
    """The rows that are not among those used."""
    known = {row.tobytes() for row in used}
    return np.array([row for row in rows if row.tobytes() not in known])


def test_errors_are_those_of_rows_that_were_never_trained_on(fitted, phases):
    small = shrink(fitted, X=UNSEEN, validation_fraction=0.2)
    unused = held_out(UNSEEN, np.vstack([phase.trained_on for phase in phases]))
    assert len(unused) == 60
    report = small.compression_report_
    for estimator, error in ((fitted, report.error_before), (small, report.error_after)):
        expected = reconstruction_error(unused, estimator.reconstruct(unused))
        assert error == pytest.approx(expected, rel=1e-6)


def test_the_error_of_a_pipeline_is_in_units_of_its_last_step(pipeline):
    """Equal rows, so that it does not matter which are held out."""
    rows = np.tile(100 * X[:1], (20, 1))
    small = shrink(pipeline, X=rows)
    scaled = pipeline[0].transform(rows)
    expected = reconstruction_error(scaled, small[-1].reconstruct(scaled))
    assert small[-1].compression_report_.error_after == pytest.approx(expected, rel=1e-6)


def test_the_error_of_a_cross_entropy_is_in_nats(phases):
    fitted = quick(loss="binary_crossentropy", max_iter=2).fit(X)
    small = shrink(fitted)
    unused = held_out(X, np.vstack([phase.trained_on for phase in phases]))
    probabilities = np.clip(small.reconstruct(unused), 1e-12, 1 - 1e-12)
    nats = unused * np.log(probabilities) + (1 - unused) * np.log(1 - probabilities)
    assert small.compression_report_.error_after == pytest.approx(-nats.mean(), rel=1e-4)


def test_without_rows_there_are_no_errors(fitted):
    report = compress(fitted).compression_report_
    assert report.error_before is None
    assert report.error_after is None
    assert "error" not in str(report)


def test_a_printed_report():
    report = CompressionReport(1000, 0.0, 0.9, 12_345_678, 1_234_567, 0.5, 0.75)
    assert str(report).splitlines() == [
        "                     before        after    ratio",
        "bytes            12,345,678    1,234,567    0.100",
        "sparsity              0.000        0.900",
        "held-out error          0.5         0.75    1.500",
    ]


def test_a_printed_report_of_a_perfect_fit():
    assert "nan" in str(CompressionReport(10, 0.0, 0.9, 100, 10, 0.0, 0.1))


# Rows


def test_one_row_trains_and_gives_no_error(fitted):
    report = shrink(fitted, X=X[:1]).compression_report_
    assert report.sparsity_after >= 0.9
    assert report.error_after is None


def test_sparse_rows_are_like_dense_ones(fitted):
    dense, sparse = shrink(fitted), shrink(fitted, X=csr_matrix(X))
    np.testing.assert_allclose(sparse.transform(X), dense.transform(X), atol=1e-3)


@pytest.mark.parametrize("output", ["pandas", "polars"])
def test_rows_in_a_frame(output):
    library = pytest.importorskip(output)
    frame = library.DataFrame({f"pixel{i}": column for i, column in enumerate(X.T)})
    in_frame = make_pipeline(MinMaxScaler(), quick(max_iter=2)).set_output(transform=output)
    small = shrink(in_frame.fit(frame), X=frame)
    assert list(small.transform(frame).columns) == list(in_frame.transform(frame).columns)
    assert list(small[-1].feature_names_in_) == list(frame.columns)


def test_rows_of_single_precision(fitted):
    small = shrink(fitted, X=X.astype(np.float32))
    assert small.transform(X.astype(np.float32)).dtype == np.float32
    np.testing.assert_allclose(small.transform(X), shrink(fitted).transform(X), atol=1e-2)


def test_rows_of_a_memory_map_stay_on_its_disk(fitted, phases, tmp_path):
    np.save(tmp_path / "X.npy", X)
    rows = np.load(tmp_path / "X.npy", mmap_mode="r")
    report = shrink(fitted, X=rows).compression_report_
    assert all(np.shares_memory(phase.rows, rows) for phase in phases)
    assert report.error_before == pytest.approx(shrink(fitted).compression_report_.error_before)


def test_rows_in_their_own_shape():
    parameters = {"sample_shape": (8, 8, 1), "hidden_layer_sizes": (4,), "max_iter": 1}
    fitted = quick(skae.ConvolutionalAutoencoder, **parameters).fit(X)
    flat = shrink(fitted, X=X[:40], max_iter=1)
    images = shrink(fitted, X=X[:40].reshape(-1, 8, 8, 1), max_iter=1)
    np.testing.assert_array_equal(images.transform(X), flat.transform(X))


def test_sequences_of_several_lengths():
    rows = X[:40].copy()
    rows[::2, 48:] = np.nan
    parameters = {"sample_shape": (8, 8), "mask_value": np.nan, "max_iter": 1}
    fitted = quick(skae.RecurrentAutoencoder, **parameters).fit(rows)
    report = shrink(fitted, X=rows, max_iter=1).compression_report_
    assert np.isfinite([report.error_before, report.error_after]).all()


# Errors


@pytest.mark.parametrize(
    "estimator",
    [
        PCA(2),
        make_pipeline(Autoencoder(2), PCA(2)),
        GridSearchCV(Autoencoder(2), {"n_components": [2]}),
        make_pipeline(StandardScaler(), "passthrough"),
    ],
    ids=["PCA", "pipeline", "search", "passthrough"],
)
def test_what_is_no_autoencoder_is_refused(estimator):
    with pytest.raises(TypeError, match=r"neither an autoencoder .* its best_estimator_"):
        compress(estimator)


@pytest.mark.parametrize(
    "estimator", [Autoencoder(), make_pipeline(StandardScaler(), Autoencoder())]
)
def test_what_is_not_fitted_is_refused(estimator):
    with pytest.raises(NotFittedError, match="is not fitted yet"):
        compress(estimator)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"bits": 3}, "'bits' parameter .* among {8, 4} or None. Got 3"),
        ({"bits": 32}, "'bits' parameter .* Got 32"),
        ({"sparsity": 1.0}, r"'sparsity' parameter .* \[0.0, 1.0\). Got 1.0"),
        ({"sparsity": -0.1}, "'sparsity' parameter .* Got -0.1"),
        ({"max_iter": 0}, "'max_iter' parameter .* Got 0"),
        ({"validation_fraction": 1.0}, "'validation_fraction' parameter .* Got 1.0"),
        ({"random_state": "0"}, "'random_state' parameter"),
        ({"X": X[:, :5]}, "X has 5 features, but Autoencoder is expecting 64"),
        ({"X": np.where(X > 0.9, np.nan, X)}, "Input X contains NaN"),
        ({"X": X[:0]}, "0 sample"),
    ],
    ids=str,
)
def test_bad_parameters_and_rows_are_refused(fitted, parameters, message):
    with pytest.raises(ValueError, match=message):
        compress(fitted, **parameters)


def test_rows_outside_the_unit_interval_are_refused():
    fitted = quick(loss="binary_crossentropy", max_iter=1).fit(X)
    with pytest.raises(ValueError, match="expects every value of X in"):
        shrink(fitted, X=2 * X)


def test_what_cannot_be_pickled_is_found_out_before_training(fitted, phases):
    local = copy.copy(fitted)
    local.callbacks = [lambda: None]
    with pytest.raises((AttributeError, pickle.PicklingError), match=r"pickle|lambda"):
        shrink(local)
    assert not phases
