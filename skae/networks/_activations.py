"""Activations in numpy, for scoring without Keras; each equals the Keras activation of its name."""

from collections.abc import Callable, Hashable, Mapping

import numpy as np
from scipy.special import erf, expit

from skae.numerics import Array

_SELU_SCALE, _SELU_ALPHA = 1.0507009873554805, 1.6732632423543772
_SQRT_HALF = 0.7071067811865476


def _gelu(x: Array) -> Array:
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
