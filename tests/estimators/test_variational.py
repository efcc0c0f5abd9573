"""Variational autoencoders: likelihoods in input units, samples, units that collapse."""

import pickle

import keras
import numpy as np
import pandas as pd
import pytest
from scipy.stats import multivariate_normal
from sklearn.datasets import load_digits, load_wine
from sklearn.decomposition import PCA, FactorAnalysis
from sklearn.exceptions import NotFittedError
from sklearn.preprocessing import StandardScaler

from skae import VariationalAutoencoder, VariationalConvolutionalAutoencoder
from skae.backend._program import Program

WINE = StandardScaler().fit_transform(load_wine().data)
TRAIN, TEST = WINE[::2], WINE[1::2]
DIGITS = load_digits().data
SHARES = DIGITS[:400] / 16
DEEP = {"hidden_layer_sizes": (64,), "max_iter": 15, "batch_size": 32, "jit_compile": False}


def quick(n_components=4, **parameters):
    # Few steps are not traced.
    settings = {"hidden_layer_sizes": (16,), "max_iter": 5, "batch_size": 256, "random_state": 0}
    return VariationalAutoencoder(n_components, **(settings | parameters))


@pytest.fixture(scope="module")
def fitted():
    return quick().fit(WINE)


# Likelihoods


def test_a_linear_one_scores_held_out_rows_as_pca_does():
    linear = quick(hidden_layer_sizes=()).fit(TRAIN)
    assert linear.n_iter_ == 0
    assert linear.score(TEST) == pytest.approx(PCA(4).fit(TRAIN).score(TEST), rel=0.01)


def test_training_a_linear_one_from_anywhere_ends_there_too():
    settings = {"hidden_layer_sizes": (), "init": "random", "early_stopping": False}
    settings |= {"max_iter": 200, "learning_rate": 0.01, "batch_size": 32, "jit_compile": False}
    linear = quick(**settings).fit(WINE)
    assert linear.score(WINE) == pytest.approx(PCA(4).fit(WINE).score(WINE), rel=0.01)


@pytest.mark.slow
def test_hidden_layers_make_digits_more_likely_than_pca_does():
    train, test = DIGITS[:1200], DIGITS[1200:]
    pca = PCA(8).fit(train)
    fitted = quick(8, **DEEP).fit(train)
    assert fitted.score(test) > pca.score(test) + 5


def test_rows_in_other_units_are_less_likely_by_the_logarithm_of_the_factor(fitted):
    """By a power of two, so that rounding is the same."""
    scaled = quick().fit(1024 * WINE)
    expected = fitted.score_samples(WINE) - 13 * np.log(1024)
    np.testing.assert_allclose(scaled.score_samples(1024 * WINE), expected, rtol=1e-12)
    assert scaled.noise_variance_ == pytest.approx(1024**2 * fitted.noise_variance_, rel=1e-12)


def test_a_linear_one_in_other_units_by_any_factor():
    rows = 1000 * WINE
    linear = quick(hidden_layer_sizes=())
    expected = linear.fit(WINE).score_samples(WINE) - 13 * np.log(1000)
    np.testing.assert_allclose(linear.fit(rows).score_samples(rows), expected, atol=1e-4)


def test_scores_are_the_same_in_every_call(fitted):
    np.testing.assert_array_equal(fitted.score_samples(TEST), fitted.score_samples(TEST))


def test_a_score_does_not_depend_on_the_rows_beside_it(fitted):
    alone = [fitted.score_samples(row[None])[0] for row in TEST[:5]]
    np.testing.assert_allclose(alone, fitted.score_samples(TEST)[:5], rtol=1e-12)


def test_float32_rows_score_as_float64_rows_do(fitted):
    rows = TEST.astype(np.float32)
    scores = fitted.score_samples(rows)
    assert scores.dtype == np.float64
    np.testing.assert_allclose(scores, fitted.score_samples(rows.astype(np.float64)), rtol=1e-5)


def test_log_likelihood_is_above_the_bound_on_average(fitted):
    found = fitted.log_likelihood(WINE, n_importance_samples=200)
    assert found.shape == (178,)
    assert found.mean() > fitted.score(WINE)


