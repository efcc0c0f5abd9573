"""Every combination of parameters and rows is fitted and finite, or refused by name."""

import pickle
import warnings

import numpy as np
import pytest
from hypothesis import event, given, note, strategies as st
from scipy import sparse
from sklearn.base import clone

from .strategies import estimators, rows, weights

# What an error may be about beside parameters.
OF_A_CALL = ("X", "sample_weight", "Row", "row", "sample")


def names_what_is_wrong(error, estimator):
    said = str(error)
    changed = [
        name
        for name, value in estimator.get_params(deep=False).items()
        if value is not getattr(type(estimator), name, None)
    ]
    return any(name in said for name in (*changed, *OF_A_CALL))


def error_of(call):
    try:
        call()
    except (ValueError, TypeError, MemoryError) as error:
        return error
    return None


def size_of(X):
    return X.shape[0] if sparse.issparse(X) else len(X)


@pytest.mark.slow
@given(st.data(), estimators(), rows())
def test_it_is_finite_the_same_again_and_after_a_pickle_or_an_error_says_why(data, estimator, X):
    sample_weight = data.draw(weights(size_of(X)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        error = error_of(lambda: estimator.fit(X, sample_weight=sample_weight))
        if error is not None:
            note(str(error))
            event("refused")
            assert names_what_is_wrong(error, estimator)
            assert not hasattr(estimator, "n_components_")
            return
        event("fitted")
        code = estimator.transform(X)
        assert np.isfinite(code).all()
        assert np.isfinite(estimator.inverse_transform(code)).all()
        assert np.isfinite(estimator.score_samples(X)).all()
        again = clone(estimator).fit(X, sample_weight=sample_weight)
        np.testing.assert_array_equal(again.transform(X), code)
        read = pickle.loads(pickle.dumps(estimator))
        np.testing.assert_array_equal(read.transform(X), code)
