"""The only place where units change.

Rows are centred and divided by one global scale, both found in float64 before anything becomes
float32: afterwards the mean variance of a feature is 1, so a mean squared error of 1 is what
predicting the mean scores, whatever the units. Scaling all features alike keeps PCA's objective.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

_BLOCK_BYTES = 8 * 2**20
# Scaled copies of rows up to this size are kept for the whole fit; others are scaled when read.
_MAX_COPY_BYTES = 512 * 2**20


@dataclass(frozen=True)
class Scaling:
    """Centre and scale of some rows.

    Attributes
    ----------
    mean : ndarray of shape (n_features,), float64
    scale : float
    """

    mean: np.ndarray
    scale: float

    def apply(self, rows):
        """Rows in scaled units; the dtype stays, the difference is taken in float64."""
        return ((rows - self.mean) / self.scale).astype(rows.dtype, copy=False)

    def undo(self, rows):
        """Rows in input units; the dtype stays."""
        return (rows * np.float64(self.scale) + self.mean).astype(rows.dtype, copy=False)


def identity_scaling(n_features):
    """Scaling that changes nothing."""
    return Scaling(np.zeros(n_features), 1.0)


def measure_scaling(X, sample_weight=None):
    """Mean of each feature and the root of the mean variance, weighted, in two passes."""
    n_features = X.shape[1]
    total, sums, largest = 0.0, np.zeros(n_features), 0.0
    for rows, weights in weighted_blocks(X, sample_weight):
        total += weights.sum()
        sums += weights @ rows
    mean = sums / total
    for rows, _ in weighted_blocks(X, sample_weight):
        largest = max(largest, float(np.max(np.abs(rows - mean), initial=0.0)))
    # Dividing by the largest difference first keeps the squares from under- and overflowing.
    if largest == 0.0 or not np.isfinite(largest):
        return Scaling(mean, 1.0)
    squares = 0.0
    for rows, weights in weighted_blocks(X, sample_weight):
        squares += float(weights @ np.einsum("ij,ij->i", *2 * [(rows - mean) / largest]))
    scale = largest * np.sqrt(squares / total / n_features)
    return Scaling(mean, scale if scale > 0 else 1.0)


def weighted_blocks(X, sample_weight=None, scaling=None):
    """Yield dense float64 blocks of rows and their weights, a few megabytes at a time."""
    n_rows = max(1, _BLOCK_BYTES // (8 * max(1, X.shape[1])))
    for start in range(0, X.shape[0], n_rows):
        rows = dense(X[start : start + n_rows]).astype(np.float64, copy=False)
        weights = (
            np.ones(len(rows)) if sample_weight is None else sample_weight[start : start + n_rows]
        )
        yield (rows if scaling is None else scaling.apply(rows)), weights


def dense(rows):
    """A block of rows as a plain array."""
    return rows.toarray() if sparse.issparse(rows) else np.asarray(rows)


class ScaledRows:
    """Rows for the engine: scaled float32, read by their indices.

    Parameters
    ----------
    X : ndarray, memory map or CSR of shape (n_samples, n_features)
    scaling : Scaling
    on_disk : bool
        Whether random reads may be slow and copying all rows is out of the question.
    """

    def __init__(self, X, scaling, on_disk=False):
        self._X, self._scaling, self.resident = X, scaling, not on_disk
        self._copy = None
        fits = 4 * X.shape[0] * X.shape[1] <= _MAX_COPY_BYTES
        if self.resident and fits and not sparse.issparse(X):
            self._copy = np.empty(X.shape, np.float32)
            start = 0
            for rows, _ in weighted_blocks(X, scaling=scaling):
                self._copy[start : start + len(rows)] = rows
                start += len(rows)

    def __len__(self):
        return self._X.shape[0]

    def extremes(self):
        """Lowest and highest value of each feature, in scaled units."""
        lowest, highest = np.inf, -np.inf
        for rows, _ in weighted_blocks(self._X, scaling=self._scaling):
            lowest = np.minimum(lowest, rows.min(axis=0))
            highest = np.maximum(highest, rows.max(axis=0))
        return lowest, highest

    def read(self, indices, out):
        """Write the rows of these indices into ``out``, in their order."""
        if self._copy is not None:
            np.take(self._copy, indices, axis=0, out=out, mode="clip")
            return
        out[:] = self._scaling.apply(dense(self._X[indices]).astype(np.float64, copy=False))