def test_log_likelihood_is_seeded(fitted):
    found = [fitted.log_likelihood(TEST, 5, random_state=seed) for seed in (0, 0, 1)]
    np.testing.assert_array_equal(found[0], found[1])
    assert not np.array_equal(found[0], found[2])


# Values in [0, 1]


@pytest.fixture(scope="module")
def of_shares():
    return quick(8, likelihood="bernoulli", max_iter=30, batch_size=32).fit(SHARES)


@pytest.mark.slow
def test_bernoulli_outputs_are_probabilities(of_shares):
    rows = np.vstack([of_shares.reconstruct(SHARES), of_shares.sample(50, random_state=0)])
    assert rows.min() >= 0
    assert rows.max() <= 1


def test_bernoulli_rows_are_more_likely_than_by_their_means(of_shares):
    means = np.clip(SHARES.mean(axis=0), 1e-6, 1 - 1e-6)
    by_means = SHARES @ np.log(means) + (1 - SHARES) @ np.log(1 - means)
    assert of_shares.score(SHARES) > by_means.mean() + 1


def test_bernoulli_has_no_noise_variance(of_shares):
    assert of_shares.noise_variance_ == 0


@pytest.mark.parametrize("method", ["fit", "score_samples", "log_likelihood"])
def test_bernoulli_refuses_other_values(of_shares, method):
    match = r"likelihood='bernoulli' expects.*from 0 to 1\.5.*use likelihood='gaussian'"
    estimator = quick(likelihood="bernoulli") if method == "fit" else of_shares
    with pytest.raises(ValueError, match=match):
        getattr(estimator, method)(1.5 * SHARES)


# Distributions of the code


def test_transform_gives_means_and_deviations(fitted):
    code, deviations = fitted.transform(TEST, return_std=True)
    np.testing.assert_array_equal(code, fitted.transform(TEST))
    assert code.shape == deviations.shape == (89, 4)
    assert np.all(deviations > 0)
    assert np.all(deviations < 1.5)


def test_deviations_of_a_linear_one_are_those_of_probabilistic_pca():
    """The posterior variance of a component is the noise over its eigenvalue."""
    linear, pca = quick(hidden_layer_sizes=()).fit(WINE), PCA(4).fit(WINE)
    expected = np.sqrt(pca.noise_variance_ / pca.explained_variance_)
    deviations = linear.transform(TEST, return_std=True)[1]
    np.testing.assert_allclose(deviations, np.tile(expected, (89, 1)), rtol=1e-5)


def test_means_come_as_a_frame_where_asked():
    fitted = quick().fit(WINE).set_output(transform="pandas")
    code, deviations = fitted.transform(TEST, return_std=True)
    assert isinstance(code, pd.DataFrame)
    assert list(code.columns) == [f"variationalautoencoder{i}" for i in range(4)]
    assert isinstance(deviations, np.ndarray)


def test_float32_rows_give_float32_codes(fitted):
    code, deviations = fitted.transform(TEST.astype(np.float32), return_std=True)
    assert code.dtype == deviations.dtype == np.float32


def test_divergence_of_each_unit_is_the_mean_closed_form(fitted):
    code, deviations = fitted.transform(WINE, return_std=True)
    divergences = 0.5 * (code**2 + deviations**2 - 1 - 2 * np.log(deviations))
    np.testing.assert_allclose(fitted.kl_per_unit_, divergences.mean(axis=0), rtol=1e-8)


def test_padding_counts_neither_in_the_error_nor_in_the_divergence():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(40, 5)).cumsum(axis=1)
    n_present = rng.integers(1, 6, 40)
    rows[np.arange(5) >= n_present[:, None]] = np.nan
    padded = (
        quick(2, network="recurrent", mask_value=np.nan, learning_rate=1e-30, early_stopping=False)
        .set_params(max_iter=1, hidden_layer_sizes=(3,))
        .fit(rows)
    )
    code, deviations = padded.transform(rows, return_std=True)
    divergences = 0.5 * np.sum(code**2 + deviations**2 - 1 - 2 * np.log(deviations), axis=1)
    assert padded.history_["kl"][0] == pytest.approx(np.mean(divergences / n_present), rel=1e-4)


