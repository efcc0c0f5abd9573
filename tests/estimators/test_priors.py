"""Variational autoencoders whose prior is learned."""

import copy
import functools
import pickle

import numpy as np
import pytest
import skops.io
from scipy.stats import multivariate_normal, norm
from sklearn.datasets import load_wine
from sklearn.preprocessing import StandardScaler

import skae
from skae import VariationalAutoencoder, VariationalConvolutionalAutoencoder

WINE = StandardScaler().fit_transform(load_wine().data)
RNG = np.random.default_rng(0)
LABELS = np.repeat([0, 1], [180, 60])
TWO = np.where(LABELS == 0, -4.0, 4.0)[:, None] * np.array([1, 0.5, 0, 0, 1, 0])
TWO = TWO + 0.3 * RNG.normal(size=(240, 6))
LEARNED = ("mixture", "vamp", "flow")
EACH = pytest.mark.parametrize("prior", LEARNED)
LINEAR = {"max_iter": 30, "batch_size": 32, "learning_rate": 0.01, "hidden_layer_sizes": ()}


def quick(prior, n_components=2, **parameters):
    settings = {
        "hidden_layer_sizes": (8,),
        # Few steps are not traced.
        "max_iter": 3,
        "batch_size": 256,
        "random_state": 0,
        "early_stopping": False,
        "n_prior_components": 4,
    }
    return VariationalAutoencoder(n_components, prior=prior, **(settings | parameters))


@functools.cache
def of_wine(prior):
    """A fit that is not to be changed."""
    return quick(prior).fit(WINE)


@functools.cache
def still(prior):
    """A fit whose first loss is that of its weights, not to be changed either."""
    return quick(prior, max_iter=1, learning_rate=1e-9).fit(WINE)


@functools.cache
def without_a_prior_that_is_learned():
    return quick("normal", **LINEAR, n_prior_components="auto").fit(TWO)


def log_prior(fitted, codes):
    """From the fitted attributes alone."""
    found = fitted.prior_parameters_
    parts = zip(found["weights"], found["means"], found["covariances"], strict=True)
    density = [share * multivariate_normal(mean, cov).pdf(codes) for share, mean, cov in parts]
    return np.log(np.sum(density, axis=0))


# What is learned


def test_codes_of_two_clusters_make_two_parts():
    fitted = quick("mixture", 1, n_prior_components=2, max_iter=20, batch_size=32).fit(TWO)
    codes = fitted.transform(TWO)
    means = np.array([codes[label == LABELS].mean() for label in (0, 1)])
    order = np.argsort(fitted.prior_parameters_["means"][:, 0] * np.sign(means[1]))
    found = {name: fitted.prior_parameters_[name][order] for name in ("weights", "means")}
    np.testing.assert_allclose(found["weights"], [0.75, 0.25], atol=0.01)
    np.testing.assert_allclose(found["means"][:, 0], means, atol=0.1)
    drawn = fitted.sample(2000, random_state=0)
    assert np.mean(drawn[:, 0] > 0) == pytest.approx(0.25, abs=0.03)
    assert np.mean(np.abs(drawn[:, 0]) < 2) < 0.01


@pytest.mark.slow
@EACH
def test_two_clusters_are_more_likely_than_under_a_normal_prior(prior):
    learned, plain = quick(prior, **LINEAR).fit(TWO), without_a_prior_that_is_learned()
    assert learned.log_likelihood(TWO).mean() > plain.log_likelihood(TWO).mean() + 0.2


@pytest.mark.slow
@EACH
def test_every_weight_of_a_prior_is_trained(prior):
    """By passes: after ``fit`` a mixture is refined."""
    fitted = quick(prior, learning_rate=0.01).partial_fit(WINE)
    before = fitted._model.weights
    after = fitted.partial_fit(WINE)._model.weights
    own = [name for name in after if name.startswith("prior/")]
    assert own
    for name in own:
        assert not np.array_equal(before[name], after[name]), name


@pytest.mark.slow
def test_refining_a_mixture_makes_codes_more_likely():
    fitted = quick("mixture", max_iter=1).partial_fit(TWO)
    before = fitted.score(TWO)
    fitted.set_params(warm_start=True, learning_rate=1e-9)
    assert fitted.fit(TWO).score(TWO) > before + 0.001


def test_pseudo_inputs_start_at_rows():
    fitted = still("vamp")
    found = fitted.prior_parameters_["pseudo_inputs"]
    apart = np.linalg.norm(found[:, None] - WINE, axis=2).min(axis=1)
    assert found.shape == (4, 13)
    assert apart.max() < 1e-4
    expected = fitted.transform(found)
    np.testing.assert_allclose(fitted.prior_parameters_["means"], expected, atol=1e-5)


