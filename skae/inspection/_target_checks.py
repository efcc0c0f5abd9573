"""Checks of a target of rows, and of class labels."""

import numpy as np
from sklearn.utils import assert_all_finite, check_consistent_length, column_or_1d

from skae.numerics import Array, ArrayLike
from skae.tables import is_missing, refuse_mask


def check_complete(y: Array) -> None:
    """Refuse an array in which values are missing."""
    misses = np.array([is_missing(value) for value in y.tolist()], dtype=bool)
    if misses.any():
        raise ValueError(
            f"y misses {misses.sum()} of {len(y)} values, the first in row "
            f"{misses.argmax()}; leave these rows out, or give them a class of their own."
        )


def refuse_masked_target(y: ArrayLike) -> None:
    """Refuse a target of which a mask hides values."""
    refuse_mask(y, "y", "Leave these rows out, or give them a class of their own.")


def check_target(y: ArrayLike, X: ArrayLike) -> Array:
    """Return one finite value or name for each row of X as an array."""
    refuse_masked_target(y)
    target: Array = column_or_1d(y)
    if target.dtype.kind == "O" or (target.dtype.kind == "f" and np.isnan(target).any()):
        check_complete(target)
    assert_all_finite(target, input_name="y")
    check_consistent_length(X, target)
    return target


def check_labels(y: ArrayLike, X: ArrayLike, user: str) -> Array:
    """Return labels, one a row of X, as an array; `user` names what needs them."""
    refuse_masked_target(y)
    y = column_or_1d(y)
    check_complete(y)
    labels = check_target(y, X)
    if labels.dtype.kind == "f" and np.any(labels != np.round(labels)):
        raise ValueError(
            "The target y holds continuous values such as "
            f"{labels[labels != np.round(labels)][0]:g}, but {user} needs class labels; "
            "put the values into classes or leave the target out."
        )
    return labels
