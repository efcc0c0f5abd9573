"""What compress trains on: pairs where fit had them, and nothing that takes back what it taught."""

import copy
import pickle

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skae
from skae import compress

from .shared import X, quick, shrink

NOISY = X + np.random.default_rng(0).normal(0, 0.3, X.shape)
IMAGES = {"sample_shape": (8, 8, 1), "network": "residual", "hidden_layer_sizes": (4,)}


def denoiser(**parameters):
    return quick(skae.DenoisingAutoencoder, **{"noise": None, "max_iter": 5} | parameters)


@pytest.fixture(scope="module")
def of_pairs():
    return denoiser().fit(NOISY, X_clean=X)


def error_of(estimator, rows, clean):
    return np.mean((estimator.reconstruct(rows) - clean) ** 2)


@pytest.mark.slow
def test_pairs_teach_what_is_left_to_do_what_they_taught():
    fitted = denoiser(max_iter=20).fit(1 - X, X_clean=X)
    small = shrink(fitted, sparsity=0.2, X=1 - X, X_clean=X)
    assert error_of(small, 1 - X, X) < 1.2 * error_of(fitted, 1 - X, X)
    blind = copy.deepcopy(fitted)
    del blind._of_pairs  # as if its rows had been their own clean versions
    blind = shrink(blind, sparsity=0.2, X=1 - X)
    assert error_of(blind, 1 - X, X) > 2 * error_of(small, 1 - X, X)


def test_errors_of_the_report_are_to_the_clean_rows(of_pairs):
    # All but one row is held out, of a report without training.
    small = shrink(of_pairs, sparsity=0.0, X=NOISY, X_clean=X, validation_fraction=0.99)
    report = small.compression_report_
    assert report.error_before == pytest.approx(error_of(of_pairs, NOISY, X), rel=0.05)
    assert report.error_after == pytest.approx(error_of(small, NOISY, X), rel=0.05)


def test_clean_rows_of_a_pipeline_pass_through_its_steps(of_pairs):
    scaler = StandardScaler().fit(NOISY)
    pipeline = make_pipeline(scaler, of_pairs)
    options = {"sparsity": 0.0, "random_state": 0}
    report = compress(pipeline, X=NOISY, X_clean=X, **options)[-1].compression_report_
    by_hand = compress(of_pairs, X=scaler.transform(NOISY), X_clean=scaler.transform(X), **options)
    assert report == by_hand.compression_report_


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        pytest.param({"noise": "gaussian"}, marks=pytest.mark.slow),
        pytest.param(IMAGES, marks=pytest.mark.slow),
    ],
    ids=["code", "noise too", "restorer"],
)
def test_rows_alone_are_refused_after_pairs(parameters):
    if "sample_shape" in parameters:
        fitted = skae.DenoisingAutoencoder(noise=None, max_iter=1, **parameters)
        fitted.fit(NOISY, X_clean=X)
    else:
        fitted = denoiser(max_iter=1, **parameters).fit(NOISY, X_clean=X)
    with pytest.raises(
        ValueError, match="Pass the clean version of every row as X_clean, or leave"
    ):
        shrink(fitted, X=NOISY)
    compress(fitted, 0.2)


def test_rows_alone_do_for_what_learnt_from_rows_alone():
    shrink(denoiser(max_iter=1).fit(X), sparsity=0.0)
    again = denoiser(max_iter=1).fit(NOISY, X_clean=X).fit(X)
    shrink(again, sparsity=0.0)


@pytest.mark.parametrize("go_on", ["fit", "partial_fit"])
def test_training_goes_on_with_pairs_where_there_is_no_noise(of_pairs, go_on):
    further = copy.deepcopy(of_pairs).set_params(warm_start=True, max_iter=1)
    before = pickle.dumps(further)
    with pytest.raises(ValueError, match="or start anew: fit with warm_start=False"):
        getattr(further, go_on)(NOISY)
    assert pickle.dumps(further) == before
    getattr(further, go_on)(NOISY, X_clean=X)
    further.set_params(warm_start=False).fit(X)


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ({"X": None, "X_clean": X, "max_iter": 200}, "but X is None"),
        ({"X": NOISY, "X_clean": X[:5]}, r"X_clean has shape \(5, 64\), but X has shape"),
        ({"X": NOISY, "X_clean": np.full(X.shape, np.nan)}, "X_clean contains NaN"),
    ],
)
def test_clean_rows_are_checked(of_pairs, given, match):
    with pytest.raises(ValueError, match=match):
        shrink(of_pairs, **given)


def test_clean_rows_are_of_denoisers(fitted):
    with pytest.raises(ValueError, match="X_clean is of DenoisingAutoencoder, but Autoencoder"):
        shrink(fitted, X_clean=X)


# Parameters that were changed after the fit


@pytest.mark.parametrize(
    ("cls", "before", "after", "match"),
    [
        ("Autoencoder", {}, {"loss": "binary_crossentropy"}, "loss was 'squared_error' and is now"),
        ("VariationalAutoencoder", {}, {"conditional": True}, "conditional was False and is now"),
        (
            "VariationalAutoencoder",
            {},
            {"likelihood": "student_t"},
            "likelihood was .* 'student_t'",
        ),
        ("AdversarialAutoencoder", {"divergence": "mmd"}, {"divergence": "critic"}, "'critic'"),
        ("SparseAutoencoder", {"sparsity": "l1"}, {"sparsity": "jumprelu"}, "is now 'jumprelu'"),
    ],
    ids=["loss", "conditional", "likelihood", "divergence", "sparsity"],
)
def test_parameters_of_another_model_are_refused(cls, before, after, match):
    changed = quick(getattr(skae, cls), max_iter=1, **before).fit(X).set_params(**after)
    with pytest.raises(ValueError, match=match):
        shrink(changed)
    labels = np.arange(len(X)) % 2
    for fine_tune in (True, False):
        head = skae.AutoencoderClassifier(from_pretrained=changed, fine_tune=fine_tune, max_iter=1)
        with pytest.raises(ValueError, match=match):
            head.fit(X, labels)
    assert not hasattr(head, "autoencoder_")


def test_parameters_of_training_may_change(fitted):
    other = copy.deepcopy(fitted).set_params(batch_size=64, tol=0.1, max_iter=3)
    shrink(other, sparsity=0.1, max_iter=1)


# A critic of rows


@pytest.mark.slow
def test_what_a_critic_taught_is_not_trained_away():
    taught = skae.VariationalAutoencoder(
        2, sample_shape=(8, 8, 1), network="convolutional", hidden_layer_sizes=(4,),
        adversarial_max_iter=1, max_iter=1, jit_compile=False, random_state=0,
    ).fit(X)  # fmt: skip
    with pytest.raises(ValueError, match="Set adversarial_max_iter=0, or leave X out"):
        shrink(taught)
    labels = np.arange(len(X)) % 2
    head = skae.AutoencoderClassifier(from_pretrained=taught, max_iter=1, random_state=0)
    with pytest.raises(ValueError, match="Set adversarial_max_iter=0, or set fine_tune=False"):
        head.fit(X, labels)
    alone = head.set_params(fine_tune=False).fit(X, labels)
    assert hasattr(alone.autoencoder_, "adversarial_history_")
    assert hasattr(compress(taught, 0.2), "adversarial_history_")
    small = shrink(taught.set_params(adversarial_max_iter=0), channel_sparsity=0, max_iter=1)
    assert not hasattr(small, "adversarial_history_")
