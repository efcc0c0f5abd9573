"""Distances from the prior against plain loops and integrals, and the prior's own moments."""

import keras
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from skae import AdversarialAutoencoder
from skae.backend._random import RandomDraws
from skae.objectives._adversarial import draw_prior, energy_distance, kernel_discrepancy

RNG = np.random.default_rng(0)
CODE, DRAWN = RNG.normal(0.5, 2.0, (7, 3)), RNG.normal(size=(5, 3))
WEIGHTS = RNG.uniform(0.5, 2.0, 7)


def by_loops(code, drawn, weights):
    """Szekely & Rizzo's distance, every mean taken over pairs of different points."""

    def mean_distance(a, b, a_weights, b_weights):
        total = weight = 0.0
        for i, x in enumerate(a):
            for j, y in enumerate(b):
                if a is b and i == j:
                    continue
                total += a_weights[i] * b_weights[j] * np.linalg.norm(x - y)
                weight += a_weights[i] * b_weights[j]
        return total / weight

    ones = np.ones(len(drawn))
    between = mean_distance(code, drawn, weights, ones)
    within_code = mean_distance(code, code, weights, weights)
    within_drawn = mean_distance(drawn, drawn, ones, ones)
    return (2 * between - within_code - within_drawn) / within_drawn


def distance(code, drawn, weights=None):
    weights = np.ones(len(code)) if weights is None else weights
    return energy_distance(np, code, drawn, weights)


def test_the_distance_is_that_of_plain_loops():
    found = distance(CODE, DRAWN, WEIGHTS)
    np.testing.assert_allclose(found, np.full(7, by_loops(CODE, DRAWN, WEIGHTS)), rtol=1e-5)


def test_rows_without_weight_do_not_count():
    padded, weights = np.vstack([CODE, np.full((2, 3), 99.0)]), np.append(WEIGHTS, [0.0, 0.0])
    expected = distance(CODE, DRAWN, WEIGHTS)[0]
    np.testing.assert_allclose(distance(padded, DRAWN, weights), np.full(9, expected))


def test_a_weight_of_two_counts_as_in_a_limit_of_many_rows():
    """The pairs of a row with itself are left out, so equality holds for many rows only."""
    rng = np.random.default_rng(0)
    code, drawn = rng.normal(0.5, 1, (300, 2)), rng.normal(size=(300, 2))
    twice = np.vstack([code, code[:150]])
    weighted = distance(code, drawn, 1.0 + (np.arange(300) < 150))[0]
    assert distance(twice, drawn)[0] == pytest.approx(weighted, abs=0.01)


def test_equal_distributions_are_at_no_distance():
    rng = np.random.default_rng(0)
    found = [distance(*rng.normal(size=(2, 40, 3)))[0] for _ in range(200)]
    assert abs(np.mean(found)) < 4 * np.std(found) / np.sqrt(200)


@pytest.mark.parametrize(("shift", "deviation"), [(1.0, 1.0), (0.0, 3.0)])
def test_other_distributions_are_at_a_distance(shift, deviation):
    rng = np.random.default_rng(0)
    code = rng.normal(shift, deviation, (50, 2))
    assert distance(code, rng.normal(size=(50, 2)))[0] > 0.2


@pytest.mark.parametrize("far", [0.0, 1e4])
@pytest.mark.parametrize("measure", [energy_distance, kernel_discrepancy])
def test_the_distance_is_the_same_in_float32_and_as_far_from_zero(measure, far):
    """Both samples are moved there, so that no distance changes: by what float32 keeps exactly."""
    code, drawn = np.round(8 * CODE) / 8 + far, np.round(8 * DRAWN) / 8 + far
    single = (keras.ops.convert_to_tensor(each, "float32") for each in (code, drawn, WEIGHTS))
    found = measure(keras.ops, *single)
    np.testing.assert_allclose(found, measure(np, code - far, drawn - far, WEIGHTS), rtol=1e-5)


def test_the_distance_is_the_same_in_keras_where_points_meet():
    single = keras.ops.convert_to_tensor(DRAWN, "float32")
    found = energy_distance(keras.ops, single, single + 0.0, keras.ops.ones(5))
    np.testing.assert_allclose(found, distance(DRAWN, DRAWN), atol=1e-5)


@pytest.mark.parametrize("measure", [energy_distance, kernel_discrepancy])
def test_the_distance_has_the_slope_of_float64_where_rows_repeat_and_points_meet(measure):
    import tensorflow as tf

    slopes = []
    for dtype in ("float32", "float64"):
        code = tf.constant(np.vstack([DRAWN, DRAWN[:2]]), dtype)
        drawn = tf.constant(DRAWN, dtype)
        with tf.GradientTape() as tape:
            tape.watch(code)
            found = measure(keras.ops, code, drawn, tf.ones(7, dtype))[0]
        slopes.append(tape.gradient(found, code))
    assert np.isfinite(slopes[0]).all()
    np.testing.assert_allclose(*slopes, atol=1e-3 * np.abs(slopes[1]).max())


# Of normal distributions, whose distances are known


def far_apart(shift, n_rows=2000):
    """Standard normal points, and as many around a shift, evenly spread."""
    points = norm.ppf((np.arange(n_rows) + 0.5) / n_rows)[:, None]
    return points + shift, points


