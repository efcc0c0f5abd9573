"""Labels of some rows: which rows have one, and whether they make sense together."""

from collections.abc import Sequence
from datetime import date, timedelta
from numbers import Real
from typing import Any, Literal

import numpy as np
from sklearn.utils import assert_all_finite, check_array, column_or_1d, compute_class_weight
from sklearn.utils.multiclass import check_classification_targets

from skae.numerics import Array, ArrayLike, Bools, Integers
from skae.tables import as_they_are, is_missing, refuse_mask, with_nan_for_na

UNLABELLED = -1
_LARGEST_TARGET = 1e307
_DATES = (date, timedelta, np.datetime64, np.timedelta64)

ClassWeight = dict[Any, float] | Literal["balanced"] | None


def places_of(y: ArrayLike) -> tuple[Array, Integers]:
    """Classes, and the place of each label among them; -1 for a row without label.

    Where -1 and one other number are all there is, -1 is a class: one alone cannot be learnt.
    Whole numbers beside missing ones are integers: that they are floats says no more than that
    some are missing.
    """
    y = _column(y)
    misses: Bools = np.array([is_missing(label) for label in y], np.bool_)
    is_known = ~misses & np.array([not _is_unlabelled(label) for label in y], np.bool_)
    if not is_known.any():
        raise ValueError(
            f"y labels none of its {len(y)} rows: {UNLABELLED}, NaN, None and pandas.NA mean "
            "unlabelled. Label some rows of every class."
        )
    known = _of_one_type(y[is_known])
    is_number = known.dtype.kind in "iuf"
    if is_number and not is_known.all() and len(np.unique(known)) == 1:
        is_known = ~misses
        known = _of_one_type(y[is_known])
    if misses.any() and known.dtype.kind == "f" and _are_whole(known):
        known = known.astype(np.int64)
    check_classification_targets(known)
    places = np.full(len(y), UNLABELLED)
    classes, places[is_known] = np.unique(known, return_inverse=True)
    return classes, places


def _are_whole(numbers: Array) -> bool:
    """Whether all are integers, and of a size at which a float still is any integer."""
    return bool(np.all(np.abs(numbers) <= 2**53) and np.array_equal(numbers, np.round(numbers)))


def labels_to_score(y: ArrayLike, classes: Array) -> tuple[Array, Bools]:
    """The labels to compare predictions with, and which rows they are of.

    A label that is -1 is one only where -1 is a class.

    Raises
    ------
    ValueError
        If no row has a label, or labels are masked or of several types.
    """
    y = _column(y)
    is_class = any(_is_unlabelled(label) for label in classes)
    is_known: Bools = np.array(
        [not is_missing(label) and (is_class or not _is_unlabelled(label)) for label in y],
        np.bool_,
    )
    if not is_known.any():
        raise ValueError(
            f"y labels none of the {len(y)} rows to score: a score compares predictions with "
            "labels. Pass rows that have some; in a search, use fewer folds or label more rows."
        )
    return _of_one_type(y[is_known]), is_known


def _column(y: ArrayLike) -> Array:
    """Labels as an array, in which those that are missing still are."""
    if y is None:
        raise ValueError("requires y to be passed, but the target y is None")
    refuse_mask(y, "y", f"Pass {{name}}.filled({UNLABELLED}) if they are unlabelled.")
    if isinstance(y, list | tuple):
        y = _as_objects(y)
    elif hasattr(y, "iloc") and np.any(y.isna()):
        # Otherwise integers and truth values of a frame would become floats; dates have NaT.
        is_of_dates = getattr(y, "dtype", np.dtype(object)).kind in "mM"
        y = y.to_numpy() if is_of_dates else y.astype(object)
    else:
        y = as_they_are(y)
    column: Array = column_or_1d(y, warn=True)
    if column.dtype.kind == "U" and str(np.nan) in column:
        raise ValueError(
            "y holds the string 'nan', which numpy makes of NaN beside strings. Pass np.array(y, "
            "dtype=object) if it means unlabelled; if it is a class, rename it."
        )
    return column


def _as_objects(y: Sequence[Any]) -> Any:
    try:
        return np.array(y, dtype=object)
    except ValueError:  # of different lengths: the validation proper says so
        return y


def _is_unlabelled(label: Any) -> bool:
    return isinstance(label, Real) and label == UNLABELLED


def _of_one_type(labels: Array) -> Array:
    """Numbers or strings; those that stand beside -1 or in a frame may come as objects."""
    if labels.dtype == object:
        labels = _from_objects(labels)
    if labels.dtype.kind == "f":
        assert_all_finite(labels, input_name="y")
    if labels.dtype.kind == "U" and len(np.unique(labels)) > 2 and str(UNLABELLED) in labels:
        raise ValueError(
            f"y holds the string '{UNLABELLED}', which numpy makes of {UNLABELLED} beside strings. "
            "Pass np.array(y, dtype=object) if it means unlabelled; if it is a class, rename it."
        )
    return labels


