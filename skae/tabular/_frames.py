"""Frames of pandas and polars, and arrays, as cells by column; and columns as such a frame."""

import sys
from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import narwhals as nw
import numpy as np

from skae.numerics import Array, Bools
from skae.tables import in_memory
from skae.tabular._cells import UNIT, Cells, as_objects, cells_of_array, cells_of_series
from skae.tabular._libraries import needed_pandas, needed_polars


@dataclass(frozen=True)
class Container:
    """What a table came in.

    Attributes
    ----------
    names : list
        Labels of the columns; their places for an array.
    library : {"pandas", "polars"} or None
        None for an array.
    dtypes : dict
        The library's own type of each column.
    """

    names: list[Hashable]
    library: str | None = None
    dtypes: dict[Hashable, Any] = field(default_factory=dict)

    def __getstate__(self) -> dict[str, Any]:
        # Types of pandas hold more than files of models may name.
        dtypes = {name: _plain_dtype(dtype) for name, dtype in self.dtypes.items()}
        return {"names": self.names, "library": self.library, "dtypes": dtypes}

    def __setstate__(self, state: dict[str, Any]) -> None:
        dtypes = {name: _dtype_again(plain) for name, plain in state["dtypes"].items()}
        for name, value in {**state, "dtypes": dtypes}.items():
            object.__setattr__(self, name, value)

    def renamed(self, names: list[Hashable]) -> "Container":
        """The same with other labels, as many."""
        dtypes = {new: self.dtypes[old] for old, new in zip(self.names, names, strict=True)}
        return replace(self, names=names, dtypes=dtypes)

    def column(self, name: Hashable, values: Array) -> Any:
        """Values as a column of the type that it has in this container.

        Parameters
        ----------
        name : object
        values : ndarray
            Of floats (microseconds for dates and spans, NaN where missing) or of objects (None
            where missing).
        """
        if self.library is None:
            return values
        if self.library == "pandas":
            return _of_pandas(name, values, self.dtypes[name])
        return _of_polars(name, values, self.dtypes[name])

    def cells_of_value(self, name: Hashable, value: Any) -> Cells:
        """A value as a column of one row.

        Raises
        ------
        ValueError
            If it is none of the type of the column.
        """
        try:
            if self.library is None:
                return cells_of_array(as_objects([value]))
            return cells_of_series(nw.from_native(self._one_row(name, value), series_only=True))
        except _conversion_errors() as error:
            raise ValueError(
                f"given asks for {name!r} = {value!r}, which is no value for a column of type "
                f"{self.dtypes[name]}."
            ) from error

    def _one_row(self, name: Hashable, value: Any) -> Any:
        # Categories and truth values are compared afterwards; their types would change others.
        dtype = self.dtypes[name]
        if self.library == "pandas":
            pd = needed_pandas()

            if isinstance(dtype, pd.CategoricalDtype) or dtype.kind == "b":
                return pd.Series([value], dtype=object)
            return pd.Series([value], dtype="float64" if dtype.kind in "iuf" else dtype)
        pl = needed_polars()

        if dtype.is_numeric():
            return pl.Series(str(name), [None if value is None else float(value)], pl.Float64)
        column = pl.Series(str(name), [value])
        return column.cast(dtype) if dtype.is_temporal() else column

    def joined(self, columns: Mapping[Hashable, Any], index: Any = None) -> Any:
        """Columns, each of its type, as a table.

        Parameters
        ----------
        columns : dict
        index : optional
            Of a frame of pandas.
        """
        if self.library is None:
            return self._joined_array(columns)
        if self.library == "pandas":
            pd = needed_pandas()

            frame = pd.DataFrame({name: c.reset_index(drop=True) for name, c in columns.items()})
            return frame if index is None else frame.set_axis(index)
        pl = needed_polars()

        return pl.DataFrame(list(columns.values()))

    def _joined_array(self, columns: Mapping[Hashable, Array]) -> Array:
        dtype = next(iter(self.dtypes.values()))
        has_objects = any(column.dtype.kind in "OU" for column in columns.values())
        if has_objects and any(_are_values(column) for column in columns.values()):
            table = np.column_stack([as_objects(column.tolist()) for column in columns.values()])
        else:
            table = np.column_stack([column.astype(np.float64) for column in columns.values()])
        if dtype.kind == "f" or (dtype.kind in "biuU" and not _nothing(table).any()):
            return table.astype(dtype)
        return table


# Types of polars that have no parameters, and those of the others.
_PLAIN_POLARS = (
    *("Int8", "Int16", "Int32", "Int64", "Int128", "UInt8", "UInt16", "UInt32", "UInt64"),
    *("Float32", "Float64", "Boolean", "String", "Categorical", "Date", "Time", "Null"),
)
_POLARS_PARAMETERS = {"Datetime": ("time_unit", "time_zone"), "Duration": ("time_unit",)}


