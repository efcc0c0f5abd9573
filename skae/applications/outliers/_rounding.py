"""Residuals that are rounding, which is no evidence of anything.

A reducer may be exact: PCA of as many components as the rows have dimensions, an autoencoder with a
component for every column. What it leaves of rows is then the error of its arithmetic, which says
nothing of how usual these are, and differs from one fitted reducer to another.
"""

from typing import Protocol

import numpy as np

from skae.numerics import Array
from skae.reducers._padding import padding_value

# Reconstructing is a few operations on every value, each rounded to the precision of the row.
_OPERATIONS = 4
# The largest errors of arithmetic are four to eight times their upper quartile.
_USUAL_QUANTILE = 0.75
_BEYOND_USUAL = 20.0
# Errors of arithmetic in single precision are less than this share of a column's deviation.
_EXACT = 1e-5
# Rounding of the largest columns reaches small ones through the code.
_ROUNDING_OF_LARGEST = 50 * np.finfo(float).eps


def in_double_precision(reducer: object, rows: Array) -> Array:
    """Return rows as float64.

    PCA of columns in single precision that are far from zero loses all digits.

    Padding is recognised by its bits, and so rows for a reducer that knows of it are left.
    """
    return rows if padding_value(reducer) is not None else rows.astype(np.float64, copy=False)


class _Seen(Protocol):
    def residuals(self, X: Array, rows: Array, /) -> Array:
        """Return residuals of rows and their reconstructions."""


class BeyondRounding:
    """Residuals of rows and their reconstructions, zero where they may be rounding.

    Parameters
    ----------
    seen : object with ``residuals`` or None
        What makes residuals of rows and their reconstructions; None for their difference.
    X, reconstructions : ndarray of shape (n_samples, n_features)
        Rows that the reducer has not seen, and what it makes of them.
    least, most : ndarray of shape (n_features,)
        The residuals that rounding leaves of a column, at least and at most.
    """

    def __init__(
        self,
        seen: _Seen | None,
        X: Array,
        reconstructions: Array,
        least: Array,
        most: Array,
    ) -> None:
        self.seen = seen
        left = np.abs(self._all(X, reconstructions))
        reach = _BEYOND_USUAL * np.quantile(left, _USUAL_QUANTILE, axis=0)
        self.levels = np.where(reach <= most, np.maximum(reach, least), least)

    def _all(self, X: Array, reconstructions: Array) -> Array:
        if self.seen is None:
            return X - reconstructions
        return self.seen.residuals(X, reconstructions)

    def residuals(self, X: Array, reconstructions: Array, /) -> Array:
        """Return residuals, without those that may be rounding."""
        left = self._all(X, reconstructions)
        return np.where(np.abs(left) > self.levels, left, 0.0)

    def precision(self) -> Array:
        """Return a diagonal matrix: the inverse squares of what may be rounding in each column."""
        # Nothing is rounded in a column of zeros; the smallest others stand for it.
        known = self.levels[self.levels > 0]
        return np.diag(np.where(self.levels > 0, self.levels, known.min()) ** -2.0)


def rounding_limits(X: Array, precision: float) -> tuple[Array, Array]:
    """Return what rounding leaves of each column, at least and at most.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features), float64
    precision : float
        Relative precision of the numbers that came in.

    Returns
    -------
    least, most : ndarray of shape (n_features,)
    """
    sizes, deviations = np.abs(X).max(axis=0), np.std(X, axis=0)
    overall = np.sqrt(np.mean(deviations**2))
    # The deviation of a column that does not vary is the rounding of its mean.
    most = _EXACT * np.where(np.ptp(X, axis=0) > 0, deviations, overall)
    return _OPERATIONS * precision * sizes, np.maximum(most, _ROUNDING_OF_LARGEST * sizes.max())
