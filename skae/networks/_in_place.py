"""Activations of large arrays in place, a part that fits the cache at a time.

Each equals the function of its name in `NUMPY_ACTIVATIONS`. scipy's `erf` and `expit` take tens of
cycles a value, numpy's `tanh` one or two: what can be written with it is.
"""

from collections.abc import Callable, Hashable, Mapping

import numpy as np

from skae.networks._activations import AFTER_BIAS, NUMPY_ACTIVATIONS
from skae.numerics import Array, add_bias, gelu_in_place

# Values that are worked on at a time: with their temporaries they stay near the processor.
_AT_A_TIME = 2**13


def activate_in_place(name: Hashable, values: Array, bias: Array | None = None) -> Array:
    """Values after an activation, float32; those given may be overwritten.

    Parameters
    ----------
    name : str
        Of one that numpy knows.
    values : ndarray of shape (..., n_units), float32
        Contiguous.
    bias : ndarray of shape (n_units,), optional
        Added before.
    """
    if bias is not None and name in AFTER_BIAS:
        return AFTER_BIAS[name](values, bias)
    if bias is not None:
        add_bias(values, bias)
    if name in _WHOLE:
        return NUMPY_ACTIVATIONS[name](values)
    flat, function = values.reshape(-1), _FAST.get(name)
    if function is None:
        function = _copied_by(NUMPY_ACTIVATIONS[name])
    for start in range(0, flat.size, _AT_A_TIME):
        function(flat[start : start + _AT_A_TIME])
    return values


def sigmoid_in_place(values: Array) -> None:
    """Logistic function."""
    values *= 0.5
    np.tanh(values, out=values)
    values *= 0.5
    values += 0.5


def _silu_in_place(values: Array) -> None:
    shares = values.copy()
    sigmoid_in_place(shares)
    values *= shares


def _relu_in_place(values: Array) -> None:
    np.maximum(values, 0.0, out=values)


def _tanh_in_place(values: Array) -> None:
    np.tanh(values, out=values)


def _nothing(values: Array) -> None:
    pass


def _copied_by(activate: Callable[[Array], Array]) -> Callable[[Array], None]:
    def function(values: Array) -> None:
        values[...] = activate(values)

    return function


_FAST: Mapping[Hashable, Callable[[Array], object]] = {
    "gelu": gelu_in_place,
    "linear": _nothing,
    "relu": _relu_in_place,
    "sigmoid": sigmoid_in_place,
    "silu": _silu_in_place,
    "swish": _silu_in_place,
    "tanh": _tanh_in_place,
}
# Those that look at all units of a place.
_WHOLE = frozenset({"softmax"})
