"""Arrays that begin where a vector of the processor does, on which numpy is a fifth faster."""

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from skae.numerics._types import Array

_ALIGNMENT = 64
# Below as many bytes to find the place takes longer than it saves.
_WORTHWHILE = 2**13


def empty_aligned(shape: Sequence[int], dtype: np.dtype[Any]) -> Array:
    """An array of any values whose first byte is at a multiple of 64, unless it is small."""
    n_bytes = prod(shape) * dtype.itemsize
    if n_bytes < _WORTHWHILE:
        return np.empty(shape, dtype)
    raw = np.empty(n_bytes + _ALIGNMENT, np.uint8)
    start = -raw.ctypes.data % _ALIGNMENT
    aligned: Array = raw[start : start + n_bytes].view(dtype).reshape(shape)
    return aligned
