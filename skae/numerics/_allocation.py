"""Memory that is kept from step to step, and memory that is given back, where glibc allocates.

dask lets its workers give memory back at once (``MALLOC_TRIM_THRESHOLD_=65536``), which also ends
glibc's own adaptation to the sizes that are asked for: the arrays of a step, some hundred kilobytes
each, are then mapped anew in every step, and every page of them costs a fault.
"""

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

# Of glibc's malloc.h.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_KEPT, _LARGEST = 2**27, 2**25
_GLIBC_LARGEST = 2**17


@contextmanager
def kept_memory() -> Iterator[None]:
    """Let freed memory be used again in this block, where the environment asks to give it back."""
    given = os.environ.get("MALLOC_TRIM_THRESHOLD_", "")
    libc = _glibc() if given.isdecimal() else None
    if libc is None or int(given) >= _KEPT:
        yield
        return
    libc.mallopt(_TRIM_THRESHOLD, _KEPT)
    libc.mallopt(_MMAP_THRESHOLD, _LARGEST)
    try:
        yield
    finally:
        largest = os.environ.get("MALLOC_MMAP_THRESHOLD_", "")
        libc.mallopt(_TRIM_THRESHOLD, int(given))
        libc.mallopt(_MMAP_THRESHOLD, int(largest) if largest.isdecimal() else _GLIBC_LARGEST)
        libc.malloc_trim(0)


def give_memory_back() -> None:
    """Let the system have what was freed.

    What a thread freed stays with that thread, whatever others ask for.
    """
    libc = _glibc()
    if libc is not None:
        libc.malloc_trim(0)


@cache
def _glibc() -> Any:
    """The C library, if it is glibc."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    return libc if hasattr(libc, "mallopt") and hasattr(libc, "malloc_trim") else None
