"""Whether a frame holds more than numbers: text, categories, dates, or nothing at all."""

from collections.abc import Iterator
from typing import Any

import narwhals as nw
import numpy as np

from skae.tables._columns import non_numbers
from skae.tables._missing import is_missing


def holds_more_than_numbers(X: Any) -> bool:
    """Whether a frame of pandas or polars has a column of anything but numbers.

    Truth values are numbers unless some are missing, as nothing between them could be filled in;
    and so are words and objects that all name numbers, as scikit-learn reads them. A lazy frame,
    which cannot be looked at, may hold more; what is no frame is never said to.
    """
    if hasattr(X, "collect") and isinstance(nw.from_native(X, pass_through=True), nw.LazyFrame):
        return True
    return any(not _is_numeric(column) for column in _columns(X))


def has_holes(X: Any) -> bool:
    """Whether a value of a frame of pandas or polars is missing; False for what is no frame."""
    return any(_has_holes(column) for column in _columns(X))


def _columns(X: Any) -> Iterator[Any]:
    if hasattr(X, "iloc") and hasattr(X, "columns"):
        # Several columns may have one name, which narwhals refuses.
        yield from (X.iloc[:, place] for place in range(X.shape[1]))
        return
    frame = nw.from_native(X, pass_through=True)
    if isinstance(frame, nw.DataFrame):
        yield from (column.to_native() for column in frame.iter_columns())


def _is_numeric(column: Any) -> bool:
    kind = getattr(column.dtype, "kind", None)
    if kind in ("i", "u", "f", "c"):
        return True
    dtype = nw.from_native(column, series_only=True).dtype
    if dtype.is_numeric():
        return True
    if dtype == nw.Boolean:
        return not _has_holes(column)
    if dtype not in (nw.String, nw.Object):
        return False
    given = column.to_list()
    known = [value for value in given if not is_missing(value)]
    if len(known) < len(given) and all(isinstance(value, bool | np.bool_) for value in known):
        return not known
    values = np.empty((len(known), 1), object)
    values[:, 0] = known
    return not non_numbers(values)


def _has_holes(column: Any) -> bool:
    series = nw.from_native(column, series_only=True)
    if series.is_null().any():
        return True
    if series.dtype.is_float():
        return bool(series.is_nan().any())
    if series.dtype == nw.Object:
        return any(is_missing(value) for value in column)
    return False
