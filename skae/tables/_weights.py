"""Weights of rows."""

from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.utils.validation import _check_sample_weight

from skae.numerics import Array, ArrayLike, Matrix
from skae.tables._missing import refuse_mask
from skae.tables._storage import in_memory


def check_weights(sample_weight: ArrayLike | None, X: Matrix) -> Array | None:
    """Sample weights as float64, of mean 1 over the rows that count; or None.

    Only ratios matter: single precision, in which networks compute, would lose those of very large
    and very small weights. Weights times a power of two give the same bits.

    Raises
    ------
    ValueError
        If they are no numbers, one for each row, if one is negative or not finite, or if all are
        zero.
    """
    if sample_weight is None:
        return None
    sample_weight = in_memory(sample_weight)
    refuse_mask(sample_weight, "sample_weight", "Pass {name}.filled(0) to leave those rows out.")
    try:
        weight: Array = _check_sample_weight(
            sample_weight,
            X,
            dtype=np.float64,
            ensure_non_negative=True,
            allow_all_zero_weights=True,
        )
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"sample_weight {_fault(sample_weight, X.shape[0])}, but {X.shape[0]} weights from 0 "
            "on were expected, one for each row. Give rows that are not to count a weight of 0. "
            f"({str(error).splitlines()[0]})"
        ) from error
    if not weight.any():
        raise ValueError(
            f"sample_weight is zero for all {len(weight)} rows, so none of them counts. Give some "
            "rows a weight above zero, or pass None."
        )
    # By the largest first, whose sum with others may be infinite; a subnormal one has lost digits.
    share = weight / weight.max()
    relative: Array = share / share[share > 0].mean()
    return relative


def _fault(sample_weight: Any, n_rows: int) -> str:
    """What is wrong with weights, in words that go on from their name."""
    if issparse(sample_weight):
        return "is a sparse matrix"
    try:
        given = np.asarray(sample_weight)
        weight = given.astype(np.float64) if given.dtype.kind != "c" else None
    except (TypeError, ValueError):
        weight = None
    if weight is None:
        return "holds values that are no real numbers"
    if weight.shape != (n_rows,):
        return f"is of shape {weight.shape}"
    wrong = np.flatnonzero(~(np.isfinite(weight) & (weight >= 0)))
    return f"holds {weight[wrong[0]]:g} at row {wrong[0]}" if len(wrong) else "cannot be read"
