"""One class for each row, of one type."""

from typing import Any

import numpy as np
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import check_classification_targets

from skae.numerics import Array, ArrayLike, Integers
from skae.tables import is_missing, refuse_mask


def class_of_each_row(y: ArrayLike) -> Array:
    """Return classes as an array that can be sorted.

    Raises
    ------
    ValueError
        If some are masked, missing, continuous, or of another type than others.
    """
    refuse_mask(y, "y", "Leave out rows without a class.")
    is_sequence = isinstance(y, list | tuple)
    # numpy would make strings of a list of strings and numbers.
    labels: Array = column_or_1d(np.array(y, dtype=object) if is_sequence else y)
    missing = np.array([is_missing(label) for label in labels], bool)
    if missing.any():
        raise ValueError(
            f"Input y contains NaN or None: {missing.sum()} of {len(labels)} rows have no class, "
            f"the first is row {missing.argmax()}. Leave them out."
        )
    if labels.dtype == object:
        labels = _of_one_type(labels, keep_objects=not is_sequence)
    check_classification_targets(labels)
    return labels


def classes_at(y: ArrayLike, classes: Array, places: Integers) -> Any:
    """Return classes of some rows in the type that they were given in: a Series stays one.

    Parameters
    ----------
    y : array-like
        As it was given.
    classes : ndarray
        The classes that ``class_of_each_row`` finds in it.
    places : ndarray of int
        Of rows; any number of times each.
    """
    given: Any = y
    if hasattr(given, "iloc") and np.ndim(given) == 1:
        return given.iloc[places].reset_index(drop=True)
    # Arrays of pandas and Series of polars have types of their own, as arrays of numpy do.
    is_typed = hasattr(given, "dtype") and np.ndim(given) == 1
    return given[places] if is_typed else classes[places]


def _of_one_type(labels: Array, keep_objects: bool) -> Array:
    if len({isinstance(label, str) for label in labels}) > 1:
        types = " and ".join(sorted({type(label).__name__ for label in labels}))
        raise ValueError(
            f"y holds classes of type {types}, but strings alone or numbers alone were expected. "
            "Pass for example [str(label) for label in y]."
        )
    plain = np.array(labels.tolist())
    return labels if keep_objects and plain.dtype.kind == "U" else plain
