"""Values that are not observed are read, but no error is counted there."""

import functools
from copy import deepcopy

import numpy as np
import pytest
from scipy import sparse
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler, minmax_scale

from skae import (
    AdversarialAutoencoder,
    Autoencoder,
    ContractiveAutoencoder,
    ConvolutionalAutoencoder,
    DenoisingAutoencoder,
    RecurrentAutoencoder,
    SparseAutoencoder,
    StackedAutoencoder,
    VariationalAutoencoder,
)

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3)) @ RNG.normal(size=(3, 12)) + 0.3 * RNG.normal(size=(40, 12))
OBSERVED = RNG.random(X.shape) < 0.7
SMALL = {"hidden_layer_sizes": (8,), "max_iter": 2, "batch_size": 40, "random_state": 0}
# Weights that hardly move: the loss of the only epoch is that of the start.
STILL = {"max_iter": 1, "batch_size": 40, "learning_rate": 1e-9, "early_stopping": False}
EVERY = [
    AdversarialAutoencoder(2, init="random", **SMALL),
    Autoencoder(2, **SMALL),
    Autoencoder(2, **SMALL | {"hidden_layer_sizes": ()}),
    ContractiveAutoencoder(2, **SMALL),
    ConvolutionalAutoencoder(2, sample_shape=(4, 3, 1), **SMALL),
    DenoisingAutoencoder(2, **SMALL),
    RecurrentAutoencoder(2, sample_shape=(4, 3), **SMALL),
    SparseAutoencoder(2, **SMALL),
    StackedAutoencoder(2, pretrain_max_iter=1, **SMALL),
    VariationalAutoencoder(2, **SMALL),
]


def name_of(estimator):
    linear = "linear " if estimator.hidden_layer_sizes == () else ""
    return linear + type(estimator).__name__


def scale_of(rows):
    """The unit of losses: the root of the mean variance of a feature."""
    return np.sqrt(rows.var(axis=0).mean())


def mean_over_observed(errors, observed):
    """Of each row over what is observed, then of the rows."""
    return np.mean([row[known].mean() for row, known in zip(errors, observed, strict=True)])


# The loss


@pytest.mark.parametrize(
    "estimator",
    [
        Autoencoder(2),
        Autoencoder(2, hidden_layer_sizes=()),
        ConvolutionalAutoencoder(2, sample_shape=(4, 3, 1), hidden_layer_sizes=(3,)),
        RecurrentAutoencoder(2, sample_shape=(4, 3), hidden_layer_sizes=(5,)),
    ],
    ids=name_of,
)
def test_loss_is_the_mean_over_observed_values(estimator):
    fitted = clone(estimator).set_params(init="random", random_state=0, **STILL)
    fitted.fit(X, observed=OBSERVED)
    errors = ((fitted.reconstruct(X) - X) / scale_of(X)) ** 2
    expected = mean_over_observed(errors, OBSERVED)
    assert fitted.best_loss_ == pytest.approx(expected, rel=1e-4)
    assert errors.mean() != pytest.approx(expected, rel=2e-3)


@pytest.mark.parametrize("loss", ["absolute_error", "huber"])
def test_other_losses_leave_out_the_same_values(loss):
    fitted = Autoencoder(2, loss=loss, random_state=0, **STILL).fit(X, observed=OBSERVED)
    size = np.abs(fitted.reconstruct(X) - X) / scale_of(X)
    errors = size if loss == "absolute_error" else np.where(size <= 1, size**2, 2 * size - 1)
    assert fitted.best_loss_ == pytest.approx(mean_over_observed(errors, OBSERVED), rel=1e-4)


def test_a_row_without_observed_values_adds_no_loss():
    observed = OBSERVED.copy()
    observed[:10] = False
    fitted = Autoencoder(2, random_state=0, **STILL).fit(X, observed=observed)
    errors = ((fitted.reconstruct(X) - X) / scale_of(X)) ** 2
    expected = 30 / 40 * mean_over_observed(errors[10:], observed[10:])
    assert fitted.best_loss_ == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("noise", ["gaussian", "masking", "salt_and_pepper", "swap", None])
