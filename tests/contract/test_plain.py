"""The contract: autoencoders whose networks are dense, of one update a step or several phases."""

import pytest
from sklearn.utils import estimator_checks

import skae

from .shared import IN_GRAPHS, PLAIN, checks_of


@checks_of(PLAIN)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize(
    "check",
    [
        estimator_checks.check_dict_unchanged,
        estimator_checks.check_estimators_nan_inf,
        estimator_checks.check_estimators_pickle,
        estimator_checks.check_fit_idempotent,
        estimator_checks.check_inplace_ensure_writeable,
        estimator_checks.check_readonly_memmap_input,
        estimator_checks.check_sample_weights_not_overwritten,
    ],
)
def test_folds_that_choose_the_number_of_epochs(check):
    check("Autoencoder", skae.Autoencoder(**IN_GRAPHS | {"max_iter": 50}))


def test_something_was_discovered():
    assert skae.Autoencoder in PLAIN
