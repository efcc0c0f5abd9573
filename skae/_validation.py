"""Everything that comes in: rows, weights, strengths, the validation split."""

import numpy as np
from scipy import sparse
from sklearn.utils.validation import _check_sample_weight, check_array, validate_data

_FLOAT32_MAX = float(np.finfo(np.float32).max)


def check_rows(estimator, X, *, reset):
    """Rows as float32 or float64, dense, CSR or still on their disk.

    Raises
    ------
    ValueError
        For a wrong shape, missing or infinite values, or values beyond float32.
    """
    on_disk = is_on_disk(X)
    X = validate_data(
        estimator,
        X,
        reset=reset,
        accept_sparse="csr",
        # Integers on a disk are converted a block at a time instead.
        dtype=None if on_disk and X.dtype.kind in "iuf" else [np.float64, np.float32],
    )
    check_float32_range(X)
    return X


def is_on_disk(X):
    """Whether an array is a memory map, or a view of one."""
    while isinstance(X, np.ndarray):
        if isinstance(X, np.memmap):
            return True
        X = X.base
    return False


def check_float32_range(X):
    """Values that are finite in float64 must be finite in float32, in which networks compute."""
    values = X.data if sparse.issparse(X) else X
    if values.dtype != np.float64 or values.size == 0:
        return
    largest = max(-float(values.min()), float(values.max()))
    if largest > _FLOAT32_MAX:
        raise ValueError(
            f"Input X contains {largest:.3g}, beyond the largest float32 value of "
            f"{_FLOAT32_MAX:.3g}, in which the network computes. Divide X by a constant first."
        )


def check_unit_interval(X):
    """Rows for a cross-entropy must lie in [0, 1]."""
    lowest, highest = float(X.min()), float(X.max())
    if lowest < 0.0 or highest > 1.0:
        raise ValueError(
            "loss='binary_crossentropy' expects every value of X in [0, 1], but X ranges from "
            f"{lowest:.6g} to {highest:.6g}. Scale X with sklearn.preprocessing.MinMaxScaler("
            "clip=True), or use loss='squared_error'."
        )


def check_clean_rows(X_clean, X):
    """What the rows of X should become, one for each; or None."""
    if X_clean is None:
        return None
    X_clean = check_array(
        X_clean, accept_sparse="csr", dtype=[np.float64, np.float32], input_name="X_clean"
    )
    if X_clean.shape != X.shape:
        raise ValueError(
            f"X_clean has shape {X_clean.shape}, but X has shape {X.shape}. Pass the clean version "
            "of every row of X, in the same order."
        )
    check_float32_range(X_clean)
    return X_clean


def check_code(code, n_components):
    """A code to decode: finite, two-dimensional, of the fitted width."""
    code = check_array(code, dtype=[np.float64, np.float32], input_name="code")
    if code.shape[1] != n_components:
        raise ValueError(
            f"The code has {code.shape[1]} columns, but this estimator was fitted with "
            f"n_components_={n_components}. Pass what transform returned."
        )
    return code


def check_weights(sample_weight, X):
    """Sample weights as float64, not negative and not all zero; or None."""
    if sample_weight is None:
        return None
    return _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)


def split_rows(n_rows, validation_fraction, rng):
    """Indices of training and validation rows, by a random permutation.

    A single row trains and validates nothing.
    """
    order = rng.permutation(n_rows)
    n_validation = min(int(np.ceil(validation_fraction * n_rows)), n_rows - 1)
    return np.sort(order[n_validation:]), np.sort(order[:n_validation])