def test_targets_that_are_not_observed_make_no_difference(noise):
    # Going on from one fit, units and weights are the same whatever the clean rows are.
    settings = SMALL | {"init": "random", "early_stopping": False, "warm_start": True}
    first = DenoisingAutoencoder(2, noise=noise, **settings).fit(X)
    other = np.where(OBSERVED, X, 100.0)

    def codes_after(clean, observed):
        return deepcopy(first).fit(X, X_clean=clean, observed=observed).transform(X)

    expected = codes_after(X, OBSERVED)
    np.testing.assert_array_equal(codes_after(other, OBSERVED), expected)
    assert not np.array_equal(codes_after(X, None), expected)


def test_divergence_is_spread_over_observed_values():
    observed = np.zeros(X.shape, bool)
    observed[:, :3] = True
    fitted = VariationalAutoencoder(2, random_state=0, **STILL).fit(X, observed=observed)
    expected = fitted.kl_per_unit_.sum() / 3
    assert fitted.history_["kl"][0] == pytest.approx(expected, rel=1e-4)


def test_variational_reconstruction_counts_observed_values():
    observed = np.zeros(X.shape, bool)
    observed[:, :3] = True
    # The probabilities of a decoder without weights are one half: log 2 wherever it counts.
    rows = np.where(observed, 0.5, RNG.random(X.shape))
    vae = VariationalAutoencoder(2, likelihood="bernoulli", random_state=0, **STILL)
    fitted = vae.fit(rows, observed=observed)
    assert fitted.history_["reconstruction"][0] == pytest.approx(np.log(2), rel=1e-2)
    assert vae.fit(rows).history_["reconstruction"][0] != pytest.approx(np.log(2), rel=1e-2)


def test_linear_autoencoder_is_trained_where_values_are_not_observed():
    linear = Autoencoder(2, **SMALL | {"hidden_layer_sizes": (), "max_iter": 50})
    assert linear.fit(X).n_iter_ == 0
    start = ((linear.reconstruct(X) - X)[OBSERVED] ** 2).mean()
    fitted = linear.set_params(early_stopping=False).fit(X, observed=OBSERVED)
    assert ((fitted.reconstruct(X) - X)[OBSERVED] ** 2).mean() < start


def test_masked_fit_fills_better():
    complete = minmax_scale(load_breast_cancer().data)
    is_missing = np.random.default_rng(0).random(complete.shape) < 0.2
    means = np.mean(complete, axis=0, where=~is_missing)
    filled = np.where(is_missing, means, complete)

    def error(**known):
        options = {"hidden_layer_sizes": (32,), "max_iter": 20, "jit_compile": False}
        fitted = Autoencoder(8, random_state=0, **options).fit(filled, **known)
        return np.mean((fitted.reconstruct(filled) - complete)[is_missing] ** 2)

    assert error(observed=~is_missing) < 0.7 * error()


# What comes in


@functools.cache
def fitted_plainly(place):
    return clone(EVERY[place]).fit(X)


@pytest.mark.parametrize("place", range(len(EVERY)), ids=[name_of(each) for each in EVERY])
def test_all_observed_is_the_plain_fit(place):
    plain = fitted_plainly(place)
    fitted = clone(EVERY[place]).fit(X, observed=np.ones(X.shape, bool))
    assert fitted.loss_curve_ == plain.loss_curve_
    np.testing.assert_array_equal(fitted.reconstruct(X), plain.reconstruct(X))


@pytest.mark.parametrize("place", range(len(EVERY)), ids=[name_of(each) for each in EVERY])
def test_every_estimator_takes_it(place):
    fitted = clone(EVERY[place]).fit(X, observed=OBSERVED)
    assert np.isfinite(fitted.loss_curve_).all()
    assert fitted.loss_curve_ != fitted_plainly(place).loss_curve_


