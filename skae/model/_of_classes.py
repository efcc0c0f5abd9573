"""Values of rows under a conditional model: those of each class by the model of that class."""

from collections.abc import Callable

import numpy as np
from scipy.special import logsumexp

from skae.model._likelihood import lower_bounds
from skae.model._model import Model
from skae.numerics import Array, Integers, Matrix

# Rows taken at a time: of rows on a disk no more are in memory.
_N_ROWS = 4096
# Pairs of draws that tell most classes apart, and how far in nats their bounds may then be from the
# best and still be the best: several times what more draws were seen to change.
_FEW_PAIRS, _MARGIN = 4, 20.0


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


def likeliest_places(model: Model, X: Matrix, log_prior: Array) -> Integers:
    """Place of the class with which each row has the largest evidence lower bound.

    Bounds are those of scores. A few draws tell which classes cannot be it; where several can, they
    are compared by all draws.

    Parameters
    ----------
    model : Model
    X : ndarray or sparse matrix of shape (n_rows, n_features)
    log_prior : ndarray of shape (n_classes,)

    Returns
    -------
    places : ndarray of int of shape (n_rows,)
    """
    models = [given_place(model, place) for place in range(len(log_prior))]
    bounds = np.stack([lower_bounds(each, X, _FEW_PAIRS) for each in models], axis=1) + log_prior
    may_be = bounds >= bounds.max(axis=1, keepdims=True) - _MARGIN
    is_open = may_be.sum(axis=1) > 1
    bounds[~may_be] = -np.inf
    for place, each in enumerate(models):
        mine = np.flatnonzero(is_open & may_be[:, place])
        if len(mine):
            bounds[mine, place] = lower_bounds(each, X[mine]) + log_prior[place]
    places: Integers = bounds.argmax(axis=1)
    return places


def marginal(bounds: Array) -> Array:
    """Sum over classes of what their logarithms are, as a logarithm."""
    total: Array = logsumexp(bounds, axis=1)
    return total
