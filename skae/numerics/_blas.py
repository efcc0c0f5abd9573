"""Linear algebra whose last bit does not depend on the number of threads.

joblib's workers run BLAS with fewer threads than their parent, which changes the order of sums. The
start of a fit is computed on one thread, so that equal seeds give equal bits there too.
"""

import functools
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import ThreadpoolController

# The limit holds for the process: two threads must not restore it across each other.
_LOCK = threading.Lock()


@functools.cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Run BLAS on one thread for the length of a ``with`` block."""
    with _LOCK, _controller().limit(limits=1, user_api="blas"):
        yield


@contextmanager
def one_thread() -> Iterator[None]:
    """Run BLAS and OpenMP on one thread for the length of a ``with`` block."""
    with _LOCK, _controller().limit(limits=1):
        yield
