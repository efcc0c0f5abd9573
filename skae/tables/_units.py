"""The units of columns, and the columns that hold nearly all of the variance."""

import math
import warnings
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import issparse
from sklearn.preprocessing import StandardScaler

from skae.numerics import Array, Integers

# Of the size of a mean: smaller deviations are what rounding left of a constant column.
_ROUNDING = 1e-12
_BLOCK_BYTES = 64 * 2**20
# Distance from the median over that of any other value: healthy 1 to 3 on scikit-learn's tables, a
# number that stands for a missing one 20 (-999 among percents) to thousands. Others may reach this
# many times as far as the middle 90 % of the rows: beyond, tails are heavy and their ends no slip.
_ABSURD_RATIO, _LIGHT_TAILS = 20.0, 10.0
_LEAST_ROWS = 10
# Share of rows up to which one number may stand for what is missing.
_RARE = 0.05
# Share of columns that hold 95% of the variance: healthy 0.55 to 1, different units 0.07 to 0.08.
_FEW_COLUMNS, _NEARLY_ALL = 0.2, 0.95


class HeavyColumns(NamedTuple):
    """A few columns beside which the others hardly count."""

    places: Integers
    share: float
    n_columns: int


class AbsurdCell(NamedTuple):
    """A value that is far from all others of its column.

    Attributes
    ----------
    row, column : int
        Where it is first.
    value : float
    n_cells : int
        How many cells of the column hold it.
    ratio : float
        Its distance from the median over that of any other value.
    """

    row: int
    column: int
    value: float
    n_cells: int
    ratio: float


def absurd_cells(rows: Any) -> list[AbsurdCell]:
    """Return the values that stand far from all others of their columns, the farthest first.

    Parameters
    ----------
    rows : ndarray or sparse matrix of shape (n_samples, n_features)
        NaN is passed over.

    Returns
    -------
    found : list of AbsurdCell
        One a column at most.
    """
    found: list[AbsurdCell] = []
    n_before = 0
    if rows.shape[0] < _LEAST_ROWS:
        return found
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of columns that hold nothing but NaN
        for block in _blocks_of_columns(rows):
            found += [each._replace(column=n_before + each.column) for each in _absurd_in(block)]
            n_before += block.shape[1]
    return sorted(found, key=lambda each: each.ratio, reverse=True)


def _absurd_in(rows: Array) -> list[AbsurdCell]:
    low, middle, high = np.nanpercentile(rows, [5, 50, 95], axis=0)
    distances = np.nan_to_num(np.abs(rows - middle))
    places = distances.argmax(axis=0)
    values = rows[places, np.arange(rows.shape[1])]
    is_value = rows == values
    others = np.where(is_value, 0.0, distances).max(axis=0)
    counts, farthest = is_value.sum(axis=0), distances.max(axis=0)
    # In a column that hardly ever varies, such as a rare category, all that varies is far away.
    is_judged = (high > low) & (counts <= max(1, _RARE * len(rows))) & (others > 0)
    is_absurd = (farthest >= _ABSURD_RATIO * others) & (others <= _LIGHT_TAILS * (high - low))
    return [
        AbsurdCell(
            int(places[column]),
            int(column),
            float(values[column]),
            int(counts[column]),
            float(farthest[column] / others[column]),
        )
        for column in np.flatnonzero(is_judged & is_absurd)
    ]


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
    moments = [_variances(block) for block in _blocks_of_columns(rows)]
    variances, usual = (np.concatenate(parts) for parts in zip(*moments, strict=True))
    total, n_usual = usual.sum(), int(np.count_nonzero(usual))
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


def _most_that_are_few(n_columns: int) -> int:
    return max(1, math.floor(_FEW_COLUMNS * n_columns))


def _variances(rows: Array) -> tuple[Array, Array]:
    """Variances of columns, and the same without those that hardly ever vary.

    What hardly ever varies, such as the rim of images, need not be in other units.
    """
    low, high = np.percentile(rows, [5, 95], axis=0)
    variances = rows.var(axis=0)
    return variances, np.where(high > low, variances, 0.0)


def _blocks_of_columns(rows: Any) -> Iterable[Array]:
    """Some columns at a time: all rows may not fit into memory as an array, or not once more."""
    rows = rows.tocsc() if issparse(rows) else rows
    width = max(1, _BLOCK_BYTES // (8 * rows.shape[0]))
    blocks = (rows[:, place : place + width] for place in range(0, rows.shape[1], width))
    return (block.toarray() if issparse(block) else block for block in blocks)


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


def check_magnitude(rows: Array, largest: float, smallest: float = 0.0) -> None:
    """Refuse rows of which powers or sums would over- or underflow in their precision.

    Raises
    ------
    ValueError
        If a value is beyond ``largest``, or if all of them are nearer to zero than ``smallest``.
    """
    size = float(np.fmax.reduce(np.abs(rows), axis=None, initial=0.0))
    if size > largest:
        row, column = np.unravel_index(np.nanargmax(np.abs(rows)), rows.shape)
        raise ValueError(
            f"Input X contains {rows[row, column]:.3g} in row {row} of column {column}, and the "
            f"squares or sums of values beyond {largest:.3g} are too large. Leave such a "
            "value out as missing, or divide X by a constant first."
        )
    if 0 < size < smallest:
        raise ValueError(
            f"The values of X are at most {size:.3g} in size, and the squares of values below "
            f"{smallest:g} are too small to compute with. Multiply X by a constant first."
        )
