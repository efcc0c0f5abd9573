"""Frames of pandas and polars, and arrays, as cells by column; and columns as such a frame."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import narwhals as nw
import numpy as np

from skae.numerics import Array, Bools

_UNIT: Literal["us"] = "us"
# What cells are: numbers, truth values, days or moments, spans of time, anything else.
Kind = Literal["number", "boolean", "date", "span", "text"]


@dataclass(frozen=True)
class Cells:
    """The cells of one column.

    Attributes
    ----------
    kind : {"number", "boolean", "date", "span", "text"}
    values : ndarray of float64, or list
        Numbers, or microseconds (since 1970, for dates), NaN where missing; the values themselves
        for truth values and text.
    is_missing : ndarray of bool
    is_whole : bool
        Whether the type of the column holds whole numbers, or days, alone.
    """

    kind: Kind
    values: Any
    is_missing: Bools
    is_whole: bool = False


@dataclass(frozen=True)
class Container:
    """What a table came in.

    Attributes
    ----------
    names : list
        Labels of the columns.
    library : {"pandas", "polars"} or None
        None for an array.
    dtypes : dict
        The library's own type of each column.
    """

    names: list[Hashable]
    library: str | None = None
    dtypes: dict[Hashable, Any] = field(default_factory=dict)

    def made_of(self, columns: Mapping[Hashable, Any], index: Any = None) -> Any:
        """Columns in a container of the same kind, each of the type that it had.

        Parameters
        ----------
        columns : dict
            Values by label; None where there is none. Microseconds for dates and spans.
        index : optional
            Of a frame of pandas.
        """
        if self.library is None:
            return _as_array(columns)
        if self.library == "pandas":
            import pandas as pd

            made = {name: self._of_pandas(name, values) for name, values in columns.items()}
            frame = pd.DataFrame(made)
            return frame if index is None else frame.set_axis(index)
        import polars as pl

        return pl.DataFrame([self._of_polars(name, values) for name, values in columns.items()])

    def _of_pandas(self, name: Hashable, values: Any) -> Any:
        import pandas as pd

        dtype = self.dtypes[name]
        is_missing = np.array([value is None for value in values])
        if isinstance(dtype, pd.DatetimeTZDtype) or dtype.kind in "mM":
            whole = np.array([0 if v is None else round(v) for v in values], np.int64)
            unit = "M8[us]" if isinstance(dtype, pd.DatetimeTZDtype) else f"{dtype.kind}8[us]"
            series = pd.Series(whole.astype(unit), name=name).mask(is_missing)
            if isinstance(dtype, pd.DatetimeTZDtype):
                series = series.dt.tz_localize("UTC").dt.tz_convert(dtype.tz)
            return series.astype(dtype)
        if is_missing.any() and isinstance(dtype, np.dtype) and dtype.kind in "iub":
            # There was none in this column, whose type has no word for it.
            return pd.Series(values, name=name, dtype=object).convert_dtypes()
        return pd.Series(values, name=name, dtype=object).astype(dtype)

    def _of_polars(self, name: Hashable, values: Any) -> Any:
        import polars as pl

        dtype = self.dtypes[name]
        if dtype.is_temporal():
            whole = [None if value is None else round(value) for value in values]
            first = pl.Duration(_UNIT) if dtype == pl.Duration else pl.Datetime(_UNIT)
            series = pl.Series(str(name), whole, pl.Int64).cast(first)
            zone = getattr(dtype, "time_zone", None)
            if zone is not None:
                series = series.dt.replace_time_zone("UTC").dt.convert_time_zone(zone)
            return series.cast(dtype)
        return pl.Series(str(name), list(values), strict=False).cast(dtype, strict=False)


def _as_array(columns: Mapping[Hashable, Any]) -> Array:
    values = [list(column) for column in columns.values()]
    is_text = any(isinstance(value, str | bool) for column in values for value in column)
    if is_text:
        return np.array(values, dtype=object).T
    return np.array([[np.nan if v is None else v for v in column] for column in values], float).T


def read_table(X: Any) -> tuple[Container, dict[Hashable, Cells]]:
    """The kind of container, and its cells by column.

    Raises
    ------
    ValueError
        If two columns have one name.
    """
    X = X.to_native() if isinstance(X, nw.DataFrame) else X
    frame = nw.from_native(X, eager_only=True, pass_through=True)
    if not isinstance(frame, nw.DataFrame):
        return _of_array(np.asarray(X))
    native = frame.to_native()
    names = list(native.columns)
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"X has several columns named {twice!r}. Give each a name of its own.")
    library = "pandas" if frame.implementation.is_pandas_like() else "polars"
    container = Container(names, library, {name: native[name].dtype for name in names})
    cells = {name: _cells(nw.from_native(native[name], series_only=True)) for name in names}
    return container, cells


def _of_array(X: Array) -> tuple[Container, dict[Hashable, Cells]]:
    names: list[Hashable] = list(range(X.shape[1]))
    return Container(names), {name: _cells_of_array(X[:, name]) for name in range(X.shape[1])}


def _cells_of_array(column: Array) -> Cells:
    if column.dtype.kind == "b":
        return Cells("boolean", column.tolist(), np.zeros(len(column), bool))
    if column.dtype.kind in "iuf":
        values = column.astype(np.float64)
        return Cells("number", values, np.isnan(values), column.dtype.kind in "iu")
    given = column.tolist()
    is_missing = np.array([_is_nothing(value) for value in given], bool)
    known = [value for value, missing in zip(given, is_missing, strict=True) if not missing]
    if all(isinstance(value, bool) for value in known):
        return Cells("boolean", given, is_missing)
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in known):
        values = np.array([np.nan if m else v for v, m in zip(given, is_missing, strict=True)])
        return Cells("number", values.astype(np.float64), is_missing)
    return Cells("text", given, is_missing)


def _is_nothing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and np.isnan(value))


def _cells(series: "nw.Series[Any]") -> Cells:
    dtype = series.dtype
    is_missing = series.is_null()
    if dtype.is_float():
        is_missing = is_missing | series.is_nan()
    missing: Bools = is_missing.fill_null(True).to_numpy().astype(bool)
    if dtype == nw.Boolean:
        return Cells("boolean", series.to_list(), missing)
    if dtype == nw.Duration:
        return Cells("span", _floats(series.dt.total_microseconds(), missing), missing)
    if dtype == nw.Date:
        series = series.cast(nw.Datetime(_UNIT))
    if dtype in (nw.Date, nw.Datetime):
        values = _floats(series.dt.timestamp(_UNIT), missing)
        return Cells("date", values, missing, dtype == nw.Date)
    if dtype.is_numeric():
        return Cells("number", _floats(series, missing), missing, dtype.is_integer())
    given = series.to_list()
    return _of_objects(given, missing) if dtype == nw.Object else Cells("text", given, missing)


def _of_objects(values: list[Any], missing: Bools) -> Cells:
    """Cells of a column of Python objects, which may all be of one better type."""
    column = np.empty(len(values), object)
    column[:] = [None if is_out else value for value, is_out in zip(values, missing, strict=True)]
    return _cells_of_array(column)


def _floats(series: "nw.Series[Any]", missing: Bools) -> Array:
    values = series.cast(nw.Float64).to_numpy().astype(np.float64)
    floats: Array = np.where(missing, np.nan, values)
    return floats