def _plain_dtype(dtype: Any) -> Any:
    """A type of pandas or polars as text, or as its categories; another one as it is."""
    pl = sys.modules.get("polars")
    if pl is not None and isinstance(dtype, pl.DataType):
        return _plain_polars(dtype)
    pd = sys.modules.get("pandas")
    if pd is None or not isinstance(dtype, pd.api.extensions.ExtensionDtype):
        return dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return {"categories": dtype.categories.tolist(), "ordered": bool(dtype.ordered)}
    text = str(dtype)
    return text if pd.api.types.pandas_dtype(text) == dtype else dtype


def _dtype_again(plain: Any) -> Any:
    if not isinstance(plain, str | dict):
        return plain
    if isinstance(plain, dict) and "polars" in plain:
        return _polars_again(**plain)
    pd = needed_pandas()

    return pd.api.types.pandas_dtype(plain) if isinstance(plain, str) else _categories(**plain)


def _plain_polars(dtype: Any) -> Any:
    name = type(dtype).__name__
    if name == "Enum":
        return {"polars": name, "categories": dtype.categories.to_list()}
    known = _POLARS_PARAMETERS.get(name, () if name in _PLAIN_POLARS else None)
    # What is nested or of others' making is as it is.
    return dtype if known is None else {"polars": name, **{k: getattr(dtype, k) for k in known}}


def _polars_again(polars: str, **parameters: Any) -> Any:
    pl = needed_polars()

    if polars not in (*_PLAIN_POLARS, *_POLARS_PARAMETERS, "Enum"):
        raise ValueError(f"There is no type {polars!r} of columns.")
    return getattr(pl, polars)(**parameters)


def _categories(categories: list[Any], ordered: bool) -> Any:
    pd = needed_pandas()

    return pd.CategoricalDtype(categories, ordered)


def _conversion_errors() -> tuple[type[Exception], ...]:
    """What a library raises for values that a type cannot hold; polars, where it is loaded."""
    usual: tuple[type[Exception], ...] = (TypeError, ValueError, OverflowError)
    polars = sys.modules.get("polars")
    return usual if polars is None else (*usual, polars.exceptions.PolarsError)


def _are_values(column: Array) -> bool:
    """Whether a column holds anything that is no number."""
    values = column.tolist()
    return any(isinstance(v, bool) or not isinstance(v, int | float | None) for v in values)


def _nothing(values: Array) -> Bools:
    nothing: Bools = (
        np.isnan(values)
        if values.dtype.kind == "f"
        else np.array([value is None for value in values.ravel().tolist()])
    )
    return nothing


def _whole(values: Array) -> Array:
    """Floats as integers, 0 where missing."""
    floats = values.astype(np.float64)
    return np.where(np.isnan(floats), 0.0, floats).round().astype(np.int64)


def _moments(values: Array, dtype: np.dtype[Any]) -> Array:
    moments = _whole(values).astype(f"{dtype.kind}8[{UNIT}]").astype(dtype)
    moments[_nothing(values)] = np.array("NaT", dtype)
    return moments


def _within(values: Array, integer: str) -> Array:
    """Whole numbers that an integer type can hold."""
    limits = np.iinfo(integer if integer in np.sctypeDict else "int64")
    # The largest of 64 bits has no float of its own: the one below it is the last that fits.
    highest = float(limits.max) if limits.bits < 64 else np.nextafter(float(limits.max), 0.0)
    return np.clip(np.round(values), float(limits.min), highest)


def _of_pandas(name: Hashable, values: Array, dtype: Any) -> Any:
    pd = needed_pandas()

    if isinstance(dtype, pd.DatetimeTZDtype):
        moments = pd.Series(_moments(values.astype(float), np.dtype(f"M8[{UNIT}]")), name=name)
        return moments.dt.tz_localize("UTC").dt.tz_convert(dtype.tz).astype(dtype)
    if dtype.kind in "mM":
        moments = _moments(values.astype(float), np.dtype(f"{dtype.kind}8[{UNIT}]"))
        return pd.Series(moments, name=name).astype(dtype)
    if values.dtype.kind == "f" and dtype.kind in "iu":
        known = _within(values, getattr(dtype, "numpy_dtype", dtype).name)
        column = pd.Series(known, name=name, dtype="Float64")
        if isinstance(dtype, np.dtype) and np.isnan(known).any():
            return column.astype("Int64")  # the type has no word for what is missing
        return column.astype(dtype)
    if values.dtype.kind == "f" and dtype.kind == "f":
        return pd.Series(values, name=name).astype(dtype)
    if values.dtype.kind == "f":
        nothing, values = np.isnan(values), values.astype(object)
        values[nothing] = None
    column = pd.Series(values, name=name, dtype=object)
    if isinstance(dtype, pd.CategoricalDtype):
        # Another table may have other categories than that of the fit.
        unknown = [v for v in column.dropna().unique() if v not in dtype.categories]
        return column.astype(_with_categories(dtype, unknown))
    if isinstance(dtype, np.dtype) and dtype.kind in "iub" and _nothing(values).any():
        return column.convert_dtypes()
    return column.astype(dtype)


