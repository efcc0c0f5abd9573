"""Targets that points are coloured by: classes or values."""

from typing import NamedTuple

import numpy as np
from sklearn.utils import check_consistent_length, column_or_1d

from skae.inspection._drawing._style import COLOURS, MARKERS
from skae.inspection._target_checks import check_complete, refuse_masked_target
from skae.numerics import Array, ArrayLike, Bools

TARGET_TYPES = ("auto", "categorical", "continuous")
_MOST_NUMBERED_CLASSES = 20
_MOST_CLASSES = len(COLOURS) * len(MARKERS)


class Classes(NamedTuple):
    """Which rows belong to each class, by its name; a single nameless class without a target."""

    members: dict[str, Bools]


class Values(NamedTuple):
    """One number for each row."""

    values: Array


def read_target(y: ArrayLike | None, code: Array, target_type: str) -> Classes | Values:
    """Read a target as classes or as values.

    Raises
    ------
    ValueError
        If it has another length than the code, misses values, holds words where numbers are
        asked for, or more classes than can be told apart.
    """
    if target_type not in TARGET_TYPES:
        raise ValueError(f"target_type={target_type!r} is not known; choose from {TARGET_TYPES}.")
    if y is None:
        return Classes({"": np.ones(len(code), dtype=bool)})
    refuse_masked_target(y)
    y = column_or_1d(y)
    check_consistent_length(code, y)
    check_complete(y)
    if target_type == "continuous" or (target_type == "auto" and _is_continuous(y)):
        return Values(_as_numbers(y))
    classes = np.unique(y)
    check_n_classes(len(classes), "or pass numbers with target_type='continuous'")
    return Classes({_name_of(label): y == label for label in classes})


def _name_of(label: object) -> str:
    """A class as a text: of dates and spans, without digits of seconds that are all zero."""
    if isinstance(label, np.datetime64):
        return str(label.astype("M8[us]").item()).removesuffix(" 00:00:00")
    if isinstance(label, np.timedelta64):
        return str(label.astype("m8[us]").item()).removesuffix(", 0:00:00")
    return str(label)


def check_n_classes(n_classes: int, way_out: str) -> None:
    """Refuse more classes than can be told apart."""
    if n_classes > _MOST_CLASSES:
        raise ValueError(
            f"y holds {n_classes} classes, but at most {_MOST_CLASSES} can be told apart; put "
            f"them into groups, {way_out}."
        )


def _is_continuous(y: Array) -> bool:
    if y.dtype.kind not in "iuf":
        return False
    return bool(np.any(y != np.round(y))) or len(np.unique(y)) > _MOST_NUMBERED_CLASSES


def _as_numbers(y: Array) -> Array:
    try:
        return y.astype(float)
    except (TypeError, ValueError):
        raise ValueError(
            f"y holds {y.tolist()[0]!r}, but target_type='continuous' needs numbers; pass numbers, "
            "or target_type='categorical'."
        ) from None