def test_a_flow_starts_at_the_moments_of_the_codes():
    fitted = still("flow")
    codes, deviations = fitted.transform(WINE, return_std=True)
    variance = codes.var(axis=0) + np.mean(deviations**2, axis=0)
    np.testing.assert_allclose(fitted.prior_parameters_["mean"], codes.mean(axis=0), atol=0.3)
    np.testing.assert_allclose(fitted.prior_parameters_["variance"], variance, rtol=0.3)


# Scores


@pytest.mark.parametrize("prior", ["mixture", "vamp"])
def test_the_bound_is_the_mean_over_draws(prior):
    fitted, rng = of_wine(prior), np.random.default_rng(0)
    rows = WINE[:3]
    means, deviations = fitted.transform(rows, return_std=True)
    for row, mean, deviation, bound in zip(
        rows, means, deviations, fitted.score_samples(rows), strict=True
    ):
        codes = mean + deviation * rng.normal(size=(20_000, 2))
        around = norm(fitted.inverse_transform(codes), np.sqrt(fitted.noise_variance_))
        values = around.logpdf(row).sum(axis=1) + log_prior(fitted, codes)
        values -= norm.logpdf(codes, mean, deviation).sum(axis=1)
        error = values.std() / np.sqrt(len(values))
        assert abs(bound - values.mean()) < 4 * error + 0.02


@EACH
def test_importance_weights_tighten_the_bound(prior):
    fitted = of_wine(prior)
    found = fitted.log_likelihood(WINE, n_importance_samples=200)
    assert found.mean() > fitted.score(WINE)


@pytest.mark.slow
@pytest.mark.parametrize("prior", ["mixture", "vamp"])
def test_many_importance_samples_come_to_the_integral(prior):
    """Over a grid of codes of one component."""
    fitted = quick(prior, 1).fit(WINE)
    grid = np.linspace(-12, 12, 4001)[:, None]
    log_rows = norm.logpdf(
        WINE[:2, None], fitted.inverse_transform(grid), np.sqrt(fitted.noise_variance_)
    ).sum(axis=2)
    joint = np.exp(log_rows + log_prior(fitted, grid))
    expected = np.log(joint.sum(axis=1) * (grid[1, 0] - grid[0, 0]))
    found = fitted.log_likelihood(WINE[:2], n_importance_samples=20_000)
    np.testing.assert_allclose(found, expected, atol=0.05)


@EACH
def test_the_history_has_the_loss_of_the_bound(prior):
    """The start's loss is that of the rows at the start's weights, by one draw of each."""
    fitted = still(prior)
    expected = -fitted.score(WINE) / 13
    assert fitted.history_["loss"][0] == pytest.approx(expected, abs=0.05)


@EACH
def test_training_by_several_draws(prior):
    history = quick(prior, max_iter=2, n_importance_samples=50).fit(WINE).history_
    terms = history["reconstruction"] + history["kl"]
    np.testing.assert_allclose(history["loss"], terms, rtol=1e-5)
    # The loss of the start, by so many draws and by one.
    assert history["loss"][0] < still(prior).history_["loss"][0] + 0.01


# Samples


@EACH
def test_samples_come_from_the_learned_prior(prior):
    fitted = of_wine(prior)
    rows = [fitted.sample(7, random_state=0, codes=codes) for codes in (None, "prior")]
    np.testing.assert_array_equal(*rows)
    assert fitted.sample(7, random_state=0, codes="posterior").shape == (7, 13)


@EACH
def test_moments_of_draws_are_those_that_are_told(prior):
    fitted = of_wine(prior)
    draws = fitted._draw_prior_codes(40_000, np.random.RandomState(1))
    found = fitted.prior_parameters_
    np.testing.assert_allclose(draws.mean(axis=0), found["mean"], atol=0.06)
    np.testing.assert_allclose(draws.var(axis=0), found["variance"], rtol=0.08)


def test_a_normal_prior_has_its_moments_too():
    found = quick("normal", n_prior_components="auto").fit(WINE).prior_parameters_
    assert set(found) == {"mean", "variance"}
    np.testing.assert_array_equal(found["mean"], [0, 0])
    np.testing.assert_array_equal(found["variance"], [1, 1])


def test_passes_draw_from_the_prior_that_they_learned():
    fitted = quick("mixture")
    for _ in range(3):
        fitted.partial_fit(WINE)
    rows = [fitted.sample(5, random_state=0, codes=codes) for codes in (None, "prior")]
    np.testing.assert_array_equal(*rows)


# Fits that go on, copies and networks


@EACH
def test_copies_answer_the_same(prior):
    fitted = of_wine(prior)
    data = skops.io.dumps(fitted)
    trusted = skae.skops_trusted()
    for again in (pickle.loads(pickle.dumps(fitted)), skops.io.loads(data, trusted=trusted)):
        np.testing.assert_array_equal(again.score_samples(WINE), fitted.score_samples(WINE))
        np.testing.assert_array_equal(
            again.sample(5, random_state=0), fitted.sample(5, random_state=0)
        )


@EACH
def test_equal_seeds_learn_equal_priors(prior):
    again = quick(prior).fit(WINE)
    np.testing.assert_array_equal(again.score_samples(WINE), of_wine(prior).score_samples(WINE))


