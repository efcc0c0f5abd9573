"""Mixtures over codes: how many components, what repeated values become, what is kept."""

import pickle

import numpy as np
import pytest
from sklearn.mixture import GaussianMixture

from skae.mixtures import fit_code_mixture, fit_mixture

RNG = np.random.default_rng(0)
NORMAL = RNG.normal(size=(100, 2))
FAR = np.r_[RNG.normal(size=(485, 2)), RNG.normal(size=(15, 2)) + 100]
ANGLES = RNG.uniform(0, 2 * np.pi, 150)
RING = np.c_[np.cos(ANGLES), np.sin(ANGLES)] + RNG.normal(0, 0.05, (150, 2))
POINTS = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]])
LEVELS = np.array([0.5, 0.43, 0.04, 0.03])
ONE_HOT = np.hstack([np.eye(4)[RNG.choice(4, 600, p=LEVELS)], np.eye(3)[RNG.integers(3, size=600)]])
GRID = RNG.integers(0, 6, size=(600, 2)).astype(float)


def draws(code, n_samples=2000, **parameters):
    """Of the mixture that applications use, and of the one that estimators keep."""
    rng = np.random.RandomState(0)
    mixture = fit_mixture(code, 0).set_params(random_state=0)
    return mixture.sample(n_samples)[0], fit_code_mixture(code, **parameters).draw(n_samples, rng)


def distances(rows, points):
    return np.linalg.norm(rows[:, None] - points, axis=2)


# The number of components


@pytest.mark.parametrize("n_samples", [10, 100, 400])
def test_one_normal_distribution_is_one_component(n_samples):
    assert fit_mixture(RNG.normal(size=(n_samples, 2)), 0).n_components == 1


@pytest.mark.parametrize("n_clusters", [2, 3, 5])
def test_far_clusters_are_components(n_clusters):
    centres = 20.0 * np.arange(n_clusters)[:, None] * [1.0, 0.3]
    code = np.concatenate([RNG.normal(size=(60, 2)) + centre for centre in centres])
    assert fit_mixture(code, 0).n_components >= n_clusters


def test_the_chosen_number_scores_new_codes_higher_than_one_component():
    code, new = FAR[::2], FAR[1::2]
    one = GaussianMixture(1).fit(code)
    assert fit_mixture(code, 0).score(new) > one.score(new) + 0.5


@pytest.mark.parametrize("copies", [2, 5])
def test_a_table_with_every_row_repeated_has_the_same_mixture(copies):
    once, often = (fit_mixture(np.repeat(NORMAL, n, axis=0), 0) for n in (1, copies))
    assert often.n_components == once.n_components
    np.testing.assert_allclose(often.means_, once.means_)


# What is drawn


def test_far_clusters_keep_their_rate_and_their_width():
    for rows in draws(FAR):
        is_far = rows[:, 0] > 50
        assert 0.015 < is_far.mean() < 0.045
        np.testing.assert_allclose(rows[~is_far].std(axis=0), 1.0, rtol=0.15)


def test_a_ring_is_empty_inside():
    for rows in draws(RING):
        radii = np.hypot(*rows.T)
        assert np.mean(radii < 0.7) < 0.05
        assert radii.mean() == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize(
    "counts", [[150, 150, 150], [400, 20, 10], [5, 5, 5]], ids=["equal", "unequal", "few"]
)
def test_single_values_are_drawn_as_often_as_they_occur(counts):
    for rows in draws(np.repeat(POINTS, counts, axis=0)):
        apart = distances(rows, POINTS)
        assert apart.min(axis=1).max() < 0.02
        rates = np.bincount(apart.argmin(axis=1), minlength=3) / len(rows)
        np.testing.assert_allclose(rates, np.array(counts) / sum(counts), atol=0.04)


@pytest.mark.parametrize("code", [ONE_HOT, GRID], ids=["one-hot", "grid"])
def test_only_combinations_that_there_are_are_drawn(code):
    points, counts = np.unique(code, axis=0, return_counts=True)
    for rows in draws(code):
        apart = distances(rows, points)
        assert apart.min(axis=1).max() < 0.05
        rates = np.bincount(apart.argmin(axis=1), minlength=len(points)) / len(rows)
        np.testing.assert_allclose(rates, counts / len(code), atol=0.03)


def test_a_value_among_others_is_drawn_beside_them():
    code = RNG.normal(size=(400, 3))
    code[:240] = 0.0
    for rows in draws(code):
        is_zero = np.abs(rows).max(axis=1) < 0.02
        assert is_zero.mean() == pytest.approx(0.6, abs=0.04)
        np.testing.assert_allclose(rows[~is_zero].std(axis=0), 1.0, rtol=0.2)


def test_values_that_rounding_moved_are_one():
    code = np.repeat(POINTS, 50, axis=0)
    code += 1e-7 * RNG.normal(size=code.shape)
    assert fit_mixture(code, 0).n_components == 3


def test_a_constant_is_drawn_again():
    for rows in draws(np.full((2, 3), 7.0)):
        np.testing.assert_allclose(rows, 7.0, atol=0.02)


def test_two_different_codes_are_enough():
    for rows in draws(POINTS[:2]):
        assert np.isfinite(rows).all()


def test_scores_are_log_densities():
    """Single values too: half of the rows at one, with deviation 1e-3 of the code's."""
    code = np.r_[np.zeros(200), RNG.normal(size=200)][:, None]
    mixture, deviation = fit_mixture(code, 0), 1e-3 * code.std()
    expected = np.log(0.5 / deviation / np.sqrt(2 * np.pi))
    assert mixture.score_samples([[0.0]])[0] == pytest.approx(expected, abs=0.01)


# What an estimator keeps


def test_deviations_of_codes_widen_the_parts():
    deviations = np.full(NORMAL.shape, [0.5, 2.0])
    mixture = fit_code_mixture(NORMAL, deviations)
    rows = mixture.draw(50_000, np.random.RandomState(0))
    expected = np.add(np.var(NORMAL, axis=0), [0.25, 4.0])
    np.testing.assert_allclose(rows.var(axis=0), expected, rtol=0.05)


def test_weights_of_rows_are_those_of_their_part():
    weights = np.where(FAR[:, 0] > 50, 10.0, 1.0)
    rows = fit_code_mixture(FAR, sample_weight=weights).draw(4000, np.random.RandomState(0))
    assert np.mean(rows[:, 0] > 50) == pytest.approx(150 / 635, abs=0.03)
    points = np.repeat(POINTS, 20, axis=0)
    weights = np.repeat([1.0, 2.0, 5.0], 20)
    mixture = fit_code_mixture(points, sample_weight=weights)
    np.testing.assert_allclose(np.sort(mixture.weights), [0.125, 0.25, 0.625])


def test_what_is_kept_is_small():
    code = RNG.normal(size=(500, 16)) + 6 * RNG.integers(2, size=(500, 1))
    assert len(pickle.dumps(fit_code_mixture(code))) < 8 * 16 * 17 * 4


def test_both_agree_on_moments():
    code = NORMAL @ [[1.0, 0.8], [0.0, 0.5]]
    for rows in draws(code, 20_000):
        np.testing.assert_allclose(rows.mean(axis=0), code.mean(axis=0), atol=0.03)
        np.testing.assert_allclose(np.cov(rows.T), np.cov(code.T), atol=0.06)
