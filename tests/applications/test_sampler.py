import pickle

import numpy as np
import pandas as pd
import pytest
import skops.io
from scipy.stats import multivariate_normal
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture
from sklearn.neighbors import KernelDensity
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skae
from skae import Autoencoder, LatentSampler

X_IRIS, Y_IRIS = load_iris(return_X_y=True)
DENSITIES = [
    None,
    KernelDensity(bandwidth=0.2),
    GaussianMixture(2, random_state=0),
    BayesianGaussianMixture(n_components=2, max_iter=500),
]


def name_of(density):
    return type(density).__name__


@pytest.fixture(scope="module")
def sampler():
    return LatentSampler(PCA(2), random_state=0).fit(X_IRIS)


@pytest.fixture(scope="module")
def normal_sampler():
    """One normal distribution over all principal components: one of the rows themselves."""
    return LatentSampler(PCA(), GaussianMixture(reg_covar=0)).fit(X_IRIS)


# Samples and scores


def test_samples_have_the_moments_of_the_density(normal_sampler):
    rows = normal_sampler.sample(100_000, random_state=0)
    np.testing.assert_allclose(rows.mean(axis=0), X_IRIS.mean(axis=0), atol=0.02)
    np.testing.assert_allclose(np.cov(rows.T), np.cov(X_IRIS.T, bias=True), atol=0.05)


def test_scores_are_log_densities_of_codes(normal_sampler):
    # Principal axes are orthogonal, so code and rows have one density.
    expected = multivariate_normal(X_IRIS.mean(axis=0), np.cov(X_IRIS.T, bias=True)).logpdf(X_IRIS)
    np.testing.assert_allclose(normal_sampler.score_samples(X_IRIS), expected, rtol=1e-6)
    assert normal_sampler.score(X_IRIS) == pytest.approx(expected.mean())


@pytest.mark.parametrize("density", DENSITIES, ids=name_of)
def test_equal_seeds_draw_equal_rows(density):
    sampler = LatentSampler(PCA(2), density, random_state=0).fit(X_IRIS)
    rows = sampler.sample(20, random_state=1)
    assert rows.shape == (20, 4)
    np.testing.assert_array_equal(rows, sampler.sample(20, random_state=1))
    assert not np.array_equal(rows, sampler.sample(20, random_state=2))
    assert not np.array_equal(sampler.sample(20), sampler.sample(20))


@pytest.mark.parametrize("density", DENSITIES, ids=name_of)
def test_samples_lie_among_the_rows(density):
    rows = LatentSampler(PCA(2), density, random_state=0).fit(X_IRIS).sample(500, random_state=0)
    np.testing.assert_allclose(rows.mean(axis=0), X_IRIS.mean(axis=0), atol=0.4)
    np.testing.assert_allclose(rows.std(axis=0), X_IRIS.std(axis=0), rtol=0.25)


def test_samples_come_in_random_order():
    # A mixture sorts its draws by component.
    X = np.repeat([[0.0, 0.0], [100.0, 100.0]], 50, axis=0)
    X += np.random.default_rng(0).normal(size=X.shape)
    sampler = LatentSampler(PCA(1), GaussianMixture(2, random_state=0)).fit(X)
    is_far = sampler.sample(100, random_state=0)[:, 0] > 50
    assert np.sum(is_far[1:] != is_far[:-1]) > 10


def test_fit_is_reproducible():
    first, second = (
        LatentSampler(Autoencoder(2, init="random", max_iter=2), random_state=0).fit(X_IRIS)
        for _ in range(2)
    )
    np.testing.assert_array_equal(first.sample(5, random_state=0), second.sample(5, random_state=0))


def test_default_suits_a_small_table():
    X = np.random.default_rng(0).normal(size=(10, 2))
    sampler = LatentSampler(random_state=0).fit(X)
    assert isinstance(sampler.reducer_, Autoencoder)
    assert sampler.sample(3, random_state=0).shape == (3, 2)


# The default mixture


