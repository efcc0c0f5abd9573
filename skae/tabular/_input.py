"""Checks of what comes in: tables, the autoencoder inside, values that rows are to have."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from skae.estimators import BaseAutoencoder
from skae.tables import refuse_mask, validate_data
from skae.tabular._cells import Cells
from skae.tabular._columns import CategoryColumn
from skae.tabular._encoding import Encoding, check_magnitudes
from skae.tabular._frames import Container, native_table, read_table

_MOST_NAMES = 20


class Table(NamedTuple):
    """A table as it came, and its cells by the names that its columns had in fit.

    Attributes
    ----------
    X : DataFrame or ndarray
    container : Container
    cells : dict
    """

    X: Any
    container: Container
    cells: dict[Hashable, Cells]

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.X)

    @property
    def index(self) -> Any:
        """That of a frame of pandas."""
        return getattr(self.X, "index", None)

    def column(self, name: Hashable) -> Any:
        """A column as it came."""
        place = self.container.names.index(name)
        if isinstance(self.X, np.ndarray):
            return self.X[:, place]
        return self.X[self.X.columns[place]]


def checked_table(estimator: Any, X: Any, names: Sequence[Hashable] | None) -> Table:
    """A table whose columns are those of the fit, in their order.

    Parameters
    ----------
    estimator : TableAutoencoder
    X : DataFrame or array-like
    names : sequence or None
        Of the columns in fit; None for the table of a fit.

    Raises
    ------
    TypeError
        For what is no table.
    ValueError
        For too few rows, or other columns.
    """
    refuse_mask(X, "X")
    is_fit = names is None
    X = native_table(X)
    n_least = 2 if is_fit else 1
    if not hasattr(X, "columns"):
        if isinstance(X, list | tuple) and np.asarray(X).dtype.kind == "U":
            X = np.array(X, dtype=object)  # numbers beside text stay numbers
        X = validate_data(
            estimator,
            X,
            reset=is_fit,
            dtype=None,
            ensure_all_finite="allow-nan",
            ensure_min_samples=n_least,
        )
        container, cells = read_table(X)
    else:
        container, cells = read_table(X)
        validate_data(estimator, X, reset=is_fit, skip_check_array=True)
        if not container.names:
            raise ValueError(f"X has 0 feature(s) (shape={X.shape}), but at least 1 is required.")
        if len(X) < n_least:
            raise ValueError(
                f"Found array with {len(X)} sample(s) (shape={X.shape}) while a minimum of "
                f"{n_least} is required by {type(estimator).__name__}."
            )
    if names is not None:
        # Columns are those of the fit by their places, whatever else they are called.
        cells = dict(zip(names, cells.values(), strict=True))
        container = container.renamed(list(names))
    return Table(X, container, cells)


def check_template(autoencoder: BaseAutoencoder | None) -> None:
    """Refuse an autoencoder that cannot learn the columns of a table.

    Raises
    ------
    ValueError
        For another network than a dense one, rows with a shape, losses of values between 0 and 1,
        and a warm start, as every fit begins anew.
    """
    if autoencoder is None:
        return
    ways_out = {
        "network": ("dense", "columns of a table have no neighbours"),
        "sample_shape": (None, "rows of a table have no shape"),
        "mask_value": (None, "missing values of a table are found without it"),
        "warm_start": (False, "every fit of a TableAutoencoder begins anew"),
    }
    for name, (needed, reason) in ways_out.items():
        value = getattr(autoencoder, name)
        if name == "network" and isinstance(value, str) and value == "auto":
            # Dense, where rows have no shape.
            continue
        if value is not needed and value != needed:
            is_by_nature = value == getattr(type(autoencoder)(), name)
            instead = (
                "Pass another class, such as Autoencoder or VariationalAutoencoder"
                if is_by_nature
                else f"Set {name}={needed!r}"
            )
            raise ValueError(
                f"autoencoder={type(autoencoder).__name__} has {name}={value!r}, but {reason}. "
                f"{instead}."
            )
    for name, refused, instead in (
        ("loss", "binary_crossentropy", "squared_error"),
        ("likelihood", "bernoulli", "gaussian"),
    ):
        if getattr(autoencoder, name, None) == refused:
            raise ValueError(
                f"autoencoder={type(autoencoder).__name__} has {name}={refused!r}, which is for "
                "values that all lie in [0, 1]. Truth values and categories of a table have their "
                f"cross-entropy anyway: set {name}={instead!r}, which is about its numbers."
            )


def no_column_left(left_out: Mapping[Hashable, str]) -> ValueError:
    """The error of a table without any column to learn from."""
    reasons = "; ".join(f"{n!r}: {why}" for n, why in list(left_out.items())[:_MOST_NAMES])
    return ValueError(
        f"No column of X is left to learn from ({reasons}). Pass drop=[] to keep those that only "
        "seem to be names or text."
    )


def known_names(given: Sequence[Hashable], container: Container, parameter: str) -> list[Hashable]:
    """Labels of columns, of which each is one of a table.

    Raises
    ------
    ValueError
        For other labels.
    """
    listed = list(given)
    unknown = [name for name in listed if name not in container.names]
    if unknown:
        raise ValueError(
            f"{parameter} names {unknown[0]!r}, which is no column of X. Its columns are "
            f"{', '.join(map(repr, container.names[:_MOST_NAMES]))}."
        )
    return listed


def given_cells(encoding: Encoding, given: Mapping[Hashable, Any]) -> dict[Hashable, Cells]:
    """Values that rows are to have, as cells of one row.

    Raises
    ------
    ValueError
        For columns that were not learnt from, and values that they cannot have.
    """
    used = encoding.used
    unknown = [name for name in given if name not in used]
    if unknown:
        raise ValueError(
            f"given names {unknown[0]!r}, which is no column that was learnt from. Name one of "
            f"{', '.join(map(repr, list(used)[:_MOST_NAMES]))}."
        )
    cells = {name: encoding.container.cells_of_value(name, value) for name, value in given.items()}
    for name, cell in cells.items():
        column = used[name]
        if cell.is_missing[0]:
            if name not in encoding.missing or given[name] is not None:
                _refuse_value(name, given[name], "in fit")
        elif isinstance(column, CategoryColumn):
            levels = [*column.levels, *column.pooled]
            if cell.kind == "unknown" or cell.as_levels().levels[0] not in levels:
                shown = ", ".join(map(repr, levels[:10]))
                _refuse_value(name, given[name], f"in fit. Its levels are {shown}")
        else:
            if cell.kind != column.kind:
                _refuse_value(name, given[name], f"in fit, where it held {column.kind} values")
            check_magnitudes(name, cell)
            if column.is_whole and cell.values[0] % column.step:
                _refuse_value(name, given[name], "in fit, where all values were whole")
    return cells


def _refuse_value(name: Hashable, value: Any, where: str) -> None:
    raise ValueError(f"given asks for {name!r} = {value!r}, which no row had {where}.")
