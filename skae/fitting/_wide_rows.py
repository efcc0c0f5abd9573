"""Rows of many columns, dense or sparse, as principal directions of a share are found of them."""

from collections.abc import Iterator

import numpy as np
from scipy import sparse

from skae.model import Scaling, dense, weighted_blocks
from skae.networks import WideRows
from skae.numerics import Array, Matrix

# Values of rows that are held at once to be multiplied by all rows.
_HELD_VALUES = 2**24
# Where means are so much larger than deviations, sums of sparse products lose too many digits.
_LARGEST_MEAN = 1e3


def wide_rows(
    X: Matrix, sample_weight: Array | None, scaling: Scaling, *, has_missing: bool
) -> WideRows:
    """Rows of a fit, centred, as principal directions are found of them.

    Parameters
    ----------
    X : ndarray, memory map or CSR of shape (n_samples, n_features)
    sample_weight : ndarray of shape (n_samples,) or None
    scaling : Scaling
    has_missing : bool
        Whether NaN stands for values that are not there, and count as their feature's mean.
    """
    if sparse.issparse(X):
        of_mean = np.linalg.norm(scaling.mean) / (scaling.scale * np.sqrt(X.shape[1]))
        if of_mean < _LARGEST_MEAN:
            return SparseRows(X, sample_weight, scaling)
    return DenseRows(X, sample_weight, scaling, has_missing=has_missing)


def _roots(sample_weight: Array | None, n_rows: int) -> Array:
    if sample_weight is None:
        return np.full(n_rows, np.sqrt(1.0 / n_rows))
    roots: Array = np.sqrt(sample_weight / sample_weight.sum())
    return roots


class SparseRows(WideRows):
    """CSR rows, centred in the results of products only."""

    def __init__(self, X: Matrix, sample_weight: Array | None, scaling: Scaling) -> None:
        self.shape = X.shape
        self._X, self._mean = X.astype(np.float64) / scaling.scale, scaling.mean / scaling.scale
        self._roots = _roots(sample_weight, X.shape[0])[:, np.newaxis]
        squares = np.asarray(self._X.multiply(self._X).sum(axis=1)).ravel()
        lengths = squares - 2 * (self._X @ self._mean) + self._mean @ self._mean
        self.total_variance = float(self._roots[:, 0] ** 2 @ np.maximum(lengths, 0.0))

    def times(self, columns: Array) -> Array:
        """``A`` times a matrix."""
        product: Array = self._roots * (self._X @ columns - self._mean @ columns)
        return product

    def transposed_times(self, columns: Array) -> Array:
        """``A'`` times a matrix."""
        weighted = self._roots * columns
        product: Array = self._X.T @ weighted
        sums, n_held = weighted.sum(axis=0), max(1, _HELD_VALUES // columns.shape[1])
        for start in range(0, len(product), n_held):
            held = slice(start, start + n_held)
            product[held] -= np.outer(self._mean[held], sums)
        return product

    def products(self) -> Array:
        """``AA'``."""
        inner = (self._X @ self._X.T).toarray()
        with_mean = self._X @ self._mean
        inner += self._mean @ self._mean - with_mean[:, np.newaxis] - with_mean
        products: Array = self._roots * inner * self._roots.T
        return products


class DenseRows(WideRows):
    """Rows that are scaled a block at a time."""

    def __init__(
        self, X: Matrix, sample_weight: Array | None, scaling: Scaling, *, has_missing: bool
    ) -> None:
        self.shape, self._X, self._scaling = X.shape, X, scaling
        self._has_missing = has_missing
        self._roots = _roots(sample_weight, X.shape[0])[:, np.newaxis]
        self.total_variance = sum(float(np.sum(rows**2)) for _, rows in self._blocks())

    def _blocks(self) -> Iterator[tuple[slice, Array]]:
        start = 0
        for rows, _ in weighted_blocks(self._X, None, self._scaling):
            place = slice(start, start + len(rows))
            yield place, self._weighted(rows, place)
            start = place.stop

    def _weighted(self, rows: Array, place: slice) -> Array:
        rows = np.nan_to_num(rows) if self._has_missing else rows
        weighted: Array = rows * self._roots[place]
        return weighted

    def times(self, columns: Array) -> Array:
        """``A`` times a matrix."""
        return np.concatenate([rows @ columns for _, rows in self._blocks()])

    def transposed_times(self, columns: Array) -> Array:
        """``A'`` times a matrix."""
        product = np.zeros((self.shape[1], columns.shape[1]))
        for place, rows in self._blocks():
            product += rows.T @ columns[place]
        return product

    def products(self) -> Array:
        """``AA'``."""
        n_rows, n_features = self.shape
        products, n_held = np.empty((n_rows, n_rows)), max(1, _HELD_VALUES // n_features)
        for start in range(0, n_rows, n_held):
            held = slice(start, min(start + n_held, n_rows))
            own = self._weighted(self._scaling.apply(dense(self._X[held]).astype(np.float64)), held)
            for place, rows in self._blocks():
                products[held, place] = own @ rows.T
        return products