def _with_categories(dtype: Any, more: list[Any]) -> Any:
    pd = needed_pandas()

    categories = [*dtype.categories, *more]
    return pd.CategoricalDtype(categories, dtype.ordered) if more else dtype


def _of_polars(name: Hashable, values: Array, dtype: Any) -> Any:
    pl = needed_polars()

    if dtype in (pl.Date, pl.Datetime, pl.Duration):
        floats = values.astype(np.float64)
        whole = pl.Series(str(name), _whole(floats)).set(pl.Series(np.isnan(floats)), None)
        column = whole.cast(pl.Duration(UNIT) if dtype == pl.Duration else pl.Datetime(UNIT))
        zone = getattr(dtype, "time_zone", None)
        if zone is not None:
            column = column.dt.replace_time_zone("UTC").dt.convert_time_zone(zone)
        return column.cast(dtype)
    if values.dtype.kind == "f":
        if dtype.is_integer():
            values = _within(values, str(dtype).lower())
        return pl.Series(str(name), values).fill_nan(None).cast(dtype, strict=False)
    column = pl.Series(str(name), values.tolist(), strict=False)
    if isinstance(dtype, pl.Enum):
        # Another table may have other categories than that of the fit.
        known = dtype.categories
        more = column.unique().drop_nulls().sort()
        dtype = pl.Enum(pl.concat([known, more.filter(~more.is_in(known.to_list()))]))
    return column.cast(dtype, strict=False)


def read_table(X: Any) -> tuple[Container, dict[Hashable, Cells]]:
    """The kind of container, and its cells by column.

    Parameters
    ----------
    X : DataFrame or array-like
        As ``native_table`` returns it.

    """
    frame = nw.from_native(X, pass_through=True)
    if not isinstance(frame, nw.DataFrame):
        return _of_array(np.asarray(X))
    names = list(X.columns)
    is_pandas = frame.implementation.is_pandas()
    dtypes = {name: X[name].dtype for name in names}
    container = Container(names, "pandas" if is_pandas else "polars", dtypes)
    cells = {name: cells_of_series(nw.from_native(X[name], series_only=True)) for name in names}
    return container, cells


def native_table(X: Any) -> Any:
    """A frame of pandas or polars itself, also of one of narwhals; what is no frame, as it is.

    One of dask is computed.

    Raises
    ------
    TypeError
        For frames of other libraries, and for lazy ones.
    ValueError
        If two columns have one name.
    """
    X = in_memory(X)
    names = list(getattr(X, "columns", [])) if hasattr(X, "iloc") else []
    twice = next((name for name, count in Counter(names).items() if count > 1), None)
    if twice is not None:
        raise ValueError(f"X has several columns named {twice!r}. Give each a name of its own.")
    frame = nw.from_native(X, pass_through=True)
    if not isinstance(frame, nw.DataFrame | nw.LazyFrame):
        return X
    native, library = frame.to_native(), frame.implementation
    if isinstance(frame, nw.DataFrame) and (library.is_pandas() or library.is_polars()):
        return native
    kind = f"{type(native).__module__.partition('.')[0]}.{type(native).__name__}"
    raise TypeError(
        f"X is a {kind}, but frames of pandas and polars and arrays are expected. Call its "
        "collect(), to_pandas() or to_polars() first."
    )


def _of_array(X: Array) -> tuple[Container, dict[Hashable, Cells]]:
    names: list[Hashable] = list(range(X.shape[1]))
    container = Container(names, None, dict.fromkeys(names, X.dtype))
    return container, {name: cells_of_array(X[:, name]) for name in range(X.shape[1])}


def filled(column: Any, is_missing: Bools, made: Any) -> Any:
    """A column of any library with other values where it has none."""
    if isinstance(column, np.ndarray):
        return np.where(is_missing, made, column)
    if hasattr(column, "iloc"):
        column = column.reset_index(drop=True)
        if hasattr(column, "cat"):
            column = column.cat.set_categories(made.cat.categories)
        return column.where(~is_missing, made)
    pl = needed_polars()

    return made.zip_with(pl.Series(is_missing), column.cast(made.dtype))
