"""Rows in the units that bars are drawn in: deviations from the mean of each feature."""

import numpy as np

from skae.numerics import Array, ArrayLike
from skae.tables import column_units


def standardized(X: Array, means: ArrayLike | None, deviations: ArrayLike | None) -> Array:
    """Return rows as deviations from the means, in standard deviations, if there are means."""
    if means is None and deviations is None:
        return X
    means, units = _checked_units(means, deviations, X.shape[-1])
    return (X - means) / units


def standardized_differences(
    differences: Array, means: ArrayLike | None, deviations: ArrayLike | None
) -> Array:
    """Return differences of rows in standard deviations, if there are any."""
    if means is None and deviations is None:
        return differences
    return differences / _checked_units(means, deviations, differences.shape[-1])[1]


def _checked_units(
    means: ArrayLike | None, deviations: ArrayLike | None, n_columns: int
) -> tuple[Array, Array]:
    means = _one_a_column("feature_means", means, n_columns)
    deviations = _one_a_column("feature_deviations", deviations, n_columns)
    return means, column_units(means, deviations)


def _one_a_column(name: str, values: ArrayLike | None, n_columns: int) -> Array:
    if values is None:
        raise ValueError(
            f"{name}=None, but feature_means and feature_deviations belong together; pass both, or "
            "neither for bars in the units of the rows."
        )
    values = np.asarray(values, dtype=float)
    if values.shape != (n_columns,):
        raise ValueError(
            f"{name} has shape {values.shape}, but ({n_columns},) was expected, one value for each "
            "column; pass as many, or None."
        )
    return values
