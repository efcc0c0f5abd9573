"""Matrix products whose rows do not depend on where they stand, where the processor allows it.

OpenBLAS for AVX2 without AVX-512 takes rows by six in turn two ways, so that the last bit of a row
depends on its place whatever is done about the edges.
"""

import numpy as np

from skae.numerics._types import Array

# Rows and columns that OpenBLAS multiplies at a time. Where both are left over, it takes the last
# rows another way than the others, and their last bits differ.
_AT_A_TIME = 4
# The same of the columns of a transposed matrix.
_COLUMNS_AT_A_TIME = 8


def product(rows: Array, kernel: Array, out: Array | None = None) -> Array:
    """``rows @ kernel``, in which rows in another order give the same bits but for such processors.

    Of two rows or more: a single one is a product of a vector, which has bits of its own.

    Parameters
    ----------
    rows : ndarray of shape (..., n_rows, n_values)
    kernel : ndarray of shape (n_values, n_columns)
    out : ndarray of shape (..., n_rows, n_columns), optional
    """
    n_rows, n_columns = rows.shape[-2], kernel.shape[1]
    lacking = -n_columns % _AT_A_TIME
    if not lacking or (n_columns > _AT_A_TIME and n_rows % _AT_A_TIME == 0):
        return np.matmul(rows, kernel, out=out)
    wide = np.zeros((len(kernel), n_columns + lacking), kernel.dtype)
    wide[:, :n_columns] = kernel
    values: Array = np.matmul(rows, wide)[..., :n_columns]
    if out is None:
        return np.ascontiguousarray(values)
    out[:] = values
    return out


def transposed_product(taps: Array, rows: Array) -> Array:
    """``taps @ rows.T``, in which rows in another order give the same bits but for those.

    Parameters
    ----------
    taps : ndarray of shape (n_taps, n_values)
    rows : ndarray of shape (n_rows, n_values)
    """
    (n_taps, n_values), n_rows = taps.shape, len(rows)
    if n_taps == 1:
        taps = np.concatenate([taps, np.zeros_like(taps)])
    lacking = -n_rows % _COLUMNS_AT_A_TIME
    if lacking:
        rows = np.concatenate([rows, np.zeros((lacking, n_values), rows.dtype)])
    values: Array = (taps @ rows.T)[:n_taps, :n_rows]
    return values