# Strength of the divergence


def test_a_large_beta_collapses_units():
    settings = {"init": "random", "max_iter": 60, "learning_rate": 0.01, "batch_size": 32}
    active = [quick(8, **settings, beta=beta).fit(WINE).active_units_ for beta in (0.1, 20.0)]
    assert active[0].dtype == bool
    assert active[1].sum() < active[0].sum()


def test_the_loss_is_the_sum_of_its_terms():
    history = quick(beta=3.0, kl_warmup=5).fit(WINE).history_
    for prefix in ("", "val_"):
        expected = history[f"{prefix}reconstruction"] + 3.0 * history[f"{prefix}kl"]
        np.testing.assert_allclose(history[f"{prefix}loss"], expected)


@pytest.fixture
def betas(monkeypatch):
    """What training hears of beta, epoch by epoch."""
    heard, original = [], Program.set_training_scalars

    def listen(self, scalars):
        heard.append(scalars["beta"])
        original(self, scalars)

    monkeypatch.setattr(Program, "set_training_scalars", listen)
    return heard


def test_warming_up_raises_beta_epoch_by_epoch(betas):
    quick(beta=2.0, kl_warmup=4, max_iter=6, n_iter_no_change=6).fit(WINE)
    assert betas == [0.5, 1.0, 1.5, 2.0, 2.0, 2.0]


def test_passes_of_partial_fit_warm_up_too(betas):
    estimator = quick(beta=2.0, kl_warmup=2)
    for _ in range(3):
        estimator.partial_fit(WINE)
    assert betas == [1.0, 2.0, 2.0]


@pytest.mark.parametrize(
    ("n_warm", "most", "n_epochs"), [(0, 200, 12), (9, 200, 12), (20, 200, 25), (20, 22, 22)]
)
def test_a_warm_up_has_room_in_the_epochs_that_are_planned(n_warm, most, n_epochs, betas):
    # 900 of 1000 rows train in a batch: 3000 steps times the root of 32 over 2**21.
    auto = {"learning_rate": "auto", "batch_size": 2**21, "early_stopping": True}
    estimator = quick(beta=2.0, kl_warmup=n_warm, max_iter=most, **auto)
    rows = np.random.default_rng(0).normal(size=(1000, 4))
    assert estimator.fit(rows).n_iter_ == n_epochs
    assert betas[n_warm - 1 :] == [2.0] * (n_epochs - n_warm + 1) or n_warm == 0


def test_a_warm_up_that_would_not_end_is_refused():
    fitted = quick(max_iter=1).fit(WINE)
    before = fitted.transform(WINE)
    with pytest.raises(ValueError, match=r"kl_warmup=3 .* max_iter=2, .*beta=4.0 .* Lower kl_warm"):
        fitted.set_params(kl_warmup=3, max_iter=2, beta=4.0).fit(WINE)
    np.testing.assert_array_equal(fitted.transform(WINE), before)


def test_warming_up_spares_the_units_at_first():
    divergences = []
    for n_epochs in (0, 10_000):
        estimator = quick(beta=50.0, kl_warmup=n_epochs, learning_rate=0.01, batch_size=32)
        for _ in range(4):
            estimator.partial_fit(WINE)
        divergences.append(estimator.history_["kl"][-1])
    assert divergences[1] > 3 * divergences[0]


# Samples


def test_samples_are_rows_like_those_of_the_data():
    rows = quick(8, batch_size=128).fit(DIGITS[:800]).sample(2000, random_state=0)
    assert rows.shape == (2000, 64)
    data = DIGITS[:800]
    assert np.abs(rows.mean(axis=0) - data.mean(axis=0)).mean() < 0.1 * data.std()
    assert 0.5 < rows.var(axis=0).sum() / data.var(axis=0).sum() < 1.1


