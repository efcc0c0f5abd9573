"""Pairs of rows and their clean versions, and the place where users put these by mistake."""

from math import prod
from numbers import Integral
from typing import Any

import numpy as np
from scipy.sparse import issparse

from skae.messages import warn


def warn_of_clean_rows(X: Any, y: Any, X_clean: Any) -> None:
    """Warn where ``y``, which is ignored, looks like the clean versions of rows.

    It is the second argument of ``fit``, where other libraries take targets. Labels and the rows
    themselves, as Keras takes them for an autoencoder, are harmless.
    """
    if y is None or y is X or X_clean is not None:
        return
    shape = _shape(y)
    if len(shape) < 2 or prod(shape[1:]) < 2:
        return
    rows = _shape(X)
    if len(rows) < 2 or (rows[0], prod(rows[1:])) != (shape[0], prod(shape[1:])):
        return
    if not _are_equal(X, y):
        warn(
            f"y, of shape {shape}, is ignored, but it has as many values as X, and other ones. "
            "Pass clean versions of rows by their name, X_clean=y; for anything else leave y out."
        )


def _shape(values: Any) -> tuple[int, ...]:
    """Shape of what may be anything, and () of what has none."""
    shape = getattr(values, "shape", None)
    if shape is None and isinstance(values, list | tuple) and values and np.ndim(values[0]):
        try:
            shape = np.shape(values)
        except ValueError:  # rows of different lengths
            return ()
    is_known = isinstance(shape, tuple) and all(isinstance(size, Integral) for size in shape)
    return tuple(int(size) for size in shape) if isinstance(shape, tuple) and is_known else ()


def _are_equal(X: Any, y: Any) -> bool:
    """Whether two of as many values hold the same ones, missing ones among them."""
    try:
        if issparse(X) and issparse(y):
            return not (y != X).nnz
        rows, others = (each.toarray() if issparse(each) else np.asarray(each) for each in (X, y))
        others = others.reshape(rows.shape)
        return bool(np.all((rows == others) | ((rows != rows) & (others != others))))
    except (TypeError, ValueError):  # values that cannot be compared are no rows
        return True
