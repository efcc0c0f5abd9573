"""The contract: estimators that hold autoencoders or other reducers."""

from .shared import APPLICATIONS, checks_of


@checks_of(APPLICATIONS)
def test_scikit_learn_checks(estimator, check):
    check(estimator)
