"""What tells one codec from another: its tables, and the rows that it decodes."""

import hashlib

import numpy as np

from skae.applications.codec._padding import PaddingCoder
from skae.applications.codec._quantiser import Quantiser
from skae.numerics import Array
from skae.reducers import Reducer, decoded

# Codes whose reconstruction is looked at, and the numbers taken of each row.
N_PROBES, _N_PROJECTIONS = 8, 4


def fingerprint_of(
    reducer: Reducer, quantiser: Quantiser, padding: PaddingCoder | None, code: Array
) -> str:
    """Return 16 hexadecimal digits, equal for codecs that make equal rows of equal bytes.

    Tables have to be equal, or bytes are read as other integers. Rows are only rounded to steps:
    what a model computes depends in its last bits on threads and machines. They are first projected
    on a few random directions, as of many numbers one would lie between two steps.

    Parameters
    ----------
    reducer : fitted estimator
    quantiser : Quantiser
    padding : PaddingCoder or None
    code : ndarray of shape (n_probes, n_components)
        Codes of a few rows of the fit.
    """
    rows = np.asarray(decoded(reducer, quantiser.code(quantiser.symbols(code))), np.float64)
    directions = np.random.default_rng(0).standard_normal((rows.shape[1], _N_PROJECTIONS))
    # Where rows are padded, what stands for padding is no number.
    projected = np.nan_to_num(rows) @ directions
    digest = hashlib.sha256(str(rows.shape).encode())
    digest.update((np.rint(projected / quantiser.step) + 0.0).tobytes())  # -0 is 0
    for table in [*quantiser.tables, *([] if padding is None else padding.tables)]:
        digest.update(np.append(table.lowest, table.weights).astype(np.int64).tobytes())
    return digest.hexdigest()[:16]
