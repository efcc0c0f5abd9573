"""Matrix products whose rows do not depend on where they stand."""

import numpy as np

from skae.numerics._types import Array

# Of fewer columns, OpenBLAS takes a row that is left over at the end another way than the others,
# and its last bits with it.
_FEWEST_COLUMNS = 4
# The same of the columns of a transposed matrix.
_COLUMNS_AT_A_TIME = 8


def product(rows: Array, kernel: Array, out: Array | None = None) -> Array:
    """``rows @ kernel``, in which rows in another order give the same bits.

    Of two rows or more: a single one is a product of a vector, which has bits of its own.

    Parameters
    ----------
    rows : ndarray of shape (..., n_rows, n_values)
    kernel : ndarray of shape (n_values, n_columns)
    out : ndarray of shape (..., n_rows, n_columns), optional
    """
    n_columns = kernel.shape[1]
    if n_columns >= _FEWEST_COLUMNS:
        return np.matmul(rows, kernel, out=out)
    wide = np.zeros((len(kernel), _FEWEST_COLUMNS), kernel.dtype)
    wide[:, :n_columns] = kernel
    values: Array = np.matmul(rows, wide)[..., :n_columns]
    if out is None:
        return np.ascontiguousarray(values)
    out[:] = values
    return out


def transposed_product(taps: Array, rows: Array) -> Array:
    """``taps @ rows.T``, in which rows in another order give the same bits.

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
