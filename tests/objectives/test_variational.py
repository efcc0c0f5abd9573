"""Divergences, densities and bounds against Monte Carlo, scipy and exact likelihoods."""

import keras
import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logsumexp
from scipy.stats import bernoulli, multivariate_normal, norm
from sklearn.datasets import load_wine
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from skae import TableAutoencoder, VariationalAutoencoder
from skae.model._likelihood import importance_weighted_bounds, lower_bounds
from skae.objectives import LOSSES, bounded, gaussian_surprise, normal_divergence

WINE = StandardScaler().fit_transform(load_wine().data)
MEANS, LOG_VARIANCES = np.array([0.0, 1.5, -0.3, 2.0]), np.array([0.0, -4.0, 1.0, -0.5])


def quick(n_components=2, **parameters):
    settings = {"hidden_layer_sizes": (8,), "activation": "tanh", "max_iter": 5, "random_state": 0}
    return VariationalAutoencoder(n_components, **(settings | parameters))


# Divergence and densities


def test_divergence_is_the_mean_log_ratio_of_the_densities():
    deviations = np.exp(LOG_VARIANCES / 2)
    draws = MEANS + deviations * np.random.default_rng(0).normal(size=(200_000, 4))
    ratios = norm.logpdf(draws, MEANS, deviations) - norm.logpdf(draws)
    error = ratios.std(axis=0) / np.sqrt(len(ratios))
    found = normal_divergence(np, MEANS, LOG_VARIANCES)
    assert np.all(np.abs(found - ratios.mean(axis=0)) <= 4 * error + 1e-12)


def test_divergence_is_the_cross_entropy_less_the_entropy():
    deviations = np.exp(LOG_VARIANCES / 2)
    cross = 0.5 * np.log(2 * np.pi) + 0.5 * (MEANS**2 + deviations**2)
    expected = cross - [norm(m, d).entropy() for m, d in zip(MEANS, deviations, strict=True)]
    np.testing.assert_allclose(normal_divergence(np, MEANS, LOG_VARIANCES), expected, atol=1e-12)


def test_gaussian_surprise_is_the_negative_log_density():
    distance = np.array([0.0, 0.1, -3.0, 20.0])
    expected = -norm.logpdf(distance, 0.0, np.exp(LOG_VARIANCES / 2))
    np.testing.assert_allclose(gaussian_surprise(np, distance**2, LOG_VARIANCES), expected)


def test_crossentropy_of_logits_is_the_negative_log_probability():
    logits, values = np.linspace(-8, 8, 50), np.arange(50) % 2
    expected = -bernoulli.logpmf(values, expit(logits))
    found = LOSSES["binary_crossentropy"](np, values.astype(float), logits)
    np.testing.assert_allclose(found, expected)


@pytest.mark.parametrize("function", [normal_divergence, gaussian_surprise])
def test_same_in_keras(function):
    values, log_variances = np.linspace(0, 3, 50), np.linspace(-5, 5, 50)
    in_keras = function(keras.ops, values.astype("float32"), log_variances.astype("float32"))
    np.testing.assert_allclose(in_keras, function(np, values, log_variances), rtol=1e-5, atol=1e-6)


def test_every_log_variance_has_a_finite_divergence():
    log_variances = bounded(keras.ops, np.array([-1e30, 1e30], np.float32))
    in_keras = normal_divergence(keras.ops, np.zeros(2, np.float32), log_variances)
    assert np.isfinite(np.asarray(in_keras)).all()


# Lower bounds


def exact_log_likelihood(linear, rows):
    """Of a linear decoder: rows are normal around the decoded mean of the prior."""
    centre, *units = linear.inverse_transform(np.vstack([[0.0, 0.0], np.eye(2)]))
    directions = np.array(units) - centre
    covariance = directions.T @ directions + linear.noise_variance_ * np.eye(rows.shape[1])
    return multivariate_normal(centre, covariance).logpdf(rows)


def test_the_bound_of_a_linear_model_at_its_optimum_is_the_likelihood():
    linear = quick(hidden_layer_sizes=()).fit(WINE)
    found = lower_bounds(linear._model, WINE)
    np.testing.assert_allclose(found, exact_log_likelihood(linear, WINE), rtol=1e-4)
    np.testing.assert_allclose(found, PCA(2).fit(WINE).score_samples(WINE), rtol=0.01)


def elbo_by_brute_force(fitted, rows, log_density, n_draws=20_000):
    """Mean of log p(x, z) - log q(z | x) over draws of z, and its standard error; in input units.

    Only public methods of the estimator and densities of scipy.
    """
    rng, (means, deviations) = np.random.default_rng(0), fitted.transform(rows, return_std=True)
    bounds, errors = [], []
    for row, mean, deviation in zip(rows, means, deviations, strict=True):
        codes = mean + deviation * rng.normal(size=(n_draws, len(mean)))
        values = log_density(row, fitted.inverse_transform(codes)).sum(axis=1)
        values += norm.logpdf(codes).sum(axis=1)
        values -= norm.logpdf(codes, mean, deviation).sum(axis=1)
        bounds.append(values.mean())
        errors.append(values.std() / np.sqrt(n_draws))
    return np.array(bounds), np.array(errors)


