"""The units of columns: what each is measured in, and which hold nearly all of the variance."""

import math
from typing import NamedTuple

import numpy as np
from scipy.sparse import issparse
from sklearn.preprocessing import StandardScaler

# Of the size of a mean: smaller deviations are what rounding left of a constant column.
_ROUNDING = 1e-12
_BLOCK_BYTES = 64 * 2**20
# Share of columns that hold 95% of the variance: healthy 0.55 to 1, different units 0.07 to 0.08.
_FEW_COLUMNS, _NEARLY_ALL = 0.2, 0.95


class HeavyColumns(NamedTuple):
    """A few columns beside which the others hardly count."""

    places: np.ndarray
    share: float
    n_columns: int


def heavy_columns(rows):
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
    moments = [_variances(block) for block in _blocks_of_columns(rows)]
    variances, usual = (np.concatenate(parts) for parts in zip(*moments, strict=True))
    total, n_usual = usual.sum(), np.count_nonzero(usual)
    if total == 0:
        return None
    # A rare value beside which all columns together hardly count is in other units; apart from the
    # others, as beside it none of these would be seen to be.
    rare = np.flatnonzero((usual == 0) & (variances * (1 - _NEARLY_ALL) > _NEARLY_ALL * total))
    n_columns = n_usual + len(rare)
    if len(rare) > _most_that_are_few(n_columns):
        rare, n_columns = rare[:0], n_usual
    shares = np.sort(usual)[::-1].cumsum() / total
    n_heavy = int(np.searchsorted(shares, _NEARLY_ALL)) + 1
    if n_usual < 2 or n_heavy > _most_that_are_few(n_usual):
        n_heavy = 0
    if n_heavy + len(rare) == 0:
        return None
    places = np.concatenate([rare, np.argsort(usual)[::-1][:n_heavy]])
    places = places[np.argsort(variances[places])[::-1]]
    beside = total + variances[rare].sum()
    return HeavyColumns(places, float(variances[places].sum() / beside), n_columns)


def _most_that_are_few(n_columns):
    return max(1, math.floor(_FEW_COLUMNS * n_columns))


def _variances(rows):
    """Variances of columns, and the same without those that hardly ever vary.

    What hardly ever varies, such as the rim of images, need not be in other units.
    """
    low, high = np.percentile(rows, [5, 95], axis=0)
    variances = rows.var(axis=0)
    return variances, np.where(high > low, variances, 0.0)


def _blocks_of_columns(rows):
    """Some columns at a time: all rows of a sparse matrix may not fit into memory as an array."""
    if not issparse(rows):
        return [rows]
    rows, width = rows.tocsc(), max(1, _BLOCK_BYTES // (8 * rows.shape[0]))
    places = range(0, rows.shape[1], width)
    return (rows[:, place : place + width].toarray() for place in places)


def column_moments(rows):
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


def column_units(means, deviations):
    """What values of each column are counted in: its deviation.

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
