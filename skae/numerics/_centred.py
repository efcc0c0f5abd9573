"""Rows in single precision around their mean, as exact as double precision finds them."""

import numpy as np

from skae.numerics import _compiled
from skae.numerics._aligned import empty_aligned
from skae.numerics._types import Array


def centred_singles(rows: Array, mean: Array, scale: float) -> Array:
    """Rows minus a mean, by a scale.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features), float32
    mean : ndarray of shape (n_features,), float64
    scale : float
        Neither these nor their quotients may overflow single precision.

    Returns
    -------
    centred : ndarray of shape (n_rows, n_features), float32
        What float64 gives, rounded once, or to a rounding of that.
    """
    if _compiled.can_loop(rows):
        centred = empty_aligned(rows.shape, rows.dtype)
        mean = _compiled.readable(mean, np.dtype(np.float64))
        _compiled.kernels.centre_singles(rows, mean, 1 / scale, centred)
        return centred
    # A difference is rounded once, and the mean is the sum of two numbers.
    rounded = mean.astype(np.float32)
    singles: Array = rows - rounded
    singles -= (mean - rounded).astype(np.float32)
    singles /= np.float32(scale)
    return singles
