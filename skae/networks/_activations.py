"""Activations in numpy, for scoring without Keras; each equals the Keras activation of its name."""

from collections.abc import Callable, Hashable, Mapping
from functools import partial

import numpy as np
from scipy.special import erf, expit

from skae.numerics import Array, add_bias, gelu_in_place

_SELU_SCALE, _SELU_ALPHA = 1.0507009873554805, 1.6732632423543772
_SQRT_HALF = 0.7071067811865476


def _gelu(x: Array) -> Array:
    if isinstance(x, np.ndarray):
        return gelu_in_place(np.array(x, order="C"))
    # Of an array that is not there yet, which writes what is computed of it.
    activated: Array = 0.5 * x * (1.0 + erf(x * x.dtype.type(_SQRT_HALF)))
    return activated


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


# Of units and their bias in one pass, which overwrites the units.
AFTER_BIAS: Mapping[Hashable, Callable[[Array, Array], Array]] = {
    "gelu": gelu_in_place,
    "relu": partial(add_bias, rectifies=True),
}


def activate_units(activation: Hashable, units: Array, bias: Array) -> Array:
    """Values of an activation of units after their bias; the units may be overwritten.

    Parameters
    ----------
    activation : str
        Of one that numpy knows.
    units : ndarray of shape (n_rows, n_units)
    bias : ndarray of shape (n_units,)
    """
    if activation in AFTER_BIAS:
        return AFTER_BIAS[activation](units, bias)
    return NUMPY_ACTIVATIONS[activation](add_bias(units, bias))


# Activations that never fall, and those that fall to one minimum and rise from there on: what they
# make of the largest of some values is known from the largest, or from that and the least.
RISING = frozenset(
    ("celu", "elu", "exponential", "hard_sigmoid", "leaky_relu", "linear", "log_sigmoid", "relu")
).union(("relu6", "selu", "sigmoid", "softplus", "softsign", "tanh"))
OF_ONE_VALLEY = frozenset(("gelu", "mish", "silu", "swish"))
