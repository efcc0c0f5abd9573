"""The units of columns, and the columns that hold nearly all of the variance."""

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import issparse
from sklearn.preprocessing import StandardScaler

from skae.numerics import Array, Integers

# Of the size of a mean: smaller deviations are what rounding left of a constant column.
_ROUNDING = 1e-12
_BLOCK_BYTES = 64 * 2**20
# Share of columns that hold 95% of the variance: healthy 0.55 to 1, different units 0.07 to 0.08.
_FEW_COLUMNS, _NEARLY_ALL = 0.2, 0.95


class HeavyColumns(NamedTuple):
    """A few columns beside which the others hardly count."""

    places: Integers
    share: float
    n_columns: int


def heavy_columns(rows: Any) -> HeavyColumns | None:
    """Return the columns that hold nearly all variance, or None if these are not few.

    Parameters
    ----------
    rows : ndarray or sparse matrix of shape (n_samples, n_features)
        Without missing values.

    Returns
    -------
    found : HeavyColumns or None
        Their places, the heaviest first, their share of the variance, and the number of columns
        that vary.
    """
    variances = np.concatenate([_usual_variances(block) for block in _blocks_of_columns(rows)])
    order = np.argsort(variances)[::-1]
    total, n_columns = variances.sum(), int(np.count_nonzero(variances))
    if n_columns < 2 or total == 0:
        return None
    shares = np.cumsum(variances[order]) / total
    n_heavy = int(np.searchsorted(shares, _NEARLY_ALL)) + 1
    if n_heavy > max(1, math.floor(_FEW_COLUMNS * n_columns)):
        return None
    return HeavyColumns(order[:n_heavy], float(shares[n_heavy - 1]), n_columns)


def _usual_variances(rows: Array) -> Array:
    # What hardly ever varies, such as the rim of images, is not in other units.
    low, high = np.percentile(rows, [5, 95], axis=0)
    return np.where(high > low, rows.var(axis=0), 0.0)


def _blocks_of_columns(rows: Any) -> Iterable[Array]:
    """Some columns at a time: all rows of a sparse matrix may not fit into memory as an array."""
    if not issparse(rows):
        return [rows]
    rows, width = rows.tocsc(), max(1, _BLOCK_BYTES // (8 * rows.shape[0]))
    places = range(0, rows.shape[1], width)
    return (rows[:, place : place + width].toarray() for place in places)


def column_moments(rows: Any) -> tuple[Array, Array]:
    """Means and standard deviations of columns, of what is not missing.

    The deviation of a column that is constant up to rounding is exactly zero.

    Parameters
    ----------
    rows : ndarray or sparse matrix of shape (n_samples, n_features)

    Returns
    -------
    means, deviations : ndarray of shape (n_features,)
    """
    with np.errstate(invalid="ignore"):  # a column of missing values alone has neither
        scaler = StandardScaler(with_mean=not issparse(rows)).fit(rows)
    deviations = np.sqrt(scaler.var_)
    # It divides what is constant by one.
    return scaler.mean_, np.where(scaler.scale_ == deviations, deviations, 0.0)


def column_units(means: Array, deviations: Array) -> Array:
    """The unit that values of each column are counted in: its deviation.

    A column that is the same in all rows has none, but what is made of it may be off: it is counted
    in the deviation of the others, their root mean square.

    Parameters
    ----------
    means, deviations : ndarray of shape (n_features,)

    Returns
    -------
    units : ndarray of shape (n_features,)
        Greater than zero.
    """
    varies = deviations > _ROUNDING * np.abs(means)
    if not varies.any():
        return np.ones_like(deviations)
    # Through the largest, as squares of very large or small numbers are not numbers any more.
    largest = deviations[varies].max()
    typical = largest * np.sqrt(np.mean((deviations[varies] / largest) ** 2))
    return np.where(varies, deviations, typical)
