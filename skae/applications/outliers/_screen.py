"""Rows with absurd values, which no reducer should learn from.

One cell of -9999 has more variance than a table of ordinary ones: a reducer fitted to it spends a
component on it, and no covariance of what that leaves says anything of the others.
"""

import numpy as np

from skae.numerics import Array, Bools

# A value is absurd at so many times the distance from the median that a tenth of its column exceeds
# (1.6 standard deviations of a normal column). Of a thousand log-normal values the farthest is at
# about 9.
_ABSURD = 15.0
# A row is absurd at this root mean square of the same distances: a few absurd values are as much.
_ABSURD_TOGETHER = 5.0
_QUANTILE = 0.9
# Where fewer values than this differ from all others of a column, they do not tell its unit.
_RARE = 0.02
# Columns of tables may have heavy tails, which are learnt by ranks. Absurd there is what is so many
# times as far from the median as all the rest, in a share of the column at most, where the rest is
# within some times the middle nine tenths of it.
_ALONE, _FEW, _LIGHT_TAILS = 20.0, 0.05, 10.0
_LEAST_KNOWN = 10
# More rows than this are no accident but a part of the table.
_MAX_SHARE = 0.1


def absurd_rows(X: Array) -> Bools:
    """Find rows with values that are out of all proportion to the rest of their columns.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Missing values are never absurd.

    Returns
    -------
    is_absurd : ndarray of bool of shape (n_samples,)
        No row, where these would be more than a tenth of all: they are then a part of the table.
    """
    is_missing = np.isnan(X)
    X = X[:, ~is_missing.all(axis=0)]
    median = np.nanmedian if is_missing.any() else np.median
    distances = np.abs(X - median(X, axis=0))
    relative = np.nan_to_num(distances / _units(np.nan_to_num(distances)))
    together = max(_ABSURD_TOGETHER, _ABSURD / np.sqrt(X.shape[1]))
    is_absurd = (relative.max(axis=1) > _ABSURD) | (_root_mean_square(relative) > together)
    is_found: Bools = is_absurd & (is_absurd.mean() <= _MAX_SHARE)
    return is_found


def absurd_rows_of_table(numbers: Array) -> Bools:
    """Find rows with numbers that are alone far from all others of their columns.

    Parameters
    ----------
    numbers : ndarray of shape (n_samples, n_columns)
        The columns of numbers of a table, NaN where missing; dates and spans in any unit.

    Returns
    -------
    is_absurd : ndarray of bool of shape (n_samples,)
        No row, where these would be more than a tenth of all.
    """
    is_absurd = np.zeros(len(numbers), np.bool_)
    for column in numbers.T:
        known = ~np.isnan(column)
        is_absurd[known] |= _is_alone(column[known])
    is_found: Bools = is_absurd & (is_absurd.mean() <= _MAX_SHARE)
    return is_found


def _is_alone(values: Array) -> Bools:
    if len(values) < _LEAST_KNOWN:
        return np.zeros(len(values), np.bool_)
    low, middle, high = np.percentile(values, [5, 50, 95])
    distances = np.abs(values - middle)
    n_most = max(1, int(_FEW * len(values)))
    farthest = np.sort(distances)[::-1][: n_most + 1]
    rest = farthest[1:]
    # In a column that hardly ever varies, all that varies is far away.
    is_gap = (farthest[:-1] >= _ALONE * rest) & (rest > 0) & (rest <= _LIGHT_TAILS * (high - low))
    is_alone: Bools = distances > (rest[is_gap].min() if is_gap.any() else np.inf)
    return is_alone


def _root_mean_square(relative: Array) -> Array:
    # Squares of 1e200 would be infinite.
    sizes: Array = np.sqrt(np.mean(np.minimum(relative, 1e9) ** 2, axis=1))
    return sizes


def _units(distances: Array) -> Array:
    """Return for every column a distance from its median that is usual for the farther values."""
    # Nothing is interpolated, as among few rows the absurd one would take part.
    units: Array = np.quantile(distances, _QUANTILE, axis=0, method="lower")
    n_others = np.count_nonzero(distances, axis=0)
    is_rare = (units == 0) & (n_others <= _RARE * len(distances))
    for column in np.flatnonzero((units == 0) & ~is_rare):
        units[column] = np.median(distances[distances[:, column] > 0, column])
    if is_rare.any():
        units[is_rare] = _typical(units[~is_rare], distances)
    return units


def _typical(units: Array, distances: Array) -> float:
    """Return a unit for columns that do not tell theirs: that of the others, or of any value."""
    if len(units):
        return float(np.median(units))
    return float(np.median(distances[distances > 0])) if distances.any() else np.inf
