"""The contract: autoencoders of other networks, and those that play a game."""

import pytest

from .shared import SLOW_TO_COMPILE, checks_of


@pytest.mark.slow
@checks_of(SLOW_TO_COMPILE)
def test_scikit_learn_checks(estimator, check):
    check(estimator)
