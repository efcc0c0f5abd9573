"""Checks of everything that comes in (rows, codes, strengths), and the validation split."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import sparse

from skae.numerics import Array, ArrayLike, Bools, Integers, Matrix
from skae.tables import check_array, flat_rows, refuse_mask, validate_data

_FLOAT32_MAX = float(np.finfo(np.float32).max)
# Reconstructions may lie further out than rows, and the scale of rows has to have an inverse.
_LARGEST_LEARNT = 1e37
# Means of counts end at e**30, a thousand times this: some may lie further out than rows.
_LARGEST_COUNT = 1e10


def check_rows(
    estimator: Any,
    X: ArrayLike,
    sample_shape: Sequence[int] | None,
    *,
    reset: bool,
    allow_nan: bool = False,
    is_fit: bool = False,
) -> Matrix:
    """Rows as float32 or float64, dense, CSR or still on their disk.

    Parameters
    ----------
    estimator : BaseAutoencoder
    X : array-like
        Of shape (n_samples, n_features) or (n_samples, *sample_shape).
    sample_shape : tuple of int or None
        None if rows can only be flat.
    reset, allow_nan : bool
    is_fit : bool
        Whether a network will be trained to give such rows.

    Raises
    ------
    ValueError
        For a wrong shape, missing or infinite values, or values beyond float32; in a fit, also for
        values so large that what a network makes of them may be.
    """
    refuse_mask(X, "X")
    X = flat_rows(X, sample_shape)
    on_disk = is_on_disk(X)
    X = validate_data(
        estimator,
        X,
        reset=reset,
        accept_sparse="csr",
        # Integers on a disk are converted a block at a time instead.
        dtype=None if on_disk and X.dtype.kind in "iuf" else [np.float64, np.float32],
        ensure_all_finite="allow-nan" if allow_nan else True,
    )
    check_float32_range(X, is_fit=is_fit)
    return X


def with_missing_steps(X: Matrix, sample_shape: Sequence[int], mask_value: float) -> Array:
    """Rows with NaN at the timesteps whose features all have the value that means padding.

    Raises
    ------
    ValueError
        For NaN in a part of a timestep, or for rows without any timestep.
    """
    X = X.toarray() if sparse.issparse(X) else X
    dtype = X.dtype if X.dtype in (np.float32, np.float64) else np.float64
    rows: Array = np.array(X, dtype)
    steps = rows.reshape(len(rows), *sample_shape)
    is_padding: Bools = np.isnan(steps) if np.isnan(mask_value) else steps == mask_value
    is_missing: Bools = np.all(is_padding, axis=2)
    if np.isnan(mask_value) and is_padding.any(axis=2).sum() != is_missing.sum():
        row, step = np.argwhere(is_padding.any(axis=2) & ~is_missing)[0]
        raise ValueError(
            f"Input X contains NaN in {is_padding[row, step].sum()} of the {sample_shape[1]} "
            f"features of timestep {step} of row {row}. mask_value=nan marks whole timesteps: "
            "impute single missing values first."
        )
    if is_missing.all(axis=1).any():
        row = np.flatnonzero(is_missing.all(axis=1))[0]
        raise ValueError(
            f"Row {row} of X holds mask_value={mask_value} at all of its {sample_shape[0]} "
            "timesteps. Leave out rows that are empty."
        )
    steps[is_missing] = np.nan
    return rows


def is_on_disk(X: Any) -> bool:
    """Whether an array is a memory map, or a view of one."""
    while isinstance(X, np.ndarray):
        if isinstance(X, np.memmap):
            return True
        X = X.base
    return False


def check_float32_range(X: Matrix, name: str = "X", *, is_fit: bool = False) -> None:
    """Values that are finite in float64 must be finite in float32, in which networks compute."""
    values = X.data if sparse.issparse(X) else X
    checked = (np.float32, np.float64) if is_fit else (np.float64,)
    if values.dtype not in checked or values.size == 0:
        return
    limit = _LARGEST_LEARNT if is_fit else _FLOAT32_MAX
    # fmin and fmax pass over NaN, which marks timesteps that are not there.
    lowest, highest = np.fmin.reduce(values, axis=None), np.fmax.reduce(values, axis=None)
    largest = max(-float(lowest), float(highest))
    if largest > _FLOAT32_MAX:
        raise ValueError(
            f"Input {name} contains {largest:.3g}, beyond the largest float32 value of "
            f"{_FLOAT32_MAX:.3g}, in which the network computes. Divide {name} by a constant first."
        )
    if largest > limit:
        raise ValueError(
            f"Input {name} contains {largest:.3g}, so near the largest float32 value of "
            f"{_FLOAT32_MAX:.3g} that reconstructions could be infinite: up to {limit:g} can be "
            f"learnt. Divide {name} by a constant first."
        )


def check_unit_interval(X: Matrix, asked_by: str, alternative: str) -> None:
    """Rows for a cross-entropy must lie in [0, 1]; the parameter that asks for it says so."""
    if sparse.issparse(X):
        lowest, highest = float(X.min()), float(X.max())
    else:
        lowest = float(np.fmin.reduce(X, axis=None))
        highest = float(np.fmax.reduce(X, axis=None))
    if lowest < 0.0 or highest > 1.0:
        raise ValueError(
            f"{asked_by} expects every value of X in [0, 1], but X ranges from {lowest:.6g} to "
            f"{highest:.6g}. Scale X with sklearn.preprocessing.MinMaxScaler(clip=True), or use "
            f"{alternative}."
        )


def check_counts(X: Matrix, asked_by: str, *, is_fit: bool = False) -> None:
    """Rows must be counts: whole and not negative; the parameter that asks for it says so.

    In a fit they must also be such as a mean can reach.
    """
    values = X.data if sparse.issparse(X) else X
    # NaN marks timesteps that are not there.
    is_other = (values < 0) | (values != np.rint(values)) & ~np.isnan(values)
    if is_other.any():
        raise ValueError(
            f"{asked_by} expects counts, but X contains {float(values[is_other].flat[0]):g}. Pass "
            "whole numbers of 0 and above as they are, not scaled, or use likelihood='gaussian'."
        )
    if not is_fit:
        return
    largest = float(np.fmax.reduce(values, axis=None, initial=0.0))
    if largest > _LARGEST_COUNT:
        raise ValueError(
            f"{asked_by} learns counts up to {_LARGEST_COUNT:g}, but X contains {largest:.3g}, so "
            "near the largest mean of a count, e**30, that reconstructions could be cut. Count in "
            "a larger unit, such as np.rint(X / 1e6), or use likelihood='gaussian'."
        )


def check_clean_rows(
    X_clean: ArrayLike | None,
    X: Matrix,
    sample_shape: Sequence[int] | None,
    *,
    allow_nan: bool = False,
) -> Matrix | None:
    """Checked clean versions of the rows of X, one for each; or None."""
    if X_clean is None:
        return None
    refuse_mask(X_clean, "X_clean")
    X_clean = check_array(
        flat_rows(X_clean, sample_shape, "X_clean"),
        accept_sparse="csr",
        dtype=[np.float64, np.float32],
        input_name="X_clean",
        ensure_all_finite="allow-nan" if allow_nan else True,
    )
    if X_clean.shape != X.shape:
        raise ValueError(
            f"X_clean has shape {X_clean.shape}, but X has shape {X.shape}. Pass the clean version "
            "of every row of X, in the same order."
        )
    check_float32_range(X_clean, "X_clean", is_fit=True)
    return X_clean


def with_gaps(X: Matrix, observed: ArrayLike | None) -> Array | None:
    """Rows with NaN where a value is not observed; None where all of them are.

    Parameters
    ----------
    X : checked rows
    observed : array-like of bool of the same shape, or None

    Raises
    ------
    ValueError
        If ``observed`` has another shape, holds other values than 0 and 1, or none that is true.
    """
    if observed is None:
        return None
    refuse_mask(observed, "observed", "Pass ~{name}.mask, or the truth values alone.")
    given = np.asarray(observed)
    given = given.reshape(len(given), -1) if given.ndim > 2 else given
    if given.shape != X.shape:
        raise ValueError(
            f"observed has shape {given.shape}, but X has shape {X.shape}. Pass one truth value "
            "for every value of X."
        )
    is_observed = given.astype(bool)
    if not np.array_equal(is_observed, given):
        raise ValueError(
            f"observed holds {given[is_observed != given].flat[0]!r}, but truth values were "
            "expected. Pass for example ~np.isnan(X)."
        )
    if not is_observed.any():
        raise ValueError("observed is false everywhere, so there is nothing to learn from X.")
    if is_observed.all():
        return None
    X = X.toarray() if sparse.issparse(X) else X
    return np.where(is_observed, X, np.asarray(np.nan, X.dtype))


def check_code(code: ArrayLike, n_components: int) -> Array:
    """A code to decode: finite, two-dimensional, of the fitted width."""
    refuse_mask(code, "The code", "Decode rows of which every component is known.")
    checked: Array = check_array(code, dtype=[np.float64, np.float32], input_name="code")
    if checked.shape[1] != n_components:
        raise ValueError(
            f"The code has {checked.shape[1]} columns, but this estimator was fitted with "
            f"n_components_={n_components}. Pass what transform returned."
        )
    return checked


def check_share(name: str, value: float, kind: str) -> None:
    """Refuse a share above 1, of values that the parameter ``kind`` says are replaced."""
    if value > 1:
        raise ValueError(
            f"{name}={value!r} should be at most 1 for {kind}: it is the share of values that are "
            "replaced."
        )


def split_rows(
    n_rows: int, validation_fraction: float, rng: np.random.Generator
) -> tuple[Integers, Integers]:
    """Indices of training and validation rows, by a random permutation.

    A single row trains and validates nothing.
    """
    order = rng.permutation(n_rows)
    n_validation = min(int(np.ceil(validation_fraction * n_rows)), n_rows - 1)
    return np.sort(order[n_validation:]), np.sort(order[:n_validation])
