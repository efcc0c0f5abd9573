"""Activations in numpy, for scoring without Keras; each equals the Keras activation of its name."""

from collections.abc import Callable, Hashable, Mapping

import numpy as np
from scipy.special import erf, expit

from skae.numerics import Array, empty_aligned

_SELU_SCALE, _SELU_ALPHA = 1.0507009873554805, 1.6732632423543772
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


def _gelu(x: Array) -> Array:
    if isinstance(x, np.ndarray):
        return _gelu_in_place(np.array(x))
    # Of an array that is not there yet, which writes what is computed of it.
    activated: Array = 0.5 * x * (1.0 + erf(x * x.dtype.type(_SQRT_HALF)))
    return activated


def _gelu_in_place(x: Array) -> Array:
    """A block at a time, in place, so that all steps find their values in the cache."""
    n_rows = min(len(x), max(1, _BLOCK_VALUES // max(1, x[:1].size)))
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
    return x


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


def _elu(x: Array, alpha: float = 1.0) -> Array:
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def _softplus(x: Array) -> Array:
    activated: Array = np.logaddexp(x, x.dtype.type(0))
    return activated


def _softmax(x: Array) -> Array:
    exponentials = np.exp(x - x.max(axis=-1, keepdims=True))
    shares: Array = exponentials / exponentials.sum(axis=-1, keepdims=True)
    return shares


# Looked up by what a user gives, which may be a function and no name.
NUMPY_ACTIVATIONS: Mapping[Hashable, Callable[[Array], Array]] = {
    "celu": _elu,
    "elu": _elu,
    "exponential": np.exp,
    "gelu": _gelu,
    "hard_sigmoid": lambda x: np.clip(x / 6.0 + 0.5, 0.0, 1.0),
    "leaky_relu": lambda x: np.where(x > 0, x, x * x.dtype.type(0.2)),
    "linear": lambda x: x,
    "log_sigmoid": lambda x: -_softplus(-x),
    "mish": lambda x: x * np.tanh(_softplus(x)),
    "relu": lambda x: np.maximum(x, 0),
    "relu6": lambda x: np.clip(x, 0.0, 6.0),
    "selu": lambda x: _SELU_SCALE * _elu(x, _SELU_ALPHA),
    "sigmoid": expit,
    "silu": lambda x: x * expit(x),
    "softmax": _softmax,
    "softplus": _softplus,
    "softsign": lambda x: x / (1 + np.abs(x)),
    "swish": lambda x: x * expit(x),
    "tanh": np.tanh,
}

# Those that can overwrite the values that they are given, and are faster so.
ACTIVATIONS_IN_PLACE: Mapping[Hashable, Callable[[Array], Array]] = {"gelu": _gelu_in_place}

# Activations that never fall, and those that fall to one minimum and rise from there on: what they
# make of the largest of some values is known from the largest, or from that and the least.
RISING = frozenset(
    ("celu", "elu", "exponential", "hard_sigmoid", "leaky_relu", "linear", "log_sigmoid", "relu")
).union(("relu6", "selu", "sigmoid", "softplus", "softsign", "tanh"))
OF_ONE_VALLEY = frozenset(("gelu", "mish", "silu", "swish"))
