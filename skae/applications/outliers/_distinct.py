"""Enough different rows to fit a detector to."""

import numpy as np

from skae.folds import row_keys
from skae.numerics import Array

# With fewer rows, a reducer or a covariance would be left with a single one.
MIN_ROWS = 4


def check_distinct(X: Array, trim: float) -> None:
    """Raise ValueError unless enough rows differ to learn from."""
    n_distinct = len(np.unique(row_keys(X)))
    if n_distinct == 1:
        raise ValueError(
            f"All {len(X)} rows to fit are equal, and at least {MIN_ROWS} different ones are "
            "needed to learn how normal rows vary; pass rows that vary. Which differ from the "
            "first row is found by (X != X[0]).any(axis=1)."
        )
    if n_distinct < MIN_ROWS:
        raise ValueError(
            f"Only {n_distinct} different rows are left to fit after trim={trim}, and at least "
            f"{MIN_ROWS} are needed; pass more rows that differ."
        )
