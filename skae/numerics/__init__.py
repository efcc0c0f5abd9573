"""How numpy computes."""

from skae.numerics._blas import one_blas_thread, one_thread

__all__ = [
    "one_blas_thread",
    "one_thread",
]