def test_samples_of_a_linear_one_have_the_moments_of_probabilistic_pca():
    linear, pca = quick(2, hidden_layer_sizes=()).fit(WINE), PCA(2).fit(WINE)
    rows = linear.sample(50_000, random_state=0, codes="prior")
    expected = pca.components_.T * (pca.explained_variance_ - pca.noise_variance_)
    np.testing.assert_allclose(rows.mean(axis=0), 0.0, atol=0.02)
    np.testing.assert_allclose(np.cov(rows.T), expected @ pca.components_, atol=0.03)


def test_samples_are_seeded(fitted):
    rows = [fitted.sample(3, random_state=seed) for seed in (0, 0, 1)]
    np.testing.assert_array_equal(rows[0], rows[1])
    assert not np.array_equal(rows[0], rows[2])


def test_an_unfitted_one_has_no_samples():
    with pytest.raises(NotFittedError):
        quick().sample()


# Parameters


def test_partial_fit_raises_the_bound():
    estimator = quick()
    scores = [estimator.partial_fit(WINE).score(WINE) for _ in range(15)]
    assert scores[-1] > scores[0]


def test_the_loss_follows_from_the_likelihood():
    assert "loss" not in VariationalAutoencoder().get_params()
    with pytest.raises(TypeError, match="loss"):
        VariationalAutoencoder(loss="huber")


@pytest.mark.parametrize(
    "parameters", [{"likelihood": "cauchy"}, {"beta": -0.1}, {"kl_warmup": -1}]
)
def test_parameters_out_of_range(parameters):
    with pytest.raises(ValueError, match=f"'{next(iter(parameters))}' parameter"):
        quick(**parameters).fit(WINE)


@pytest.mark.parametrize("n_samples", [0, 2.5])
def test_draws_are_counted(fitted, n_samples):
    with pytest.raises(
        ValueError, match=f"n_importance_samples={n_samples} must be an integer of 1"
    ):
        fitted.log_likelihood(TEST, n_importance_samples=n_samples)
    with pytest.raises(ValueError, match=f"n_samples={n_samples} must be an integer of 1"):
        fitted.sample(n_samples)


# Keras and convolutions


def test_the_keras_encoder_gives_the_means(fitted):
    rows = TEST.astype(np.float32)
    np.testing.assert_allclose(fitted.encoder_(rows), fitted.transform(rows), atol=1e-5)
    assert isinstance(fitted.decoder_, keras.Model)


def test_the_convolutional_one_is_another_default():
    assert issubclass(VariationalConvolutionalAutoencoder, VariationalAutoencoder)
    own = VariationalConvolutionalAutoencoder().get_params()
    assert own == VariationalAutoencoder(network="convolutional").get_params()


def test_the_convolutional_one_scores_and_samples_images():
    images = SHARES[:100].reshape(-1, 8, 8, 1)
    convolutional = VariationalConvolutionalAutoencoder(
        4, sample_shape=(8, 8, 1), hidden_layer_sizes=(4,), max_iter=2, random_state=0
    ).fit(images)
    scores = convolutional.score_samples(images)
    np.testing.assert_allclose(convolutional.score_samples(images[::7]), scores[::7], rtol=1e-6)
    assert convolutional.sample(3, random_state=0).shape == (3, 64)


# A noise variance for each feature


def of_features(n_components=3, **parameters):
    return quick(n_components, noise_variance="feature", **parameters)


def test_a_linear_one_with_a_noise_for_each_feature_is_factor_analysis():
    linear = of_features(hidden_layer_sizes=()).fit(TRAIN)
    peer = FactorAnalysis(3, tol=1e-8, max_iter=5000).fit(TRAIN)
    assert linear.n_iter_ == 0
    np.testing.assert_allclose(linear.score_samples(TEST), peer.score_samples(TEST), atol=0.05)
    np.testing.assert_allclose(linear.noise_variance_, peer.noise_variance_, atol=0.01)


