"""One size for the reducers of all folds."""

from numbers import Integral
from typing import Any

from sklearn.base import clone

from skae.reducers import TrainableReducer


def of_one_size(reducer: TrainableReducer, fitted: TrainableReducer) -> Any:
    """Return an unfitted copy whose codes are as long as those of ``fitted``.

    A share of the variance may be explained by one component in one fold and by two in another;
    residuals of two such reducers cannot be compared.

    Parameters
    ----------
    reducer : estimator
        Every ``n_components`` that is no integer, in a Pipeline of every step, is set.
    fitted : estimator
        The same, fitted to other rows.
    """
    parameters, of_fitted = reducer.get_params(), fitted.get_params()
    sizes = {}
    for name, value in parameters.items():
        owner, _, parameter = name.rpartition("__")
        if parameter != "n_components" or isinstance(value, Integral):
            continue
        size = getattr(of_fitted[owner] if owner else fitted, "n_components_", None)
        if isinstance(size, Integral):
            sizes[name] = int(size)
    # A FrozenEstimator's set_params returns nothing.
    copy = clone(reducer)
    copy.set_params(**sizes)
    return copy
