"""The reducer inside an application: a copy to fit, and what it makes of rows."""

import numpy as np
from sklearn.base import clone
from sklearn.utils import check_random_state

from skae.metrics import check_invertible


def reducer_to_fit(reducer, default, random_state):
    """An unfitted copy of a reducer.

    Parameters
    ----------
    reducer : estimator with ``transform`` and ``inverse_transform``, or None
    default : callable
        Makes the one that None means.
    random_state : int, RandomState instance or None
        Seeds each ``random_state`` of the reducer, in a Pipeline of every step, that is None.

    Raises
    ------
    TypeError
        If it is no estimator, or cannot reconstruct.
    """
    if isinstance(reducer, type) or (reducer is not None and not hasattr(reducer, "get_params")):
        raise TypeError(
            f"{reducer!r} is not an estimator; pass an instance, such as PCA(8) or Autoencoder(8)."
        )
    reducer = default() if reducer is None else clone(reducer)
    check_invertible(reducer)
    return seeded(reducer, random_state)


def seeded(estimator, random_state):
    """The same estimator, every ``random_state`` that is None set to a seed."""
    rng = check_random_state(random_state)
    parameters = estimator.get_params()
    unset = [
        name
        for name in sorted(parameters)
        if name.rpartition("__")[2] == "random_state" and parameters[name] is None
    ]
    # A FrozenEstimator's set_params returns nothing.
    estimator.set_params(**{name: int(rng.randint(2**31)) for name in unset})
    return estimator


def encoded(reducer, X):
    """Code of rows as a plain array, whatever ``set_output`` says."""
    return np.asarray(reducer.transform(X))


def decoded(reducer, code):
    """Rows of a code as a plain float64 array."""
    return np.asarray(reducer.inverse_transform(code), dtype=np.float64)


def reconstructed(reducer, X):
    """Rows encoded and decoded again, as a plain float64 array."""
    return decoded(reducer, encoded(reducer, X))