def test_three_distinct_rows_are_the_only_samples():
    points = np.array([[0.0, 0.0, 1.0], [4.0, 0.0, 0.0], [0.0, 3.0, 2.0]])
    sampler = LatentSampler(PCA(2), random_state=0).fit(np.repeat(points, 150, axis=0))
    rows = sampler.sample(600, random_state=0)
    apart = np.linalg.norm(rows[:, None] - points, axis=2)
    assert apart.min(axis=1).max() < 0.05
    assert np.bincount(apart.argmin(axis=1)).min() > 150
    assert sampler.density_.n_components == 3


def test_rare_clusters_are_drawn_at_their_rate():
    rng = np.random.default_rng(0)
    centres, label = rng.normal(0, 8, (3, 5)), rng.choice(3, 600, p=[0.93, 0.04, 0.03])
    X = centres[label] + rng.normal(size=(600, 5))
    rows = LatentSampler(PCA(3), random_state=0).fit(X).sample(4000, random_state=0)
    nearest = np.linalg.norm(rows[:, None] - centres, axis=2).argmin(axis=1)
    np.testing.assert_allclose(np.bincount(nearest) / 4000, np.bincount(label) / 600, atol=0.015)


def test_the_size_is_chosen_by_likelihood_not_by_rows():
    X = np.random.default_rng(0).normal(size=(400, 2))
    assert LatentSampler(PCA(), random_state=0).fit(X).density_.n_components == 1


def test_repeated_rows_add_no_component():
    X = np.random.default_rng(0).normal(size=(100, 2))
    sampler = LatentSampler(PCA(), random_state=0)
    n_components = sampler.fit(X).density_.n_components
    assert sampler.fit(np.repeat(X, 5, axis=0)).density_.n_components == n_components


@pytest.mark.parametrize("unit", [1e-6, 1e6])
def test_default_follows_the_units_of_the_rows(unit, sampler):
    scaled = LatentSampler(PCA(2), random_state=0).fit(unit * X_IRIS)
    expected = sampler.sample(1000, random_state=0)
    rows = scaled.sample(1000, random_state=0) / unit
    np.testing.assert_allclose(rows.mean(axis=0), expected.mean(axis=0), rtol=1e-3)
    np.testing.assert_allclose(rows.std(axis=0), expected.std(axis=0), rtol=1e-2)


def test_constant_rows_are_drawn_again():
    reducer = Autoencoder(1, max_iter=2)
    sampler = LatentSampler(reducer, random_state=0).fit(np.full((5, 3), 7.0))
    np.testing.assert_allclose(sampler.sample(4, random_state=0), 7.0)


# Interpolation


@pytest.mark.parametrize("as_row", [np.ravel, np.atleast_2d], ids=["1d", "2d"])
def test_interpolation_of_pca_is_linear(as_row, sampler):
    a, b = sampler.reducer_.inverse_transform(sampler.reducer_.transform(X_IRIS[[0, 99]]))
    rows = sampler.interpolate(as_row(X_IRIS[0]), as_row(X_IRIS[99]), 5)
    np.testing.assert_allclose(rows, np.linspace(a, b, 5))


@pytest.mark.parametrize("row", [X_IRIS[:2], X_IRIS[0, 0], X_IRIS[:0]])
def test_interpolation_is_between_single_rows(row, sampler):
    with pytest.raises(ValueError, match=r"b has shape .* one row, of shape \(4,\) or \(1, 4\)"):
        sampler.interpolate(X_IRIS[0], row)


def test_interpolation_has_two_ends(sampler):
    with pytest.raises(ValueError, match=r"n=1 must be an integer of 2 or more"):
        sampler.interpolate(X_IRIS[0], X_IRIS[1], 1)


# The estimators inside


def test_estimators_given_are_left_alone():
    pca, density = PCA(2), KernelDensity()
    LatentSampler(pca, density).fit(X_IRIS)
    assert not hasattr(pca, "components_")
    assert not hasattr(density, "tree_")


def test_frozen_autoencoder_is_kept():
    pca = PCA(2).fit(X_IRIS[:100])
    sampler = LatentSampler(FrozenEstimator(pca), random_state=0).fit(X_IRIS)
    assert sampler.reducer_.estimator is pca


