"""Labels of a frame's columns: numbers, days or tuples say as much as names do.

scikit-learn remembers and checks labels only where all of them are strings, and refuses strings
beside others. Labels without any string are remembered and checked here.
"""

from collections import Counter
from collections.abc import Hashable
from typing import Any

import numpy as np

from skae.tables._missing import is_missing

_MOST = 5


def column_labels(X: Any) -> list[Hashable] | None:
    """What a frame calls its columns, strings or not; None for what is no frame."""
    is_frame = hasattr(X, "columns") and hasattr(X, "dtypes")
    return np.asarray(X.columns, dtype=object).tolist() if is_frame else None


def labels_in_fit(estimator: Any) -> list[Hashable] | None:
    """What the frame of a fit called its columns, strings or not; None if it was no frame."""
    names = getattr(estimator, "feature_names_in_", None)
    if names is not None:
        return list(names)
    labels: list[Hashable] | None = getattr(estimator, "_column_labels", None)
    return labels


def remember_labels(estimator: Any, X: Any) -> None:
    """Remember the labels that scikit-learn does not, and forget those of a fit before."""
    labels = column_labels(X)
    if labels and not _has_strings(labels):
        estimator._column_labels = labels
    elif hasattr(estimator, "_column_labels"):
        del estimator._column_labels


def check_labels(estimator: Any, X: Any) -> None:
    """Refuse a frame whose labels are not those of the fit: columns are taken by their place.

    Labels that hold a string are left to scikit-learn. A frame that was given no labels numbers its
    columns from 0; it is taken as an array is, unless the fit knew these numbers in another order.

    Raises
    ------
    ValueError
        If the labels of the fit come in another order, or others come.
    """
    expected, given = getattr(estimator, "_column_labels", None), column_labels(X)
    if given and not _has_strings(given):
        _check_same(given, expected, "X", "those that were passed during fit")


def check_labels_beside(values: Any, estimator: Any, name: str) -> None:
    """Refuse a frame beside the rows of a fit whose columns have other labels, or another order.

    Parameters
    ----------
    values : object
        What is no frame has no labels to check.
    estimator : object
        It remembers the labels of the rows.
    name : str
        Of the parameter.

    Raises
    ------
    ValueError
        As :func:`check_labels` does, also for strings.
    """
    given, expected = column_labels(values), labels_in_fit(estimator)
    if given:
        _check_same(given, expected, name, "those of X")


def check_order(values: Any, X: Any, name: str) -> None:
    """Refuse a frame that has the columns of another, X, in another order.

    Other labels are no matter, as those that reducers make up.

    Raises
    ------
    ValueError
    """
    given, expected = column_labels(values), column_labels(X)
    if given and expected and Counter(map(str, given)) == Counter(map(str, expected)):
        _check_same(given, expected, name, "those of X")


def _check_same(
    given: list[Hashable], expected: list[Hashable] | None, name: str, whose: str
) -> None:
    if expected is None or len(given) != len(expected):
        return
    # NaN is no label that equals itself.
    given, expected = ([None if is_missing(i) else i for i in each] for each in (given, expected))
    if given == expected:
        return
    is_reordered = Counter(given) == Counter(expected)
    if not is_reordered and given == list(range(len(given))):
        return
    place = next(i for i, pair in enumerate(zip(given, expected, strict=True)) if len({*pair}) > 1)
    raise ValueError(
        f"The column labels of {name} should match {whose}, {_shown(expected)}, but it has "
        f"{'the same in another order' if is_reordered else 'others'}, {_shown(given)}: column "
        f"{place} is {given[place]!r} instead of {expected[place]!r}, and columns are taken by "
        f"their place. Pass {name}[labels] with the labels in that order, or {name}.to_numpy() if "
        "only the labels are wrong."
    )


def _has_strings(labels: list[Hashable]) -> bool:
    return any(isinstance(label, str) for label in labels)


def _shown(labels: list[Hashable]) -> str:
    shown = ", ".join(map(repr, labels[:_MOST]))
    return f"[{shown}, ...]" if len(labels) > _MOST else f"[{shown}]"
