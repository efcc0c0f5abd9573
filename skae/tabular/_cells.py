"""The cells of a column: numbers, or places in a list of its different values."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import narwhals as nw
import numpy as np

from skae.numerics import Array, Bools, Integers
from skae.tables import is_missing

UNIT: Literal["us"] = "us"
# What cells are: numbers, truth values, days or moments, spans of time, other values that can be
# told apart, and what cannot even be.
Kind = Literal["number", "boolean", "date", "span", "text", "unknown"]
# Floats hold no odd number beyond.
_LARGEST_INTEGER = 2.0**53
NUMERIC = ("number", "date", "span")


@dataclass(frozen=True)
class Cells:
    """The cells of one column.

    Attributes
    ----------
    kind : {"number", "boolean", "date", "span", "text", "unknown"}
    values : ndarray
        Of float64: numbers, or microseconds (since 1970, for dates), NaN where missing. Of int64,
        for truth values and text: places in ``levels``, -1 where missing. Of objects: unknown ones.
    is_missing : ndarray of bool
    is_whole : bool
        Whether the type of the column holds whole numbers, or days, alone.
    levels : list
        The different values, if ``values`` are places.
    has_zone : bool
        Whether dates are moments, told in a time zone, rather than what a clock showed.
    """

    kind: Kind
    values: Array
    is_missing: Bools
    is_whole: bool = False
    levels: list[Any] = field(default_factory=list)
    has_zone: bool = False

    def at(self, rows: Integers | slice) -> "Cells":
        """The cells of some rows."""
        return replace(self, values=self.values[rows], is_missing=self.is_missing[rows])

    def as_levels(self) -> "Cells":
        """The same cells as places of different values."""
        if self.kind not in NUMERIC:
            return self
        known, places = np.unique(self.values[~self.is_missing], return_inverse=True)
        codes = np.full(len(self.values), -1)
        codes[~self.is_missing] = places
        is_whole = self.is_whole and self.kind == "number"
        levels = known.astype(np.int64).tolist() if is_whole else known.tolist()
        return replace(self, values=codes, levels=levels)

    def plain(self) -> Array:
        """Numbers as they are, NaN where missing; other values as objects, None where missing."""
        if self.kind in (*NUMERIC, "unknown"):
            return self.values
        return as_objects([*self.levels, None])[self.values]


def as_objects(values: Sequence[Any]) -> Array:
    """An array of objects, also of lists and tuples."""
    column = np.empty(len(values), object)
    column[:] = values
    return column


def as_places(kind: Kind, given: Sequence[Any], missing: Bools) -> Cells:
    """Cells of values that can be told apart, or else unknown ones."""
    # A dictionary keeps the order in which values came.
    places: dict[Any, int] = {None: -1}
    values = (None if out else value for value, out in zip(given, missing, strict=True))
    try:
        codes = np.fromiter((places.setdefault(v, len(places) - 1) for v in values), np.int64)
    except TypeError:  # lists and dictionaries have no hash
        return Cells("unknown", as_objects(given), missing)
    return Cells(kind, codes, missing, levels=list(places)[1:])


def cells_of_array(column: Array) -> Cells:
    """The cells of one column of an array."""
    kind = column.dtype.kind
    if kind == "b":
        return as_places("boolean", column.tolist(), np.zeros(len(column), bool))
    if kind in "iuf":
        values = column.astype(np.float64)
        missing = np.isnan(values)
        if kind in "iu" and _are_too_large(values):
            return as_places("text", column.tolist(), missing)
        return Cells("number", values, missing, kind in "iu")
    given = column.tolist()
    missing = np.array([is_missing(value) for value in given], bool)
    known = [value for value, out in zip(given, missing, strict=True) if not out]
    if all(isinstance(value, bool | np.bool_) for value in known):
        return as_places("boolean", given, missing)
    if all(_is_number(value) for value in known):
        values = np.full(len(given), np.nan)
        values[~missing] = known
        return Cells("number", values, missing)
    return as_places("text", given, missing)


def _are_too_large(integers: Array) -> bool:
    """Whether floats cannot tell such integers apart, as identifiers of 64 bits."""
    return bool(np.any(np.abs(integers) > _LARGEST_INTEGER))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)


def cells_of_series(series: "nw.Series[Any]") -> Cells:
    """The cells of one column of a frame."""
    dtype = series.dtype
    absent = series.is_null()
    if dtype.is_float():
        absent = absent | series.is_nan()
    missing: Bools = absent.fill_null(True).to_numpy().astype(bool)
    if dtype == nw.Boolean:
        return as_places("boolean", series.to_list(), missing)
    if dtype == nw.Duration:
        return Cells("span", _floats(series.dt.total_microseconds(), missing), missing)
    if dtype == nw.Date:
        values = _floats(series.cast(nw.Datetime(UNIT)).dt.timestamp(UNIT), missing)
        return Cells("date", values, missing, is_whole=True)
    if dtype == nw.Datetime:
        values = _floats(series.dt.timestamp(UNIT), missing)
        has_zone = getattr(dtype, "time_zone", None) is not None
        return Cells("date", values, missing, has_zone=has_zone)
    if dtype.is_numeric():
        numbers = _floats(series, missing)
        if dtype.is_integer() and _are_too_large(numbers):
            return as_places("text", series.to_list(), missing)
        return Cells("number", numbers, missing, dtype.is_integer())
    given = series.to_list()
    if dtype == nw.Object:
        # Python objects may all be of one better type.
        objects = [None if out else value for value, out in zip(given, missing, strict=True)]
        return cells_of_array(as_objects(objects))
    return as_places("text", given, missing)


def _floats(series: "nw.Series[Any]", missing: Bools) -> Array:
    values = series.cast(nw.Float64).to_numpy().astype(np.float64)
    floats: Array = np.where(missing, np.nan, values)
    return floats