@pytest.mark.parametrize("factor", [1.0, 1000.0])
def test_the_bound_is_the_mean_over_draws_in_input_units(factor):
    rows = 7.0 + factor * WINE
    fitted = quick(init="random", max_iter=15, learning_rate=0.01).fit(rows)
    deviation = np.sqrt(fitted.noise_variance_)
    expected, errors = elbo_by_brute_force(
        fitted, rows[:8], lambda row, outputs: norm.logpdf(row, outputs, deviation)
    )
    # A hundredth of a nat is what 64 even draws may be off.
    assert np.all(np.abs(lower_bounds(fitted._model, rows[:8]) - expected) < 4 * errors + 0.01)


def test_the_bound_of_zeros_and_ones():
    rows = (WINE > 0).astype(float)
    fitted = quick(init="random", max_iter=15, learning_rate=0.01, likelihood="bernoulli").fit(rows)
    expected, errors = elbo_by_brute_force(fitted, rows[:8], bernoulli.logpmf)
    assert np.all(np.abs(lower_bounds(fitted._model, rows[:8]) - expected) < 4 * errors + 0.01)


# Importance-weighted bounds


@pytest.fixture(scope="module")
def poor():
    """A linear model whose posterior is a nat away from the true one."""
    return quick(hidden_layer_sizes=(), init="random", max_iter=10, learning_rate=0.005).fit(WINE)


def importance_weighted(fitted, n_samples):
    return importance_weighted_bounds(
        fitted._model, WINE, n_samples, np.random.RandomState(1)
    ).mean()


def test_more_importance_samples_come_closer_to_the_likelihood(poor):
    exact = exact_log_likelihood(poor, WINE).mean()
    bounds = [
        lower_bounds(poor._model, WINE).mean(),
        *(importance_weighted(poor, n) for n in (10, 200)),
        exact,
    ]
    assert np.all(np.diff(bounds) > 0)


def test_many_importance_samples_reach_the_likelihood(poor):
    exact = exact_log_likelihood(poor, WINE).mean()
    assert importance_weighted(poor, 5000) == pytest.approx(exact, abs=0.05)


def test_few_importance_samples_depend_little_on_their_seed(poor):
    """Rows share the draws, so that what these have in common would not average out."""

    def deviation(bounds):
        return np.std([bounds(np.random.RandomState(seed)).mean() for seed in range(20)])

    def spread(rng):
        return importance_weighted_bounds(poor._model, WINE, 16, rng)

    def independent(rng):
        one_by_one = [importance_weighted_bounds(poor._model, WINE, 1, rng) for _ in range(16)]
        return logsumexp(one_by_one, axis=0) - np.log(16)

    assert deviation(spread) < 0.75 * deviation(independent)


def test_one_importance_sample_is_on_average_the_lower_bound(poor):
    draws = np.array(
        [
            importance_weighted_bounds(poor._model, WINE[:3], 1, np.random.RandomState(seed))
            for seed in range(500)
        ]
    )
    error = draws.std(axis=0) / np.sqrt(500)
    assert np.all(np.abs(draws.mean(axis=0) - lower_bounds(poor._model, WINE[:3])) < 4 * error)


# Training by them


def untrained(n_importance_samples, **parameters):
    """A random start whose history tells the loss of all rows."""
    settings = {"init": "random", "early_stopping": False, "max_iter": 1, "learning_rate": 1e-30}
    return quick(n_importance_samples=n_importance_samples, **(settings | parameters))


@pytest.mark.parametrize("noise_variance", ["shared", "feature"])
@pytest.mark.parametrize("n_samples", [1, 4])
def test_the_loss_is_the_bound_of_so_many_draws(n_samples, noise_variance):
    """In nats a feature: the mean over draws of a bound that public methods give."""
    rows = np.tile(WINE, (20, 1))
    fitted = untrained(n_samples, noise_variance=noise_variance, batch_size=1024).fit(rows)
    scale = np.sqrt(WINE.var(axis=0).mean())
    bounds = [fitted.log_likelihood(WINE, n_samples, random_state=i).mean() for i in range(200)]
    expected = -np.mean(bounds) / 13 - np.log(scale)
    assert fitted.history_["loss"][0] == pytest.approx(expected, abs=0.02)


def test_the_loss_of_a_table_by_importance_samples_is_below_that_of_one():
    frame = pd.DataFrame(WINE[:, :3], columns=list("abc")).assign(kind=["x", "y"] * 89)
    losses = [
        TableAutoencoder(untrained(n, batch_size=256)).fit(frame).autoencoder_.history_
        for n in (1, 20)
    ]
    assert losses[1]["loss"][0] < losses[0]["loss"][0]


def test_terms_of_an_importance_weighted_loss_add_up():
    history = quick(n_importance_samples=3, beta=0.5, batch_size=256).fit(WINE).history_
    expected = history["reconstruction"] + 0.5 * history["kl"]
    np.testing.assert_allclose(history["loss"], expected)


@pytest.mark.slow
def test_training_by_importance_samples_uses_units_that_one_draw_gives_up():
    """Burda et al. (2016), table 1: more units stay active."""
    settings = {"init": "random", "hidden_layer_sizes": (16,), "max_iter": 30}
    settings |= {"learning_rate": 0.01, "early_stopping": False, "likelihood": "bernoulli"}
    rows = (WINE > 0).astype(float)
    scores = [
        quick(4, n_importance_samples=n, **settings).fit(rows).log_likelihood(rows, 500).mean()
        for n in (1, 10)
    ]
    assert scores[1] > scores[0]


@pytest.mark.parametrize("value", [0, 2.5, "many"])
def test_importance_samples_are_counted(value):
    with pytest.raises(ValueError, match="n_importance_samples"):
        quick(n_importance_samples=value).fit(WINE)
