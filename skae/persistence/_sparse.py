"""Sparse matrices, whose compiled code follows the numbers of a file without a look at them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import sparse

from skae.states import demand

_MATRICES = {
    "csr_matrix": sparse.csr_matrix,
    "csc_matrix": sparse.csc_matrix,
    "csr_array": sparse.csr_array,
    "csc_array": sparse.csc_array,
}


def matrix_again(kind: str, shape: Sequence[Any], parts: Sequence[Any]) -> Any:
    """Return a sparse matrix, once it is known that nothing in it leads out of it.

    Parameters
    ----------
    kind : str
    shape : list of int
    parts : list of ndarray
        Values, indices and where each row (or column) begins. The checks of scipy do not look
        where the number of values is negative.

    Raises
    ------
    ValueError
    """
    data, indices, starts = parts
    demand(
        len(shape) == 2 and all(type(length) is int and length >= 0 for length in shape),
        "a sparse matrix of no shape",
    )
    along, across = shape if kind.startswith("csr") else reversed(shape)
    for name, each, dtypes in (
        ("values", data, "biufc"),
        ("indices", indices, "i"),
        ("starts", starts, "i"),
    ):
        is_row = isinstance(each, np.ndarray) and each.ndim == 1 and each.dtype.kind in dtypes
        demand(is_row, f"{name} of a sparse matrix are no array of them")
    demand(len(data) == len(indices), "a sparse matrix with other indices than values")
    demand(len(starts) == along + 1, "a sparse matrix with rows of other places")
    rises = starts[0] == 0 and starts[-1] == len(indices) and np.all(starts[:-1] <= starts[1:])
    demand(rises, "a sparse matrix whose rows do not follow each other")
    within = not len(indices) or (indices.min() >= 0 and indices.max() < across)
    demand(within, "a sparse matrix with indices outside of it")
    matrix = _MATRICES[kind]((data, indices, starts), shape=tuple(shape))
    matrix.check_format(full_check=True)
    return matrix
