"""Who reads the rows of a sampler, and makes new ones: as numbers, or as a table."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from skae import Autoencoder
from skae.applications._limits import Bound, Grid, Limits, fit_limits
from skae.numerics import Array, ArrayLike
from skae.reducers import (
    allows_nan,
    decoded,
    find_padding,
    given_rows,
    in_one_axis,
    reducer_to_fit,
    sample_shape_of,
    without_padding,
)
from skae.tables import check_array, column_labels, in_container, refuse_mask, validate_data
from skae.tabular import (
    TableAutoencoder,
    around_table,
    decoded_table,
    drawn_table,
    is_a_table,
    joined_tables,
    native_rows,
    reads_tables,
    table_in_container,
)


@dataclass(frozen=True)
class Wanted:
    """What new rows may hold, as the user asks for it."""

    min_value: Bound
    max_value: Bound
    grid: Grid


class NumbersReader:
    """Reads rows of numbers, and makes such rows of codes.

    Parameters
    ----------
    reducer : estimator
        Fitted or not.
    """

    def __init__(self, reducer: Any) -> None:
        self.reducer = reducer

    @classmethod
    def to_fit(cls, reducer: Any, wanted: Wanted, rng: np.random.RandomState) -> "NumbersReader":
        """Return one for a new reducer like the one given, or for None the default one."""
        return cls(reducer_to_fit(reducer, partial(Autoencoder, 0.9), rng))

    def given(self, X: ArrayLike) -> ArrayLike:
        """Return rows flat, and none of them masked."""
        return given_rows(self.reducer, X)

    def to_learn_from(self, X: ArrayLike, estimator: Any) -> Any:
        """Return the rows of a fit as an array."""
        checked = {**self._checked, "ensure_min_samples": 2}
        return check_array(X, estimator=estimator, input_name="X", **checked)

    def limits(self, rows: Array, X: ArrayLike, wanted: Wanted) -> Limits | None:
        """Return the limits of new rows, for a fitted reducer."""
        present = without_padding(rows, find_padding(self.reducer, rows))
        bounds = (wanted.min_value, wanted.max_value, wanted.grid)
        return fit_limits(present, *bounds, column_labels(X))

    def to_score(self, X: ArrayLike, estimator: Any) -> Any:
        """Return rows as an array, with the columns of the fit."""
        return validate_data(estimator, X, reset=False, **self._checked)

    def one_row(self, row: Any, name: str, estimator: Any) -> Any:
        """Return one row as a table of numbers."""
        refuse_mask(row, name)
        if np.shape(row) == sample_shape_of(self.reducer):
            row = np.reshape(row, (1, -1))
        row = in_one_axis(self.reducer, row, name)
        if np.ndim(row) == 1:
            # The row of a frame knows the names of its columns.
            row = row.to_frame().T if hasattr(row, "to_frame") else np.asarray(row)[np.newaxis]
        if np.ndim(row) != 2 or np.shape(row)[0] != 1:
            raise ValueError(
                f"{name} has shape {np.shape(row)}, but should be one row, of shape "
                f"({estimator.n_features_in_},) or (1, {estimator.n_features_in_}). Interpolate "
                "between two rows at a time."
            )
        self.to_score(row, estimator)
        return row

    def made(self, code: Array, limits: Limits | None) -> Any:
        """Return the rows that codes stand for."""
        rows = decoded(self.reducer, code)
        return rows if limits is None else limits.apply(rows)

    def drawn(self, code: Array, limits: Limits | None, rng: np.random.RandomState) -> Any:
        """Return rows drawn given their codes: of numbers, what the codes stand for."""
        return self.made(code, limits)

    def joined(self, rows: Array, code: Array, limits: Limits | None, rng: Any) -> Any:
        """Return rows, and new ones of codes after them."""
        new = self.made(code, limits).astype(rows.dtype) if len(code) else rows[:0]
        return np.concatenate([rows, new])

    def in_container(self, rows: Any, estimator: Any) -> Any:
        """Return rows in the container that is asked for."""
        return in_container(estimator, rows)

    @property
    def _checked(self) -> dict[str, Any]:
        finite = "allow-nan" if allows_nan(self.reducer) else True
        return {"dtype": [np.float64, np.float32], "ensure_all_finite": finite}


class TableReader:
    """Reads rows of a table, and makes such rows of codes.

    Parameters
    ----------
    reducer : TableAutoencoder, or a frozen one
        Fitted or not.
    """

    def __init__(self, reducer: Any) -> None:
        self.reducer = reducer

    @classmethod
    def to_fit(cls, reducer: Any, wanted: Wanted, rng: np.random.RandomState) -> "TableReader":
        """Return one for a new reducer: a TableAutoencoder, or one around what is given."""
        for name, value in vars(wanted).items():
            if value is not None:
                raise ValueError(
                    f"{name}={value!r} is for rows of numbers alone. New rows of a table keep to "
                    "the ranges, the whole numbers and the levels that there are in fit anyway: "
                    f"leave {name}=None."
                )
        return cls(reducer_to_fit(around_table(reducer), TableAutoencoder, rng))

    def given(self, X: Any) -> Any:
        """Return a frame of pandas or polars, or an array."""
        return native_rows(X)

    def to_learn_from(self, X: Any, estimator: Any) -> Any:
        """Return the rows of a fit, which the reducer itself checks."""
        return X

    def limits(self, rows: Any, X: Any, wanted: Wanted) -> None:
        """Return none: a table keeps to its own."""

    def to_score(self, X: Any, estimator: Any) -> Any:
        """Return rows with the columns of the fit."""
        X = self.given(X)
        validate_data(estimator, X, reset=False, skip_check_array=True)
        return X

    def one_row(self, row: Any, name: str, estimator: Any) -> Any:
        """Return one row of a table."""
        if np.ndim(row) != 2 or np.shape(row)[0] != 1:
            raise ValueError(
                f"{name} has shape {np.shape(row)}, but should be one row of a table, of shape "
                f"(1, {estimator.n_features_in_}), whose columns have their types: X[:1]."
            )
        return self.to_score(row, estimator)

    def made(self, code: Array, limits: None) -> Any:
        """Return the rows that codes stand for, with numbers such as the fit had."""
        return decoded_table(self.reducer, code)

    def drawn(self, code: Array, limits: None, rng: np.random.RandomState) -> Any:
        """Return rows drawn given their codes."""
        return drawn_table(self.reducer, code, rng)

    def joined(self, rows: Any, code: Array, limits: None, rng: np.random.RandomState) -> Any:
        """Return rows, and new ones drawn given codes after them."""
        return joined_tables(rows, self.drawn(code, None, rng)) if len(code) else rows

    def in_container(self, rows: Any, estimator: Any) -> Any:
        """Return rows in the container that is asked for."""
        return table_in_container(estimator, rows)


def reader_to_fit(reducer: Any, X: Any, wanted: Wanted, rng: np.random.RandomState) -> Any:
    """Return a reader of rows like these for a new reducer.

    Raises
    ------
    TypeError
        If the reducer cannot reconstruct.
    ValueError
        If limits are wanted of the rows of a table.
    """
    reader = TableReader if is_a_table(X, reducer) else NumbersReader
    return reader.to_fit(reducer, wanted, rng)


def reader_of(reducer: Any) -> Any:
    """Return the reader of a fitted reducer."""
    return TableReader(reducer) if reads_tables(reducer) else NumbersReader(reducer)
