"""One class for each row, of one type."""

import numpy as np
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import check_classification_targets

from skae.tables import is_missing, refuse_mask


def class_of_each_row(y):
    """Classes as an array that can be sorted.

    Raises
    ------
    ValueError
        If some are masked, missing, continuous, or of another type than others.
    """
    refuse_mask(y, "y", "Leave out rows without a class.")
    is_sequence = isinstance(y, list | tuple)
    # Of strings and numbers in a list, numpy would make strings.
    labels = column_or_1d(np.array(y, dtype=object) if is_sequence else y)
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


def classes_at(y, classes, places):
    """Classes of some rows, in the type that they were given in: a Series stays one.

    Parameters
    ----------
    y : array-like
        As it was given.
    classes : ndarray
        What ``class_of_each_row`` makes of it.
    places : ndarray of int
        Of rows; any number of times each.
    """
    if hasattr(y, "iloc") and np.ndim(y) == 1:
        return y.iloc[places].reset_index(drop=True)
    # Arrays of pandas and Series of polars have types of their own, as arrays of numpy do.
    return y[places] if hasattr(y, "dtype") and np.ndim(y) == 1 else classes[places]


def _of_one_type(labels, keep_objects):
    if len({isinstance(label, str) for label in labels}) > 1:
        types = " and ".join(sorted({type(label).__name__ for label in labels}))
        raise ValueError(
            f"y holds classes of type {types}, but strings alone or numbers alone were expected. "
            "Pass for example [str(label) for label in y]."
        )
    plain = np.array(labels.tolist())
    return labels if keep_objects and plain.dtype.kind == "U" else plain
