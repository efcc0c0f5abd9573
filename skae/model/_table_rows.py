"""Rows of a table whose columns are not all numbers: their units, and outputs as such rows."""

import numpy as np
from scipy.special import expit, softmax

from skae.model._blocks import weighted_blocks
from skae.model._scaling import Scaling
from skae.networks import Columns
from skae.numerics import Array, Matrix

# Of flags and levels: rarer ones than one in a hundred are measured in the unit of such.
_LEAST_UNIT = 0.1


def measure_columns(columns: Columns, X: Matrix, sample_weight: Array | None = None) -> Scaling:
    """Means of all features, and units in which factor analysis of mixed data is PCA (Pagès 2004).

    Numbers and flags are divided by their deviations, levels by the roots of their frequencies.
    NaN counts for nothing. A feature that does not vary keeps its own unit.
    """
    total, sums, squares = (np.zeros(columns.n_features) for _ in range(3))
    for rows, weights in weighted_blocks(X, sample_weight):
        total += weights @ np.isfinite(rows)
        sums += weights @ np.nan_to_num(rows)
    mean = sums / np.maximum(total, np.finfo(float).tiny)
    for rows, weights in weighted_blocks(X, sample_weight):
        squares += weights @ np.square(np.nan_to_num(rows - mean))
    scale = np.sqrt(squares / np.maximum(total, np.finfo(float).tiny))
    levels = slice(columns.first_level, None)
    scale[levels] = np.sqrt(mean[levels])
    # In its own unit a flag that one row in ten thousand has would be a hundred deviations away.
    features = slice(columns.n_numbers, None)
    scale[features] = np.where(scale[features] > 0, np.maximum(scale[features], _LEAST_UNIT), 0.0)
    # A constant is rounded; what differs by less may not differ at all.
    is_constant = scale <= 1e-9 * np.abs(mean)
    return Scaling(mean, np.where(is_constant | (scale == 0), 1.0, scale))


def as_rows(columns: Columns, scaling: Scaling, output: Array) -> Array:
    """Outputs as rows in input units: numbers, and the probability of every flag and level."""
    rows = np.empty_like(output)
    n, first = columns.n_numbers, columns.first_level
    numbers = Scaling(scaling.mean[:n], scaling.scale[:n])
    rows[:, :n] = numbers.undo(output[:, :n])
    rows[:, n:first] = expit(output[:, n:first])
    for levels in columns.level_slices:
        rows[:, levels] = softmax(output[:, levels], axis=1)
    return rows


def entropies(columns: Columns, mean: Array) -> Array:
    """Entropy in nats of each flag and category; 1 for numbers, whose variance is."""
    n, first = columns.n_numbers, columns.first_level
    flags = mean[n:first]
    of_flags = -_times_log(flags) - _times_log(1 - flags)
    of_levels = [-_times_log(mean[levels]).sum() for levels in columns.level_slices]
    return np.concatenate([np.ones(n), of_flags, np.array(of_levels)])


def _times_log(share: Array) -> Array:
    values: Array = share * np.log(np.where(share > 0, share, 1.0))
    return values
