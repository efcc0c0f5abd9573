"""Learning rates over the steps of a fit, by themselves and around a program."""

import math

import numpy as np
import pytest

from skae.training import Annealing
from skae.training._annealing import AnnealedRate


class Dial:
    """A program that is nothing but its rate."""

    def __init__(self, rate=0.4):
        self.rate = np.float32(rate)

    def learning_rate(self):
        return self.rate

    def set_learning_rate(self, rate):
        self.rate = np.float32(rate)


def test_rates_rise_to_the_peak_and_fall_by_half_a_cosine():
    annealing = Annealing(peak=0.4, n_steps=1000)
    rates = [annealing.rate(step) for step in range(1000)]
    assert np.argmax(rates) == 100
    assert rates[100] == pytest.approx(0.4)
    assert np.all(np.diff(rates[:101]) > 0)
    assert np.all(np.diff(rates[100:960]) < 0)
    assert rates[-1] == pytest.approx(0.4 * 1e-3)
    # Halfway through the fall a cosine is at zero.
    assert rates[550] == pytest.approx(0.2)
    assert rates[325] == pytest.approx(0.4 * (1 + math.cos(math.pi / 4)) / 2)


def test_a_rate_is_never_zero():
    assert Annealing(0.4, 10).rate(10**6) == pytest.approx(0.4 * 1e-3)
    assert Annealing(0.4, 1).rate(0) > 0


def test_a_chunk_has_the_rate_of_its_middle():
    program, annealing = Dial(), Annealing(0.4, 1000)
    AnnealedRate(program, annealing).prepare(step=500, n_steps=11)
    assert program.rate == np.float32(annealing.rate(505))


def test_who_changes_the_rate_changes_all_later_ones_by_the_same_factor():
    program, annealing = Dial(), Annealing(0.4, 1000)
    annealed = AnnealedRate(program, annealing)
    annealed.prepare(300, 1)
    program.set_learning_rate(0.1 * program.rate)
    for step in (301, 302):
        annealed.prepare(step, 1)
        assert program.rate == pytest.approx(0.1 * annealing.rate(step), rel=1e-5)


def test_who_changes_the_rate_before_the_first_step_changes_that_too():
    program, annealing = Dial(), Annealing(0.4, 1000)
    annealed = AnnealedRate(program, annealing)
    program.set_learning_rate(0.04)
    annealed.prepare(0, 1)
    assert program.rate == pytest.approx(0.1 * annealing.rate(0), rel=1e-5)


def test_a_rate_that_was_set_to_zero_can_be_set_again():
    program, annealing = Dial(), Annealing(0.4, 1000)
    annealed = AnnealedRate(program, annealing)
    annealed.prepare(300, 1)
    program.set_learning_rate(0.0)
    annealed.prepare(301, 1)
    assert program.rate == 0
    program.set_learning_rate(0.05)
    annealed.prepare(302, 1)
    assert program.rate == pytest.approx(0.05, rel=1e-2)
