"""The compiled loops, where there was a compiler when skae was installed."""

from typing import Any

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
