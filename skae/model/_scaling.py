"""The only place where units change.

Rows are centred and divided by one global scale, both found in float64 before anything becomes
float32: afterwards the mean variance of a feature is 1, so a mean squared error of 1 is what
predicting the mean scores, whatever the units. Scaling all features alike keeps PCA's objective.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from scipy import sparse

from skae.model._blocks import dense, over_blocks, weighted_blocks
from skae.numerics import Array, Integers, Matrix, centred_singles
from skae.objectives import MOST_LOG_MEAN

# Scaled copies of rows up to this size are kept for the whole fit; others are scaled when read.
_MAX_COPY_BYTES = 512 * 2**20
# Sizes whose sums and quotients with any single number are what they are in double precision.
_MODERATE = 1e20


@dataclass(frozen=True)
class Scaling:
    """Centre and scale of some rows.

    Attributes
    ----------
    mean : ndarray of shape (n_features,), float64
    scale : float, or ndarray of shape (n_features,)
        One for all features; one for each of a table whose columns are not all numbers.
    """

    mean: Array
    scale: Any

    def apply(self, rows: Array) -> Array:
        """Rows in scaled units; the dtype stays, the difference is that of float64."""
        if rows.dtype == np.float32 and self._is_moderate:
            return centred_singles(rows, self.mean, self.scale)
        differences: Array = rows - self.mean
        differences /= self.scale
        return differences.astype(rows.dtype, copy=False)

    @property
    def _is_moderate(self) -> bool:
        """Whether no step on the way to scaled rows overflows single precision by itself."""
        if np.ndim(self.scale) or not 1 / _MODERATE < self.scale < _MODERATE:
            return False
        return bool(np.abs(self.mean).max(initial=0.0) < _MODERATE)

    @property
    def of_targets(self) -> "Scaling":
        """That of what the outputs are compared with."""
        return self

    def undo(self, rows: Array) -> Array:
        """Rows in input units; the dtype stays."""
        undone: Array = rows * np.asarray(self.scale, np.float64)
        undone += self.mean
        return undone.astype(rows.dtype, copy=False)


@dataclass(frozen=True)
class CountScaling(Scaling):
    """Scaling of counts, of which a network reads the logarithm of one more.

    Its outputs are logarithms of means, its targets the counts as they are.
    """

    def apply(self, rows: Array) -> Array:
        """Logarithms of the counts plus one in scaled units; the dtype stays."""
        return super().apply(np.log1p(rows))

    def undo(self, rows: Array) -> Array:
        """Means of which these are the logarithms, the dtype stays."""
        means: Array = np.exp(np.clip(rows, -MOST_LOG_MEAN, MOST_LOG_MEAN))
        return means

    @property
    def of_targets(self) -> Scaling:
        """That of what the outputs are compared with."""
        return identity_scaling(len(self.mean))


def identity_scaling(n_features: int) -> Scaling:
    """Scaling that changes nothing."""
    return Scaling(np.zeros(n_features), 1.0)


def measure_scaling(
    X: Matrix, sample_weight: Array | None = None, *, has_missing: bool = False
) -> Scaling:
    """Mean of each feature and the root of the mean variance, weighted, in two passes.

    Parameters
    ----------
    X : ndarray, memory map, CSR or RowsElsewhere of shape (n_samples, n_features)
    sample_weight : ndarray of shape (n_samples,), optional
    has_missing : bool
        Whether NaN stands for values that are not there: they count for nothing.
    """
    n_features = X.shape[1]
    found = over_blocks(partial(_weighted_sums, has_missing=has_missing), X, sample_weight)
    total, sums = np.zeros(n_features) + found[0], np.zeros(n_features) + found[1]
    if has_missing and not total.sum() > 0:
        raise ValueError(
            "X holds no value that is known: all rows that count are missing throughout. Pass rows "
            "with some values."
        )
    # A feature that is never there has the mean of the others.
    mean = np.where(total > 0, sums / np.where(total > 0, total, 1.0), sums.sum() / total.sum())
    farthest = partial(_largest_difference, mean)
    (greatest,) = over_blocks(farthest, X, sample_weight, combine=np.maximum)
    largest = max(0.0, float(greatest))
    # A sum of so many terms may be off by as much: what differs by less may not differ at all.
    if largest <= np.finfo(float).eps * X.shape[0] * np.max(np.abs(mean), initial=0.0):
        lowest, highest = extremes(X, sample_weight)
        mean = np.fmax(np.fmin(mean, highest), lowest)
        if np.all(highest - lowest <= np.spacing(np.abs(highest)), where=lowest < highest):
            return Scaling(mean, 1.0)
    # Dividing by the largest difference first keeps the squares from under- and overflowing.
    if largest == 0.0 or not np.isfinite(largest):
        return Scaling(mean, 1.0)
    (squares,) = over_blocks(partial(_sum_of_squares, mean, largest, has_missing), X, sample_weight)
    scale = largest * np.sqrt(squares / total.mean() / n_features)
    return Scaling(mean, scale if scale > 0 else 1.0)


def _weighted_sums(rows: Array, weights: Array, *, has_missing: bool) -> tuple[Any, Array]:
    if has_missing:
        return weights @ _present(rows), weights @ np.nan_to_num(rows)
    return weights.sum(), weights @ rows


def _largest_difference(mean: Array, rows: Array, weights: Array) -> tuple[float]:
    differences = np.abs(_counted(rows, weights) - mean)
    return (float(np.fmax.reduce(differences, axis=None, initial=0.0)),)


def _counted(rows: Array, weights: Array) -> Array:
    """The rows of a block that have a weight."""
    is_counted = weights > 0
    return rows if is_counted.all() else rows[is_counted]


def _sum_of_squares(
    mean: Array, unit: float, has_missing: bool, rows: Array, weights: Array
) -> tuple[float]:
    differences = (rows - mean) / unit
    if has_missing:
        differences = np.nan_to_num(differences)
    return (float(weights @ np.einsum("ij,ij->i", differences, differences)),)


def alike_everywhere(scaling: Scaling, sample_shape: tuple[int, ...]) -> Scaling:
    """The same with one mean for all places of a channel, for networks that know no places.

    Parameters
    ----------
    scaling : Scaling
    sample_shape : tuple of int
        Of a row, with the channels last.
    """
    by_place = scaling.mean.reshape(-1, sample_shape[-1])
    mean = by_place.mean(axis=0)
    spread = float(np.sqrt(np.mean((by_place - mean) ** 2)))
    return Scaling(np.tile(mean, len(by_place)), float(np.hypot(scaling.scale, spread)))


def column_variances(
    X: Matrix, sample_weight: Array | None, centring: Scaling, *, has_missing: bool
) -> Array:
    """Variance of each feature about the centre, of rows as the network sees them."""
    function = partial(_column_squares, has_missing=has_missing)
    total, squares = over_blocks(function, X, sample_weight, centring)
    variances: Array = squares / np.where(total > 0, total, 1.0)
    return variances


def _column_squares(rows: Array, weights: Array, *, has_missing: bool) -> tuple[Any, Array]:
    if has_missing:
        return weights @ _present(rows), weights @ np.nan_to_num(rows) ** 2
    return weights.sum(), weights @ rows**2


def _present(rows: Array) -> Array:
    present: Array = np.logical_not(np.isnan(rows)).astype(np.float64)
    return present


def extremes(
    X: Matrix, sample_weight: Array | None = None, scaling: Scaling | None = None
) -> tuple[Array, Array]:
    """Lowest and highest value of each feature, of those that are known in rows with a weight."""
    negated, highest = over_blocks(_extremes, X, sample_weight, scaling, combine=np.fmax)
    return -negated, highest


def _extremes(rows: Array, weights: Array) -> tuple[Array, Array]:
    rows = _counted(rows, weights)
    lowest = np.fmin.reduce(rows, axis=0, initial=np.inf)
    return -lowest, np.fmax.reduce(rows, axis=0, initial=-np.inf)


class ScaledRows:
    """Rows for the engine: scaled float32, read by their indices.

    Parameters
    ----------
    X : ndarray, memory map or CSR of shape (n_samples, n_features)
    scaling : Scaling
    on_disk : bool
        Whether random reads may be slow and copying all rows is out of the question.
    sample_weight : ndarray of shape (n_samples,), optional
        Rows of weight zero are read like any, and say nothing of the others.
    """

    def __init__(
        self,
        X: Matrix,
        scaling: Scaling,
        on_disk: bool = False,
        sample_weight: Array | None = None,
    ) -> None:
        self._X, self._scaling, self.resident = X, scaling, not on_disk
        self._weight = sample_weight
        self._copy: Array | None = None
        fits = 4 * X.shape[0] * X.shape[1] <= _MAX_COPY_BYTES
        if self.resident and fits and not sparse.issparse(X):
            self._copy = np.empty(X.shape, np.float32)
            start = 0
            for rows, _ in weighted_blocks(X, scaling=scaling):
                self._copy[start : start + len(rows)] = rows
                start += len(rows)

    @property
    def unit(self) -> float:
        """The size of one scaled unit, in that of the rows."""
        return float(self._scaling.scale)

    def __len__(self) -> int:
        return int(self._X.shape[0])

    @property
    def n_counted(self) -> int:
        """Rows that have a weight."""
        return len(self) if self._weight is None else int(np.count_nonzero(self._weight))

    def extremes(self) -> tuple[Array, Array]:
        """Lowest and highest value of each feature in rows that have a weight, in scaled units."""
        return extremes(self._X, self._weight, self._scaling)

    def read(self, indices: Integers, out: Array) -> None:
        """Write the rows of these indices into ``out``, in their order."""
        if self._copy is not None:
            np.take(self._copy, indices, axis=0, out=out, mode="clip")
            return
        out[:] = self._scaling.apply(dense(self._X[indices]).astype(np.float64, copy=False))
