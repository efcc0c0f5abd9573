"""What an estimator of tables makes of a table before it learns: its columns, and their cells."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone

from skae.numerics import Array
from skae.reducers import thawed
from skae.tabular._cells import NUMERIC
from skae.tabular._encoding import Encoding
from skae.tabular._input import Table, checked_table


@dataclass(frozen=True)
class Survey:
    """The cells of a table, and what a TableAutoencoder reads its columns as.

    Attributes
    ----------
    table : Table
    encoding : Encoding
        Of these rows, or that of an estimator that is frozen.
    dropped : list
        Labels of columns that are to be left out whatever they hold.
    """

    table: Table
    encoding: Encoding
    dropped: list[Hashable]

    @classmethod
    def of(cls, estimator: Any, X: Any) -> "Survey":
        """Look at a table as an estimator does.

        Parameters
        ----------
        estimator : TableAutoencoder, unfitted or frozen
        X : DataFrame or array-like

        Raises
        ------
        TypeError, ValueError
            As its ``fit``.
        """
        reader = thawed(estimator)
        dropped = [] if isinstance(reader.drop, str) else list(reader.drop)
        if reader is not estimator:
            encoding = reader._encoding
            return cls(checked_table(reader, X, encoding.container.names), encoding, dropped)
        estimator._validate_params()
        asked = clone(estimator)
        table = checked_table(asked, X, None)
        return cls(table, asked._encoding_of(table, None), dropped)

    @property
    def left_out(self) -> dict[Hashable, str]:
        """Columns that nothing is learnt from, and why."""
        return dict(self.encoding.left_out)

    def numbers(self) -> Array:
        """Columns of numbers, dates and spans, float64; NaN where missing, times in microseconds.

        Returns
        -------
        numbers : ndarray of shape (n_samples, n_numbers)
        """
        cells = (self.table.cells[name] for name in self.encoding.numbers)
        columns = [each.values for each in cells if each.kind in NUMERIC]
        return np.column_stack(columns) if columns else np.empty((self.table.n_rows, 0))
