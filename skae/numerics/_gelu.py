"""gelu of many values in place: in one compiled pass, or in some passes of numpy."""

import numpy as np
from scipy.special import erf

from skae.numerics import _compiled
from skae.numerics._aligned import empty_aligned
from skae.numerics._types import Array

_SQRT_HALF = 0.7071067811865476
_ONE, _HALF = np.float32(1.0), np.float32(0.5)
# The normal distribution function is (1 + tanh(x P(x^2))) / 2: half the logarithm of its odds is
# nearly a polynomial. Coefficients of P under which gelu is within 7e-8, a rounding error of 1, for
# all x; the last is positive, so that values farther out are right too.
_HALF_LOG_ODDS = np.array(
    [
        7.97884216e-01,
        3.63342835e-02,
        -3.31299840e-05,
        -5.52401614e-05,
        3.96910986e-06,
        -1.33446434e-07,
        1.80561697e-09,
    ],
    np.float32,
)
# Values of a block and of what is made on the way: a quarter of a megabyte in single precision.
_BLOCK_VALUES = 2**15


def gelu_in_place(x: Array, bias: Array | None = None) -> Array:
    """Values times the normal distribution function of them.

    Parameters
    ----------
    x : ndarray of shape (..., n_units)
        Overwritten.
    bias : ndarray of shape (n_units,), optional
        Added before, of the dtype of ``x``.

    Returns
    -------
    x : ndarray of shape (..., n_units)
        The one that was given.
    """
    if _compiled.can_loop(x):
        if bias is None:
            _compiled.kernels.gelu_in_place(x)
        else:
            _compiled.kernels.gelu_in_place(x, _compiled.readable(bias, x.dtype))
    else:
        if bias is not None:
            x += bias
        _by_numpy(x)
    return x


def _by_numpy(x: Array) -> None:
    """A block at a time, so that all steps find their values in the cache."""
    n_rows = max(1, min(len(x), _BLOCK_VALUES // max(1, x[:1].size)))
    is_single = x.dtype == np.float32
    scratch = empty_aligned((1 + is_single, n_rows, *x.shape[1:]), x.dtype)
    for start in range(0, len(x), n_rows):
        block = x[start : start + n_rows]
        share, *more = scratch[:, : len(block)]
        if is_single:
            _cdf_of_singles(block, share, *more)
        else:
            _cdf(block, share)
        block *= share


def _cdf(x: Array, share: Array) -> None:
    """Write the normal distribution function of values into ``share``."""
    np.multiply(x, x.dtype.type(_SQRT_HALF), out=share)
    erf(share, out=share)
    share += 1.0
    share *= 0.5


def _cdf_of_singles(x: Array, share: Array, square: Array) -> None:
    """The same to single precision: scipy's ``erf`` takes as long as thirty simple steps."""
    with np.errstate(over="ignore"):  # the square of what is far out is infinite, its tanh 1
        np.square(x, out=square)
        np.multiply(square, _HALF_LOG_ODDS[-1], out=share)
        for coefficient in _HALF_LOG_ODDS[-2:0:-1]:
            share += coefficient
            share *= square
        share += _HALF_LOG_ODDS[0]
        share *= x
    np.tanh(share, out=share)
    share += _ONE
    share *= _HALF
