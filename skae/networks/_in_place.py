"""Activations of large arrays in place, a part that fits the cache at a time.

Each equals the function of its name in `NUMPY_ACTIVATIONS`. scipy's `erf` and `expit` take tens of
cycles a value, numpy's `tanh` one or two: what can be written with it is.
"""

from collections.abc import Callable, Hashable, Mapping

import numpy as np

from skae.networks._activations import NUMPY_ACTIVATIONS
from skae.numerics import Array

# Values that are worked on at a time: with their temporaries they stay near the processor.
_AT_A_TIME = 2**13
# erf(x / sqrt(2)) = tanh(x p(x * x)), of least error in x erf(x / sqrt(2)) for x * x < 29, beyond
# which both are 1 in single precision. The error is that of rounding, 2e-7.
_GELU = tuple(
    np.float32(each)
    for each in (
        0.7978842258453369,
        0.03633428364992142,
        -3.3129952498711646e-05,
        -5.524016887648031e-05,
        3.969111276092008e-06,
        -1.3344651961233467e-07,
        1.8056189876602957e-09,
    )
)


def activate_in_place(name: Hashable, values: Array) -> Array:
    """Values after an activation, float32; those given may be overwritten.

    Parameters
    ----------
    name : str
        Of one that numpy knows.
    values : ndarray of shape (..., n_units), float32
        Contiguous.
    """
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


def _gelu_in_place(values: Array) -> None:
    # Squares of values beyond 1e19 are infinite, and their tanh 1.
    with np.errstate(over="ignore"):
        squares = values * values
        powers = squares * _GELU[-1]
        for coefficient in _GELU[-2:0:-1]:
            powers += coefficient
            powers *= squares
        powers += _GELU[0]
        powers *= values
    np.tanh(powers, out=powers)
    powers += 1.0
    values *= 0.5
    values *= powers


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


_FAST: Mapping[Hashable, Callable[[Array], None]] = {
    "gelu": _gelu_in_place,
    "linear": _nothing,
    "relu": _relu_in_place,
    "sigmoid": sigmoid_in_place,
    "silu": _silu_in_place,
    "swish": _silu_in_place,
    "tanh": _tanh_in_place,
}
# Those that look at all units of a place.
_WHOLE = frozenset({"softmax"})
