"""The contract: autoencoders of other networks, and those that play a game."""

from .shared import SLOW_TO_COMPILE, checks_of


@checks_of(SLOW_TO_COMPILE)
def test_scikit_learn_checks(estimator, check):
    check(estimator)
