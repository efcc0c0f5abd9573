"""Who reads the rows of a detector: as numbers, or as a table."""

from typing import Any

import numpy as np

from skae.applications.outliers._numbers import NumbersReader
from skae.applications.outliers._plan import Plan
from skae.applications.outliers._tables import TableReader
from skae.tabular import is_a_table, reads_tables

Reader = NumbersReader | TableReader


def reader_to_fit(reducer: Any, X: Any, plan: Plan, rng: np.random.RandomState) -> Any:
    """Return a reader of rows like these for a new reducer.

    Raises
    ------
    TypeError
        If the reducer cannot reconstruct, or has no log-likelihood where ``scoring`` needs it.
    """
    if is_a_table(X, reducer):
        return TableReader.to_fit(reducer, plan, rng)
    return NumbersReader.to_fit(reducer, plan, rng)


def reader_of(reducer: Any) -> Any:
    """Return the reader of a fitted reducer."""
    return TableReader(reducer) if reads_tables(reducer) else NumbersReader(reducer)
