"""Which columns of a table hold nearly all of its variance, as those in other units do."""

import math
from typing import NamedTuple

import numpy as np

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
    rows : ndarray of shape (n_samples, n_features)
        Without missing values.

    Returns
    -------
    found : HeavyColumns or None
        Their places, the heaviest first, their share of the variance, and the number of columns
        that vary.
    """
    # What hardly ever varies, such as the rim of images, is not in other units.
    low, high = np.percentile(rows, [5, 95], axis=0)
    variances = np.where(high > low, rows.var(axis=0), 0.0)
    order = np.argsort(variances)[::-1]
    total, n_columns = variances.sum(), np.count_nonzero(variances)
    if n_columns < 2 or total == 0:
        return None
    shares = np.cumsum(variances[order]) / total
    n_heavy = int(np.searchsorted(shares, _NEARLY_ALL)) + 1
    if n_heavy > max(1, math.floor(_FEW_COLUMNS * n_columns)):
        return None
    return HeavyColumns(order[:n_heavy], float(shares[n_heavy - 1]), n_columns)
