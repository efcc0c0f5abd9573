"""Rows of a table that can be chosen, counted and told apart, whatever they came in."""

import hashlib
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np

from skae.numerics import Array, Bools, Integers
from skae.reducers import select
from skae.tables import refuse_mask
from skae.tabular._cells import NUMERIC, Cells, as_objects
from skae.tabular._frames import native_table, read_table


@dataclass(frozen=True)
class TableRows:
    """Rows of a table.

    Attributes
    ----------
    X : DataFrame or ndarray
        The rows as they came; a frame of narwhals is its native one.
    labels : list
        Of the columns; their places for an array.
    keys : ndarray of shape (n_samples, n_columns)
        A number for each cell, NaN where it is missing: equal cells have equal ones, in frames of
        any library.
    """

    X: Any
    labels: list[Hashable]
    keys: Array

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of rows and of columns."""
        return self.keys.shape

    def __getitem__(self, rows: Bools | Integers) -> "TableRows":
        places: Integers = np.arange(len(self))[rows]
        return TableRows(select(self.X, places), self.labels, self.keys[places])

    def column(self, place: int) -> list[Any]:
        """The cells of a column, as they came."""
        if isinstance(self.X, np.ndarray):
            cells: list[Any] = self.X[:, place].tolist()
            return cells
        column = self.X.iloc[:, place] if hasattr(self.X, "iloc") else self.X.to_series(place)
        cells = column.to_list()
        return cells

    def without(self, *places: int) -> Any:
        """The rows as they came, but for columns of which nothing is known."""
        if isinstance(self.X, np.ndarray):
            kind = self.X.dtype.kind
            is_number = kind in "iuf"
            dtype = np.float64 if kind in "iu" else self.X.dtype if kind == "f" else object
            X = self.X.astype(dtype)
            X[:, list(places)] = np.nan if is_number else None
            return X
        if hasattr(self.X, "iloc"):
            X = self.X.copy(deep=False)
            for place in places:
                X[X.columns[place]] = X.iloc[:, place].mask(np.ones(len(self), bool))
            return X
        return self.X.with_columns([self.X.to_series(p).clear(len(self)) for p in places])

    def filled(self, places: tuple[int, ...], made: Any) -> "TableRows":
        """The same rows, found again by the same keys, with these columns of another table.

        Parameters
        ----------
        places : tuple of int
        made : DataFrame or ndarray
            Of as many rows and columns, in the same library.
        """
        if isinstance(self.X, np.ndarray):
            X: Any = self.X.astype(np.result_type(self.X, made))
            X[:, list(places)] = made[:, list(places)]
        elif hasattr(self.X, "iloc"):
            X = self.X.copy(deep=False)
            for place in places:
                X[X.columns[place]] = made.iloc[:, place].array
        else:
            X = self.X.with_columns([made.to_series(place) for place in places])
        return TableRows(X, self.labels, self.keys)


def table_rows(X: Any) -> TableRows:
    """The rows of a table.

    Raises
    ------
    TypeError
        For lazy frames, and those of other libraries.
    ValueError
        If X is masked, has no two axes, or two columns of one name.
    """
    X = native_rows(X)
    container, cells = read_table(X)
    keys = [_keys(column) for column in cells.values()]
    return TableRows(X, container.names, np.column_stack(keys) if keys else np.empty((len(X), 0)))


def native_rows(X: Any) -> Any:
    """A frame of pandas or polars itself, also of one of narwhals; what is no frame, as an array.

    Raises
    ------
    TypeError
        For lazy frames, and those of other libraries.
    ValueError
        If X is masked, has no two axes, or two columns of one name.
    """
    refuse_mask(X, "X")
    X = native_table(X)
    if hasattr(X, "columns"):
        return X
    # Numbers beside text stay numbers.
    is_mixed = isinstance(X, list | tuple) and np.asarray(X).dtype.kind == "U"
    rows = np.asarray(X, dtype=object if is_mixed else None)
    if rows.ndim != 2:
        raise ValueError(
            f"X has shape {rows.shape}, but a table of rows and columns was expected. Reshape it, "
            "or pass a frame."
        )
    return rows


def _keys(cells: Cells) -> Array:
    if cells.kind in NUMERIC:
        return cells.values
    if cells.kind == "unknown":
        return _numbers_of(cells.values, cells.is_missing)
    of_levels = _numbers_of(as_objects(cells.levels), np.zeros(len(cells.levels), bool))
    return np.append(of_levels, np.nan)[cells.values]


def _numbers_of(values: Array, is_missing: Bools) -> Array:
    """A number for each of some values, which depends on how it is written alone."""
    written = (f"{value}" for value in values)
    digests = (hashlib.blake2b(text.encode(), digest_size=6).digest() for text in written)
    # Floats hold integers of 48 bits.
    numbers = np.array([int.from_bytes(digest, "little") for digest in digests], np.float64)
    return np.where(is_missing, np.nan, numbers)