@pytest.mark.parametrize(
    ("estimator", "shape"),
    [(Autoencoder(2), (4, 3)), (EVERY[4], (4, 3, 1)), (EVERY[6], (4, 3))],
    ids=["dense", "convolutional", "recurrent"],
)
def test_it_may_have_the_shape_of_the_rows(estimator, shape):
    estimator = clone(estimator).set_params(sample_shape=shape, **SMALL)
    flat = clone(estimator).fit(X, observed=OBSERVED)
    shaped = estimator.fit(X.reshape(-1, *shape), observed=OBSERVED.reshape(-1, *shape))
    np.testing.assert_array_equal(shaped.transform(X), flat.transform(X))


def test_padding_stays_out_of_the_loss_too():
    rows = X.reshape(40, 4, 3).copy()
    rows[:20, 3] = np.nan
    padded = RecurrentAutoencoder(
        2, sample_shape=(4, 3), hidden_layer_sizes=(5,), mask_value=np.nan, random_state=0, **STILL
    ).fit(rows, observed=OBSERVED.reshape(rows.shape))
    flat = rows.reshape(40, 12)
    known = OBSERVED & ~np.isnan(flat)
    scale = np.sqrt(np.nanmean((flat - np.nanmean(flat, axis=0)) ** 2))
    errors = ((padded.reconstruct(flat) - flat) / scale) ** 2
    assert padded.best_loss_ == pytest.approx(mean_over_observed(errors, known), rel=1e-3)


@pytest.mark.parametrize("observed", [OBSERVED.tolist(), OBSERVED.astype(int), OBSERVED * 1.0])
def test_zeros_and_ones_are_truth_values(observed):
    expected = Autoencoder(2, **SMALL).fit(X, observed=OBSERVED).transform(X)
    found = Autoencoder(2, **SMALL).fit(X, observed=observed).transform(X)
    np.testing.assert_array_equal(found, expected)


def test_sparse_rows():
    rows = np.where(RNG.random(X.shape) < 0.5, X, 0.0)
    dense = Autoencoder(2, **SMALL).fit(rows, observed=OBSERVED)
    found = Autoencoder(2, **SMALL).fit(sparse.csr_array(rows), observed=OBSERVED)
    np.testing.assert_allclose(found.transform(rows), dense.transform(rows), rtol=1e-4, atol=1e-5)


def test_it_is_routed_through_a_pipeline():
    rows = StandardScaler().fit_transform(X)
    expected = Autoencoder(2, **SMALL).fit(rows, observed=OBSERVED).transform(rows)
    with config_context(enable_metadata_routing=True):
        autoencoder = Autoencoder(2, **SMALL).set_fit_request(observed=True)
        pipeline = make_pipeline(StandardScaler(), autoencoder).fit(X, observed=OBSERVED)
    np.testing.assert_array_equal(pipeline.transform(X), expected)


@pytest.mark.parametrize(
    ("observed", "message"),
    [
        (OBSERVED[:, :5], r"observed has shape \(40, 5\), but X has shape \(40, 12\)\. Pass one"),
        (OBSERVED[0], r"observed has shape \(12,\), but X has shape"),
        (0.5 * OBSERVED, r"observed holds .*0\.5.*, but truth values were expected"),
        (np.where(OBSERVED, 1.0, np.nan), r"observed holds .*nan.*Pass for example ~np\.isnan"),
        (np.zeros(X.shape, bool), "observed is false everywhere, so there is nothing to learn"),
    ],
    ids=["columns", "one row", "shares", "nan", "nothing"],
)
def test_what_is_no_truth_value_of_each_value_is_refused(observed, message):
    estimator = Autoencoder(2, **SMALL)
    with pytest.raises(ValueError, match=message):
        estimator.fit(X, observed=observed)
    assert not hasattr(estimator, "n_features_in_")
