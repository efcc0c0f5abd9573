"""Where a reducer is worse than the mean row: its reconstruction is not used there."""

import numpy as np

from skae.numerics import Array

# Columns whose variance is a smaller share of the mean one are in other units, or do not vary.
SMALL_COLUMN = 3e-4
# By chance, the squared residual of one row along an axis may exceed that of the mean row by this
# many times.
_CHANCE = 2.0


def principal_axes(rows: Array) -> tuple[Array, Array]:
    """Return mean squares of rows along their axes, and these axes as columns.

    There are as many as rows can tell apart.
    """
    n_rows, n_columns = rows.shape
    if n_rows < n_columns:
        _, lengths, axes = np.linalg.svd(rows, full_matrices=False)
        return lengths**2 / n_rows, axes.T
    squares, axes = np.linalg.eigh(rows.T @ rows / n_rows)
    return np.maximum(squares, 0.0), axes


def column_floors(rows: Array) -> Array:
    """Return what small columns lack of the least variance that counts; zero for all others.

    Parameters
    ----------
    rows : ndarray of shape (n_samples, n_features)
        Centred.
    """
    variances = np.mean(rows**2, axis=0)
    floors: Array = np.maximum(SMALL_COLUMN * np.mean(variances) - variances, 0.0)
    return floors


class TrustedResiduals:
    """Residuals that are along no principal axis much larger than those of the mean row.

    Where columns are nearly collinear, rows hardly vary along some axes. A network that follows the
    long axes moves a little along the short ones too, by more than rows do, and what is odd there
    would drown in it. Which axes these are is learnt from rows that the reducer has not seen.

    Parameters
    ----------
    X, reconstructions : ndarray of shape (n_samples, n_features)
        Rows to learn from, and what other reducers, that have not seen them, make of them.
    centre : ndarray of shape (n_features,)
        The mean row.
    """

    def __init__(self, X: Array, reconstructions: Array, centre: Array) -> None:
        self.centre = centre
        # Columns in other units are no short axes.
        comparable = column_floors(X - centre) == 0
        squares, axes = principal_axes((X - centre) * comparable)
        left = np.mean((((X - reconstructions) * comparable) @ axes) ** 2, axis=0)
        self.untrusted = axes[:, left > (1 + _CHANCE / np.sqrt(len(X))) * squares]

    def residuals(self, X: Array, reconstructions: Array, /) -> Array:
        """Return rows less their reconstructions, or less the mean row along untrusted axes."""
        moved = (reconstructions - self.centre) @ self.untrusted
        residuals: Array = X - reconstructions + moved @ self.untrusted.T
        return residuals
