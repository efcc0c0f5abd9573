"""One class for each row, of one type."""

from typing import Any

import numpy as np
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import check_classification_targets

from skae.numerics import Array, ArrayLike, Integers
from skae.tables._missing import is_missing, refuse_mask
from skae.tables._storage import in_memory


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
    labels: Array = column_or_1d(np.array(y, dtype=object) if is_sequence else as_they_are(y))
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


def classes_to_learn(y: ArrayLike | None, parameter: str) -> Array:
    """Return a class for each row, for an estimator that learns what rows of each are like.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or None
    parameter : str
        What asks for classes, in words of the user: ``"conditional=True"``.

    Raises
    ------
    ValueError
        If there is no y, or if it does not hold a class for each row.
    """
    if y is None:
        raise ValueError(
            f"{parameter} requires y to be passed, but the target y is None. Pass the class of "
            "each row, or set conditional=False."
        )
    try:
        return class_of_each_row(y)
    except ValueError as error:
        if not str(error).startswith("Unknown label type"):
            raise
        raise ValueError(
            f"{error} {parameter} learns each class of rows, and targets of a regression have "
            "none: cut them into a few classes, for example with numpy.digitize."
        ) from error


def places_among(y: Any, classes: Array, n_samples: int) -> Integers:
    """Return the place among known classes of one for all rows, or of one for each.

    Parameters
    ----------
    y : class, or array-like of classes of shape (n_samples,)
    classes : ndarray of shape (n_classes,)
        Those of the fit.
    n_samples : int

    Raises
    ------
    ValueError
        If a class is none of those, or if there are not as many as rows.
    """
    refuse_mask(y, "y", "Give a class for each row.")
    is_one = isinstance(y, str | bytes) or np.ndim(y) == 0
    if classes.dtype.kind in "mM":
        # Numbers, in units of their own, are what numpy makes of dates.
        classes, y = classes.astype(str), _written_as(classes.dtype, y)
    given = [y.item() if isinstance(y, np.generic) else y] if is_one else list(_plain(y))
    if not is_one and (np.ndim(y) != 1 or len(given) != n_samples):
        raise ValueError(
            f"y is of shape {np.shape(y)}, but one class, or one for each of {n_samples} rows, was "
            "expected."
        )
    known = {label: place for place, label in enumerate(classes.tolist())}
    unknown = [label for label in given if _is_unhashable(label) or label not in known]
    if unknown:
        raise ValueError(
            f"y holds the class {unknown[0]!r}, but the classes of the fit are "
            f"{', '.join(map(repr, known))}. Pass one of those."
        )
    places = np.array([known[label] for label in given], np.intp)
    return np.repeat(places, n_samples) if is_one else places


def _written_as(dtype: np.dtype[Any], y: Any) -> Any:
    try:
        return np.asarray(y, dtype).astype(str)[()]
    except (TypeError, ValueError):
        return y


def _plain(y: Any) -> list[Any]:
    values: list[Any] = y.to_list() if hasattr(y, "to_list") else np.asarray(y).tolist()
    # numpy would make strings of a list of strings and numbers.
    return list(y) if isinstance(y, list | tuple) else values


def _is_unhashable(label: Any) -> bool:
    return getattr(label, "__hash__", None) is None


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
    given: Any = in_memory(y)
    if hasattr(given, "iloc") and np.ndim(given) == 1:
        return given.iloc[places].reset_index(drop=True)
    # Arrays of pandas and Series of polars have types of their own, as arrays of numpy do.
    is_typed = hasattr(given, "dtype") and np.ndim(given) == 1
    return given[places] if is_typed else classes[places]


def as_they_are(y: ArrayLike) -> Any:
    """Return classes of pandas' own types, such as nullable integers, as Python's objects.

    scikit-learn would make floats of them, in which large integers are no longer told apart.
    """
    y = in_memory(y)
    each = y.dtypes if hasattr(y, "columns") else [getattr(y, "dtype", None)]
    is_own = hasattr(y, "astype") and not all(isinstance(dtype, np.dtype) for dtype in each)
    return y.astype(object) if is_own else y


def _of_one_type(labels: Array, keep_objects: bool) -> Array:
    if len({isinstance(label, str) for label in labels}) > 1:
        types = " and ".join(sorted({type(label).__name__ for label in labels}))
        raise ValueError(
            f"y holds classes of type {types}, but strings alone or numbers alone were expected. "
            "Pass for example [str(label) for label in y]."
        )
    plain = np.array(labels.tolist())
    return labels if keep_objects and plain.dtype.kind == "U" else plain
