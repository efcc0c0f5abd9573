"""Values of rows under a conditional model: those of each class by the model of that class."""

from collections.abc import Callable

import numpy as np
from scipy.special import logsumexp

from skae.model._likelihood import lower_bounds
from skae.model._model import Model
from skae.numerics import Array, Integers, Matrix

# Rows taken at a time: of rows on a disk no more are in memory.
_N_ROWS = 4096
# Pairs of draws that tell classes apart. Bounds of classes differ by many nats, where they do.
_FEW_PAIRS = 4


def by_class(
    model: Model, places: Integers, X: Matrix, function: Callable[[Model, Matrix], Array]
) -> Array:
    """Values of ``function(model of a class, rows of it)``, in the order of the rows.

    Parameters
    ----------
    model : Model
    places : ndarray of int of shape (n_rows,)
        Of the class of each row.
    X : ndarray or sparse matrix of shape (n_rows, ...)
        Rows or codes.
    function : callable
    """
    models = {place: given_place(model, place) for place in np.unique(places)}
    found: Array | None = None
    for start in range(0, len(places), _N_ROWS):
        part = places[start : start + _N_ROWS]
        for place in np.unique(part):
            mine = start + np.flatnonzero(part == place)
            values = function(models[place], X[mine])
            if found is None:
                found = np.empty((len(places), *values.shape[1:]), values.dtype)
            found[mine] = values
    assert found is not None
    return found


def given_place(model: Model, place: int) -> Model:
    """The model of the class at a place."""
    return model.given(np.eye(model.network.n_classes)[place])


def class_bounds(model: Model, X: Matrix, log_prior: Array, *, thorough: bool = True) -> Array:
    """Evidence lower bound of each row together with each class, of shape (n_rows, n_classes).

    Parameters
    ----------
    model : Model
    X : ndarray or sparse matrix of shape (n_rows, n_features)
    log_prior : ndarray of shape (n_classes,)
    thorough : bool
        Whether the expectation is as exact as that of a score; else as far as it tells classes
        apart.
    """
    options = {} if thorough else {"n_pairs": _FEW_PAIRS}
    of_classes = [
        lower_bounds(given_place(model, place), X, **options) for place in range(len(log_prior))
    ]
    return np.stack(of_classes, axis=1) + log_prior


def marginal(bounds: Array) -> Array:
    """Sum over classes of what their logarithms are, as a logarithm."""
    total: Array = logsumexp(bounds, axis=1)
    return total
