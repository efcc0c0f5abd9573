"""Random draws inside programs against the distributions they claim."""

import numpy as np
import pytest
import tensorflow as tf
from scipy.stats import kstest

from skae.backend._random import RandomDraws


def draws(seed, step=0):
    return RandomDraws(tf.constant([seed, step]))


@pytest.mark.parametrize("seed", [0, 1, 2**31 - 1])
def test_uniform(seed):
    values = draws(seed).uniform((50_000,)).numpy()
    assert kstest(values, "uniform").pvalue > 1e-3
    assert values.min() >= 0
    assert values.max() < 1


@pytest.mark.parametrize("seed", [0, 1, 2**31 - 1])
def test_normal(seed):
    values = draws(seed).normal((50_000,)).numpy()
    assert kstest(values, "norm").pvalue > 1e-3
    assert np.isfinite(values).all()


def test_neighbours_are_independent():
    values = draws(0).uniform((500, 500)).numpy() - 0.5
    for other in (np.roll(values, 1, axis=1), np.roll(values, 1, axis=0)):
        assert abs(np.mean(values * other)) * 12 < 0.01


@pytest.mark.parametrize("other", [(1, 0), (0, 1)], ids=["seed", "step"])
def test_seeds_and_steps_are_independent(other):
    first, second = draws(0).uniform((50_000,)), draws(*other).uniform((50_000,))
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.02


def test_two_draws_of_a_step_differ():
    random = draws(0)
    first, second = random.uniform((50_000,)), random.uniform((50_000,))
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.02


def normal_of(seed):
    return RandomDraws(seed).normal((64, 9))


@pytest.mark.parametrize("jit_compile", [False, True], ids=["graph", "xla"])
def test_every_tier_draws_the_same(jit_compile):
    compiled = tf.function(normal_of, jit_compile=jit_compile, autograph=False)
    seed = tf.constant([5, 6])
    np.testing.assert_allclose(compiled(seed), normal_of(seed), atol=1e-5)
