"""Linear algebra whose last bit does not depend on the number of threads.

joblib's workers run BLAS with fewer threads than their parent, which changes the order of sums. The
start of a fit is computed on one thread, so that equal seeds give equal bits there too.
"""

import functools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from threadpoolctl import ThreadpoolController

# OpenMP's limit is one of each thread, which the sums of another do not know.
_OPENMP_LOCK = threading.Lock()


@functools.cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()


def _take_control() -> None:
    """Let this thread, or whichever is next, change the number of threads of OpenBLAS.

    threadpoolctl 3.8 leaves that to one thread, often the first, and what others ask for is ignored
    in silence. Here who asks knows of the others.
    """
    for library in _controller().lib_controllers:
        clear = getattr(library, "clear_controlling_thread", None)
        if clear is not None:
            clear(force=True)


class _BlasLimit:
    """A limit of the whole process: who comes first sets it, and who leaves last lifts it.

    Nothing is locked while a block runs: that may be the code of anybody, and ask for it again.
    """

    def __init__(self) -> None:
        self._lock, self._n_inside = threading.Lock(), 0
        self._limiter: Any = None

    def enter(self) -> None:
        with self._lock:
            if self._n_inside == 0:
                _take_control()
                self._limiter = _controller().limit(limits=1, user_api="blas")
            self._n_inside += 1

    def leave(self) -> None:
        with self._lock:
            self._n_inside -= 1
            if self._n_inside == 0:
                _take_control()
                self._limiter.restore_original_limits()
                _take_control()


_BLAS_LIMIT = _BlasLimit()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Run BLAS on one thread for the length of a ``with`` block."""
    _BLAS_LIMIT.enter()
    try:
        yield
    finally:
        _BLAS_LIMIT.leave()


@contextmanager
def one_thread() -> Iterator[None]:
    """Run BLAS and OpenMP on one thread for the length of a ``with`` block."""
    with _OPENMP_LOCK, one_blas_thread(), _controller().limit(limits=1, user_api="openmp"):
        yield