def test_fitted_autoencoder_is_fitted_again():
    pca = PCA(2).fit(X_IRIS[:100])
    refitted = LatentSampler(pca, random_state=0).fit(X_IRIS).reducer_
    np.testing.assert_allclose(refitted.mean_, X_IRIS.mean(axis=0))


def test_sampling_leaves_the_density_as_it_was():
    sampler = LatentSampler(PCA(2), GaussianMixture(2, random_state=3)).fit(X_IRIS)
    sampler.sample(5, random_state=0)
    assert sampler.density_.random_state == 3


def test_pipeline_is_a_reducer():
    sampler = LatentSampler(make_pipeline(StandardScaler(), PCA(2)), random_state=0).fit(X_IRIS)
    assert sampler.sample(200, random_state=0)[:, 0].mean() == pytest.approx(5.8, abs=0.3)


def test_frames_and_their_output_are_taken(sampler):
    frame = pd.DataFrame(X_IRIS, columns=list("abcd"))
    pca = PCA(2).set_output(transform="pandas")
    fitted = LatentSampler(pca, random_state=0).fit(frame)
    np.testing.assert_allclose(fitted.sample(5, 0), sampler.sample(5, 0))
    np.testing.assert_allclose(fitted.score_samples(frame), sampler.score_samples(X_IRIS))
    X, _ = fitted.augment(frame.iloc[:101], Y_IRIS[:101], random_state=0)
    assert X.shape == (150, 4)
    assert fitted.interpolate(frame.iloc[[0]], frame.iloc[1], 3).shape == (3, 4)
    assert list(fitted.feature_names_in_) == list("abcd")


def test_frozen_autoencoder_of_a_frame_gets_its_names():
    frame = pd.DataFrame(X_IRIS, columns=list("abcd"))
    frozen = FrozenEstimator(PCA(2).fit(frame))
    assert LatentSampler(frozen, random_state=0).fit(frame).score_samples(frame).shape == (150,)


# The contract


def test_failed_fit_changes_nothing():
    sampler = LatentSampler(PCA(2), GaussianMixture(2), random_state=0).fit(X_IRIS)
    before = sampler.sample(3, random_state=0)
    sampler.set_params(density=GaussianMixture(100))
    with pytest.raises(ValueError, match="n_samples >= n_components"):
        sampler.fit(X_IRIS[:50, :3])
    assert sampler.n_features_in_ == 4
    np.testing.assert_array_equal(sampler.sample(3, random_state=0), before)


def test_one_row_is_too_few_to_fit():
    with pytest.raises(ValueError, match=r"1 sample.* minimum of 2 is required by LatentSampler"):
        LatentSampler(PCA(1)).fit(X_IRIS[:1])


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"reducer": PCA}, "is not an estimator; pass an instance"),
        ({"reducer": KernelDensity()}, "implementing 'fit', 'transform' and"),
        ({"density": PCA()}, "implementing 'fit', 'sample' and 'score_samples'"),
    ],
)
def test_parameters_are_checked(parameters, message):
    with pytest.raises((TypeError, ValueError), match=message):
        LatentSampler(**parameters).fit(X_IRIS)


@pytest.mark.parametrize("n_samples", [0, 1.5, "all"])
def test_number_of_samples_is_checked(n_samples, sampler):
    with pytest.raises(ValueError, match=f"n_samples={n_samples!r} must be an integer"):
        sampler.sample(n_samples)


def test_unfitted_sampler_says_so():
    with pytest.raises(NotFittedError, match="LatentSampler"):
        LatentSampler().sample()


@pytest.mark.parametrize("copy", ["pickle", "skops"])
def test_copies_draw_the_same_rows(copy, sampler):
    if copy == "pickle":
        again = pickle.loads(pickle.dumps(sampler))
    else:
        data = skops.io.dumps(sampler)
        again = skops.io.loads(data, trusted=skae.skops_trusted())
    np.testing.assert_array_equal(
        again.sample(9, random_state=0), sampler.sample(9, random_state=0)
    )
