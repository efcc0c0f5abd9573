"""The compiled loops, where there was a compiler when skae was installed."""

from typing import Any

import numpy as np

from skae.numerics._types import Array

kernels: Any = None
try:
    from skae.numerics import _kernels
except ImportError:
    pass
else:
    kernels = _kernels


def can_loop(array: Array) -> bool:
    """Whether there are compiled loops over such an array."""
    dtype = array.dtype
    return (
        kernels is not None
        and dtype.char in "fd"
        and dtype.isnative
        and bool(array.flags.c_contiguous and array.flags.aligned)
    )


def readable(array: Array, dtype: np.dtype[Any]) -> Array:
    """The array, or a copy of it that a compiled loop can read beside values of a dtype."""
    if array.dtype == dtype and array.flags.c_contiguous and array.flags.aligned:
        return array
    return np.require(array, dtype, ["C", "A"])
