"""Autoencoders put around a table, where rows are more than numbers."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np

from skae.estimators import BaseAutoencoder
from skae.numerics import Array
from skae.reducers import allows_nan, thawed
from skae.tables import has_holes, holds_more_than_numbers
from skae.tabular._autoencoder import TableAutoencoder
from skae.tabular._input import no_column_left
from skae.tabular._survey import Survey


def reads_tables(reducer: object) -> bool:
    """Whether a reducer is a TableAutoencoder, frozen or not."""
    return isinstance(thawed(reducer), TableAutoencoder)


def is_a_table(X: Any, reducer: object, *, with_holes: bool = True) -> bool:
    """Whether rows are to be read as a table, column by column.

    Parameters
    ----------
    X : object
    reducer : estimator or None
        A TableAutoencoder reads whatever comes as a table.
    with_holes : bool, default=True
        Whether missing values alone make a table of a frame of numbers, where the reducer is one
        that can be put around a table and does not know them for padding.
    """
    if reads_tables(reducer):
        return True
    # Others read numbers alone, and say which column is none.
    is_ours = reducer is None or isinstance(reducer, BaseAutoencoder)
    if is_ours and holds_more_than_numbers(X):
        return True
    return with_holes and is_ours and not allows_nan(reducer) and has_holes(X)


def around_table(reducer: Any) -> Any:
    """The reducer of a table: one that is given, or a TableAutoencoder around an autoencoder.

    Parameters
    ----------
    reducer : TableAutoencoder, autoencoder or None
        None means the default autoencoder of tables.
    """
    return reducer if reads_tables(reducer) else TableAutoencoder(reducer)


def n_columns_used(table: TableAutoencoder, X: Any) -> int:
    """Columns that an unfitted TableAutoencoder would learn from; 0 where none is left.

    Raises
    ------
    TypeError, ValueError
        As its ``fit``.
    """
    return len(Survey.of(table, X).encoding.used)


def columns_left_out(table: TableAutoencoder, X: Any) -> dict[Hashable, str]:
    """Columns that an unfitted TableAutoencoder would not learn from, and why.

    Raises
    ------
    TypeError, ValueError
        As its ``fit``.
    """
    return Survey.of(table, X).left_out


def leave_out_once(table: Any, survey: Survey) -> dict[Hashable, str]:
    """Fix which columns a reducer of tables leaves out, by all rows, and return why.

    Parts of the rows may say otherwise: a column that numbers all of them has gaps in a part.

    Parameters
    ----------
    table : TableAutoencoder, or a frozen one
        Unfitted. What is frozen, or told which columns to drop, stays as it is.
    survey : Survey
        Of all rows.

    Returns
    -------
    left_out : dict
        For ``say_why_left_out``; empty where nothing was decided.

    Raises
    ------
    ValueError
        If no column is left.
    """
    if thawed(table) is not table or not isinstance(table.drop, str):
        return {}
    left_out = survey.left_out
    if len(left_out) == len(survey.table.container.names):
        raise no_column_left(left_out)
    table.set_params(drop=list(left_out))
    return left_out


def say_why_left_out(table: Any, left_out: Mapping[Hashable, str]) -> None:
    """Give a TableAutoencoder, fitted to a part of the rows, the reasons of ``leave_out_once``."""
    if left_out:
        thawed(table).left_out_.update(left_out)
        thawed(table)._encoding.left_out.update(left_out)


def set_width(table: TableAutoencoder, X: Any, share: float, most: int) -> None:
    """Give the autoencoder inside so many components for each column that it will use of X.

    Parameters
    ----------
    table : TableAutoencoder
        Unfitted, with an autoencoder.
    X : DataFrame or array-like
    share : float
        Components for each column.
    most : int
        Components at most; one at least.
    """
    n_components = min(most, max(1, int(share * n_columns_used(table, X))))
    table.set_params(autoencoder__n_components=n_components)


def columns_of_numbers(table: Any, *, with_times: bool = True) -> list[Hashable]:
    """Labels of the columns that a fitted TableAutoencoder learnt as numbers, dates or spans."""
    found = thawed(table)._encoding.numbers.items()
    return [name for name, column in found if with_times or column.kind == "number"]


def surprises(table: Any, X: Any) -> Array:
    """How surprising each column of each row is to a fitted TableAutoencoder.

    Returns
    -------
    surprises : ndarray of shape (n_samples, n_columns)
        In the order of the table of the fit; up to a constant of its own for each column, and 0
        for those that were left out.
    """
    labels, left_out = thawed(table)._encoding.container.names, thawed(table).left_out_
    found = np.asarray(table.column_scores(X), dtype=np.float64)
    whole = np.zeros((len(found), len(labels)))
    whole[:, [label not in left_out for label in labels]] = found
    return whole


def features_of(table: Any, X: Any) -> Array:
    """Rows of a table as the autoencoder inside a fitted TableAutoencoder reads them."""
    fitted = thawed(table)
    return np.concatenate(list(fitted._encoding.blocks(fitted._table(X).cells)))


def decoded_table(table: Any, code: Array) -> Any:
    """Rows that codes of a fitted TableAutoencoder stand for, with numbers such as the fit had."""
    fitted = thawed(table)
    rows = fitted.autoencoder_._model.decode(code)
    return fitted._made(fitted._encoding.table(rows, as_seen=True))


def drawn_table(table: Any, code: Array, rng: np.random.RandomState) -> Any:
    """Rows drawn by a fitted TableAutoencoder given their codes, in what the fit had."""
    fitted = thawed(table)
    return fitted._made(fitted._drawn(code, rng))
