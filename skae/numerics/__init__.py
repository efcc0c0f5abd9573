"""How numpy computes, and the types of its arrays."""

from skae.numerics._aligned import empty_aligned
from skae.numerics._allocation import give_memory_back, kept_memory
from skae.numerics._biased import add_bias
from skae.numerics._blas import one_blas_thread, one_thread
from skae.numerics._centred import centred_singles
from skae.numerics._gelu import gelu_in_place
from skae.numerics._products import product, transposed_product
from skae.numerics._types import Array, ArrayLike, Bools, Integers, Matrix, RandomState, Weights

__all__ = [
    "Array",
    "ArrayLike",
    "Bools",
    "Integers",
    "Matrix",
    "RandomState",
    "Weights",
    "add_bias",
    "centred_singles",
    "empty_aligned",
    "gelu_in_place",
    "give_memory_back",
    "kept_memory",
    "one_blas_thread",
    "one_thread",
    "product",
    "transposed_product",
]
