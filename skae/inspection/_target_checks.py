"""A target of rows, and class labels."""

import numpy as np
from sklearn.utils import assert_all_finite, check_consistent_length, column_or_1d

from skae.tables import is_missing, refuse_mask


def check_complete(y):
    """Refuse an array in which values are missing."""
    misses = np.array([is_missing(value) for value in y.tolist()], dtype=bool)
    if misses.any():
        raise ValueError(
            f"y misses {misses.sum()} of {len(y)} values, the first in row "
            f"{misses.argmax()}; leave these rows out, or give them a class of their own."
        )


def refuse_masked_target(y):
    """Refuse a target of which a mask hides values."""
    refuse_mask(y, "y", "Leave these rows out, or give them a class of their own.")


def check_target(y, X):
    """Return one finite value or name for each row of X as an array."""
    refuse_masked_target(y)
    y = column_or_1d(y)
    if y.dtype.kind == "O":
        check_complete(y)
    assert_all_finite(y, input_name="y")
    check_consistent_length(X, y)
    return y


def check_labels(y, X, user):
    """Return labels, one a row of X, as an array; `user` names what cannot do with numbers."""
    refuse_masked_target(y)
    y = column_or_1d(y)
    check_complete(y)
    y = check_target(y, X)
    if y.dtype.kind == "f" and np.any(y != np.round(y)):
        raise ValueError(
            "The target y holds continuous values such as "
            f"{y[y != np.round(y)][0]:g}, but {user} needs class labels; "
            "put the values into classes or leave the target out."
        )
    return y