def test_the_score_of_each_row_is_by_the_noise_of_each_feature():
    """Of a linear one with an exact posterior: normal around the mean, by scipy."""
    linear = of_features(hidden_layer_sizes=()).fit(WINE)
    centre, *units = linear.inverse_transform(np.vstack([np.zeros(3), np.eye(3)]))
    loadings = np.array(units) - centre
    covariance = loadings.T @ loadings + np.diag(linear.noise_variance_)
    expected = multivariate_normal(centre, covariance).logpdf(WINE)
    np.testing.assert_allclose(linear.score_samples(WINE), expected, atol=0.01)
    np.testing.assert_allclose(linear.log_likelihood(WINE, 200), expected, atol=0.05)


def test_features_in_other_units_are_less_likely_by_the_logarithms_of_the_factors():
    """Factor analysis knows no units: one global scale would favour the largest feature."""
    factors = 10.0 ** np.linspace(-0.5, 0.5, 13)
    linear = of_features(hidden_layer_sizes=())
    expected = linear.fit(WINE).score_samples(WINE) - np.log(factors).sum()
    found = linear.fit(WINE * factors).score_samples(WINE * factors)
    np.testing.assert_allclose(found, expected, atol=0.05)


@pytest.mark.slow
def test_digits_are_more_likely_than_by_factor_analysis_and_one_noise():
    train, test = DIGITS[:1200], DIGITS[1200:]
    rng = np.random.default_rng(0)
    train, test = train + rng.uniform(size=train.shape), test + rng.uniform(size=test.shape)
    score = of_features(8, **DEEP).fit(train).score(test)
    assert score > FactorAnalysis(8).fit(train).score(test) + 5
    assert score > quick(8, **DEEP).fit(train).score(test) + 10


def test_a_feature_that_never_changes_has_a_finite_density():
    rows = np.column_stack([TRAIN, np.full(len(TRAIN), 7.0)])
    scores = of_features().fit(rows).score_samples(np.column_stack([TEST, np.full(89, 7.5)]))
    assert np.isfinite(scores).all()


@pytest.mark.slow
def test_no_noise_falls_below_its_floor():
    rows = np.column_stack([TRAIN, TRAIN[:, :1]])
    settings = {"max_iter": 200, "early_stopping": False, "batch_size": 32, "jit_compile": False}
    noise = of_features(10, init="random", **settings).fit(rows)
    assert np.all(noise.noise_variance_ >= 0.99e-4 * rows.var(axis=0))


@pytest.mark.parametrize("network", ["dense", "convolutional", "recurrent"])
def test_keras_models_of_features_with_a_noise_each_give_the_same(network):
    shape = {"sample_shape": (4, 3), "hidden_layer_sizes": (4,)}
    train, test = TRAIN[:, :12], TEST[:, :12]
    fitted = of_features(network=network, **shape, max_iter=2).fit(train)
    np.testing.assert_allclose(fitted.encoder_(test), fitted.transform(test), atol=1e-4)
    expected = fitted.inverse_transform(fitted.transform(test))
    np.testing.assert_allclose(fitted.decoder_(fitted.transform(test)), expected, atol=1e-4)


def test_padding_has_no_noise():
    rows = np.random.default_rng(0).normal(size=(40, 6)).cumsum(axis=1)
    rows[:20, 4:] = np.nan
    sizes = {"sample_shape": (3, 2), "hidden_layer_sizes": (3,), "max_iter": 2}
    padded = of_features(2, network="recurrent", mask_value=np.nan, **sizes)
    scores = padded.fit(rows).score_samples(rows)
    assert np.isfinite(scores).all()


def test_a_pickle_keeps_the_noise_of_each_feature():
    fitted = of_features().fit(TRAIN)
    copy = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(copy.score_samples(TEST), fitted.score_samples(TEST))
    np.testing.assert_array_equal(copy.noise_variance_, fitted.noise_variance_)


def test_zeros_and_ones_have_no_noise_for_each_feature():
    with pytest.raises(ValueError, match=r"noise_variance='feature'.*likelihood='bernoulli'"):
        of_features(likelihood="bernoulli").fit(SHARES)


def test_training_does_not_go_on_with_another_noise():
    fitted = quick().fit(WINE)
    with pytest.raises(ValueError, match="noise_variance was 'shared' and is now 'feature'"):
        fitted.set_params(noise_variance="feature", warm_start=True).fit(WINE)