def _from_objects(labels: Array) -> Array:
    plain = np.array(labels.tolist())
    if plain.dtype == object or len({isinstance(label, str) for label in labels}) > 1:
        types = " and ".join(sorted({type(label).__name__ for label in labels}))
        raise ValueError(
            f"y holds labels of type {types}, but strings alone or numbers alone were expected. "
            f"Put {UNLABELLED} or None where one is missing."
        )
    return plain


def class_weights(class_weight: ClassWeight, classes: Array, places: Integers) -> Array:
    """Weight of each class; its rows count those that were labelled."""
    is_class = any(_is_unlabelled(label) for label in classes)
    if isinstance(class_weight, dict) and UNLABELLED in class_weight and not is_class:
        raise ValueError(
            f"class_weight={class_weight!r} weights {UNLABELLED}, which is no class here but means "
            f"unlabelled. Leave it out: unsupervised_weight says how much rows count without their "
            "labels."
        )
    labels = classes[places[places >= 0]]
    if isinstance(class_weight, dict):
        _check_finite(class_weight)
        others = [label for label in class_weight if label not in classes.tolist()]
        # As scikit-learn does: those of classes that a fold has not got may stand there.
        if others and any(label not in class_weight for label in classes.tolist()):
            raise ValueError(
                f"class_weight={class_weight!r} weights {others[0]!r}, but the classes of y are "
                f"{', '.join(map(repr, classes.tolist()))}. Give weights of those; a class that "
                "is left out has the weight 1."
            )
    weights: Array = compute_class_weight(class_weight, classes=classes, y=labels)
    if weights.min() < 0 or weights.max() == 0:
        raise ValueError(
            f"class_weight={class_weight!r} should give every class of y a weight that is not "
            "negative, and some class a positive one."
        )
    return weights


def _check_finite(class_weight: dict[Any, float]) -> None:
    """Refuse weights that are no finite numbers, of which None would become NaN."""
    for label, weight in class_weight.items():
        try:
            is_finite = bool(np.isfinite(float(weight)))
        except (TypeError, ValueError):
            is_finite = False
        if not is_finite:
            raise ValueError(
                f"class_weight gives class {label!r} the weight {weight!r}, but a finite number "
                "from 0 on was expected. Give it one, such as 1.0."
            )


def _refuse_dates(y: ArrayLike) -> None:
    """Refuse dates and spans: numpy makes numbers of them, and of NaT the least that there is."""
    values = _as_objects(y) if isinstance(y, list | tuple) else np.asarray(y)
    values = np.ravel(values)
    if values.dtype == object:
        found = next((value for value in values if isinstance(value, _DATES)), None)
    else:
        found = values[0] if values.dtype.kind in "mM" and len(values) else None
    if found is None:
        return
    is_span = isinstance(found, timedelta | np.timedelta64)
    numbers = "y / np.timedelta64(1, 'D')" if is_span else "(y - y.min()) / np.timedelta64(1, 'D')"
    raise ValueError(
        f"y holds {'spans of time' if is_span else 'dates'} such as {found}, but numbers are "
        f"expected. Make numbers of them, as by {numbers}; of what is missing that makes NaN."
    )


def check_values(y: ArrayLike) -> Array:
    """Targets as float64, some of which may be NaN, but none of them always."""
    if y is None:
        raise ValueError("requires y to be passed, but the target y is None")
    refuse_mask(y, "y", "Pass {name}.filled(np.nan) if they are unlabelled.")
    _refuse_dates(y)
    values: Array = check_array(
        with_nan_for_na(y),
        ensure_2d=False,
        dtype=np.float64,
        ensure_all_finite="allow-nan",
        input_name="y",
    )
    largest = float(np.nanmax(np.abs(values), initial=0.0))
    if largest > _LARGEST_TARGET:
        raise ValueError(
            f"y holds {largest:.3g}, so near the largest number there is that differences of "
            f"targets could be infinite: up to {_LARGEST_TARGET:g} can be learnt. Divide y by a "
            "constant first."
        )
    if values.ndim > 2:
        raise ValueError(f"y has shape {values.shape}, but one or two axes were expected.")
    is_empty = np.isnan(values.reshape(len(values), -1)).all(axis=0)
    if is_empty.any():
        raise ValueError(
            f"Output {np.flatnonzero(is_empty)[0]} of y is NaN in all {len(values)} rows: NaN "
            "means unlabelled. Give the target of some rows."
        )
    return values
