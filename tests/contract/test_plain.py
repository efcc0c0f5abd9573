"""The contract: autoencoders whose networks are dense, of one update a step or several phases."""

import skae

from .shared import PLAIN, checks_of


@checks_of(PLAIN)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


def test_something_was_discovered():
    assert skae.Autoencoder in PLAIN
