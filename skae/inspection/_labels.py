"""A target of rows, and class labels."""

import numpy as np
from sklearn.utils import assert_all_finite, check_consistent_length, column_or_1d


def check_complete(y):
    """Refuse an array in which values are missing."""
    is_missing = np.array([_is_missing(value) for value in y.tolist()], dtype=bool)
    if is_missing.any():
        raise ValueError(
            f"y misses {is_missing.sum()} of {len(y)} values, the first in row "
            f"{is_missing.argmax()}; leave these rows out, or give them a class of their own."
        )


def _is_missing(value):
    # NaN and NaT alone differ from themselves, and pandas.NA cannot be compared.
    return value is None or type(value).__name__ == "NAType" or value != value


def check_target(y, X):
    """Return one finite value or name for each row of X as an array."""
    y = column_or_1d(y)
    if y.dtype.kind == "O":
        check_complete(y)
    assert_all_finite(y, input_name="y")
    check_consistent_length(X, y)
    return y


def check_labels(y, X, user):
    """Return labels, one a row of X, as an array; `user` names what cannot do with numbers."""
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