@pytest.mark.parametrize("shift", [0.3, 2.0])
def test_the_energy_distance_of_two_normal_distributions(shift):
    """The mean of a folded normal distribution of variance 2, in closed form."""
    between = 2 / np.sqrt(np.pi) * np.exp(-(shift**2) / 4)
    between += shift * (1 - 2 * norm.cdf(-shift / np.sqrt(2)))
    within = 2 / np.sqrt(np.pi)
    found = energy_distance(np, *far_apart(shift), np.ones(2000))
    np.testing.assert_allclose(found, 2 * between / within - 2, atol=3e-3)


def expected_kernel(shift, size):
    """The mean of ``size / (size + d**2)`` for a normal d of variance 2.

    The kernel is a mean of gaussians, exp(-t d**2 / size) over an exponential t.
    """
    rate = 4 / size
    value, _ = quad(
        lambda t: np.exp(-t - t / size * shift**2 / (1 + rate * t)) / np.sqrt(1 + rate * t),
        0,
        np.inf,
    )
    return value


@pytest.mark.parametrize("shift", [0.3, 2.0])
def test_the_kernel_discrepancy_of_two_normal_distributions(shift):
    sizes = 2.0 * np.array([0.1, 0.2, 0.5, 1, 2, 5, 10])
    expected = sum(2 * (expected_kernel(0, each) - expected_kernel(shift, each)) for each in sizes)
    found = kernel_discrepancy(np, *far_apart(shift), np.ones(2000))
    np.testing.assert_allclose(found, expected, atol=0.01)


def discrepancy_by_loops(code, drawn, weights):
    """Gretton's estimate without bias, by the kernels of Tolstikhin et al. in three dimensions."""

    def kernel(x, y):
        scales = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
        return sum(6 * s / (6 * s + np.sum((x - y) ** 2)) for s in scales)

    def mean(a, b, a_weights, b_weights):
        pairs = [(i, j) for i in range(len(a)) for j in range(len(b)) if a is not b or i != j]
        shares = [a_weights[i] * b_weights[j] for i, j in pairs]
        return np.average([kernel(a[i], b[j]) for i, j in pairs], weights=shares)

    ones = np.ones(len(drawn))
    within = mean(code, code, weights, weights) + mean(drawn, drawn, ones, ones)
    return within - 2 * mean(code, drawn, weights, ones)


def test_the_discrepancy_is_that_of_plain_loops():
    found = kernel_discrepancy(np, CODE, DRAWN, WEIGHTS)
    np.testing.assert_allclose(found, np.full(7, discrepancy_by_loops(CODE, DRAWN, WEIGHTS)))


def test_rows_without_weight_do_not_count_in_the_discrepancy():
    padded, weights = np.vstack([CODE, np.full((2, 3), 99.0)]), np.append(WEIGHTS, [0.0, 0.0])
    found = kernel_discrepancy(np, padded, DRAWN, weights)
    np.testing.assert_allclose(found, kernel_discrepancy(np, CODE, DRAWN, WEIGHTS)[0])


def test_equal_distributions_have_no_discrepancy():
    rng = np.random.default_rng(0)
    found = [
        kernel_discrepancy(np, *rng.normal(size=(2, 40, 3)), np.ones(40))[0] for _ in range(200)
    ]
    assert abs(np.mean(found)) < 4 * np.std(found) / np.sqrt(200)


# The prior


def drawn_codes(prior, n_rows=50_000, deviation=None):
    centres, own = AdversarialAutoencoder(prior=prior)._prior(3)
    scalars = {
        "centres": keras.ops.convert_to_tensor(centres.astype("float32")),
        "deviation": np.float32(own if deviation is None else deviation),
    }
    random = RandomDraws(keras.ops.convert_to_tensor([0, 0], "int32"))
    return centres, np.asarray(draw_prior(keras.ops, scalars, random, n_rows))


@pytest.mark.parametrize("prior", ["normal", "mixture"])
def test_the_whole_prior_has_mean_zero_and_deviation_one(prior):
    codes = drawn_codes(prior)[1]
    # Four standard errors.
    np.testing.assert_allclose(codes.mean(axis=0), 0.0, atol=4 / np.sqrt(50_000))
    np.testing.assert_allclose(codes.std(axis=0), 1.0, atol=4 / np.sqrt(2 * 50_000))


def test_every_part_of_a_mixture_gets_its_share():
    centres, codes = drawn_codes("mixture", deviation=0.0)
    which = np.argmin(np.linalg.norm(codes[:, None] - centres, axis=2), axis=1)
    np.testing.assert_allclose(codes, centres[which], atol=1e-6)
    shares = np.bincount(which, minlength=10) / 50_000
    np.testing.assert_allclose(shares, 0.1, atol=4 * np.sqrt(0.09 / 50_000))


def test_a_part_has_the_deviation_that_it_says():
    centres, codes = drawn_codes("mixture")
    centred = codes - drawn_codes("mixture", deviation=0.0)[1]
    assert centred.std() == pytest.approx(0.3, rel=0.02)
    assert len(np.unique(centres, axis=0)) == 10