@EACH
def test_a_warm_start_goes_on_from_the_prior_as_it_is(prior):
    fitted = copy.deepcopy(of_wine(prior)).set_params(
        warm_start=True, max_iter=1, learning_rate=1e-9
    )
    before = fitted.score(WINE)
    # A mixture is refined once more, from where it is.
    assert fitted.fit(WINE).score(WINE) == pytest.approx(before, abs=0.05)


def test_a_warm_start_refuses_another_prior():
    fitted = copy.deepcopy(of_wine("mixture")).set_params(warm_start=True)
    with pytest.raises(ValueError, match=r"prior was 'mixture' and is now 'flow'"):
        fitted.set_params(prior="flow").fit(WINE)
    fitted.set_params(prior="mixture", n_prior_components=5)
    with pytest.raises(ValueError, match="n_prior_components was 4 and is now 5"):
        fitted.fit(WINE)


def test_an_interrupted_checkpoint_ends_with_the_same_bits(tmp_path):
    path = tmp_path / "checkpoint"
    fitted = quick("mixture").fit(WINE, checkpoint=path)
    np.testing.assert_array_equal(
        fitted.score_samples(WINE), of_wine("mixture").score_samples(WINE)
    )


@pytest.mark.parametrize("prior", ["vamp", "flow"])
def test_a_convolutional_one(prior):
    images = np.random.default_rng(0).normal(size=(40, 4, 4, 1))
    vae = VariationalConvolutionalAutoencoder(
        2,
        prior=prior,
        n_prior_components=3,
        sample_shape=(4, 4, 1),
        hidden_layer_sizes=(2,),
        max_iter=1,
        random_state=0,
    ).fit(images)
    assert np.isfinite(vae.score(images))
    assert vae.sample(3, random_state=0).shape == (3, 16)
    assert vae.encoder_.predict(images.reshape(40, 16), verbose=0).shape == (40, 2)


@pytest.mark.parametrize("prior", ["mixture", "vamp"])
def test_a_recurrent_one_with_timesteps_that_are_missing(prior):
    series = np.random.default_rng(0).normal(size=(30, 3, 2))
    series[::3, 2:] = np.nan
    fitted = quick(
        prior,
        network="recurrent",
        sample_shape=(3, 2),
        mask_value=np.nan,
        hidden_layer_sizes=(3,),
        max_iter=1,
    ).fit(series)
    assert np.isfinite(fitted.score(series))
    assert np.isfinite(fitted.sample(3, random_state=0)).all()


@pytest.mark.parametrize("prior", ["mixture", "vamp"])
def test_counts(prior):
    counts = np.random.default_rng(0).poisson(3.0, size=(60, 5)).astype(float)
    fitted = quick(prior, likelihood="negative_binomial").fit(counts)
    assert np.isfinite(fitted.score(counts))
    drawn = fitted.sample(20, random_state=0, around=True)
    np.testing.assert_array_equal(drawn, np.rint(drawn))


@EACH
def test_compression_keeps_the_prior(prior):
    fitted = of_wine(prior)
    small = skae.compress(fitted, sparsity=0.5)
    for name, array in fitted._model.weights.items():
        if name.startswith("prior/"):
            np.testing.assert_array_equal(small._model.weights[name], array)


def test_a_compressed_mixture_is_refined_and_stays_packed():
    small = skae.compress(of_wine("mixture"), sparsity=0.5)
    before = small.score(WINE)
    small._learn_codes(WINE)
    assert small.score(WINE) > before
    again = pickle.loads(pickle.dumps(small))
    np.testing.assert_array_equal(again.score_samples(WINE), small.score_samples(WINE))
    assert again._model.packed


def test_rows_without_weight_make_no_part():
    weights = np.where(LABELS == 0, 1.0, 0.0)
    fitted = quick("mixture", 1, n_prior_components=2).fit(TWO, sample_weight=weights)
    drawn = fitted.sample(500, random_state=0)
    assert np.mean(drawn[:, 0] > 0) < 0.01


# Errors


def test_a_normal_prior_has_no_components():
    with pytest.raises(ValueError, match=r"n_prior_components=3 .* prior='normal' has none"):
        quick("normal", n_prior_components=3).fit(WINE)


def test_a_flow_needs_two_components():
    with pytest.raises(ValueError, match=r"prior='flow' .* n_components=1.*prior='mixture'"):
        quick("flow", 1).fit(WINE)


@pytest.mark.parametrize(
    "parameters", [{"prior": "uniform"}, {"prior": "vamp", "n_prior_components": 0}]
)
def test_other_values_are_refused(parameters):
    name = "n_prior_components" if len(parameters) == 2 else "prior"
    with pytest.raises(ValueError, match=f"The '{name}' parameter of VariationalAutoencoder must"):
        VariationalAutoencoder(2, **parameters).fit(WINE)
