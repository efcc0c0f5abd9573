"""How sure drawn levels are: one factor for the logits of each column."""

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import logit

from skae.model import Model, Scaling, as_rows
from skae.networks import Columns
from skae.numerics import Array
from skae.objectives import column_errors

# Logarithms of factors that are tried; the mean surprise is convex in the factor.
_LEAST, _MOST = -1.0, 2.5
_LEAST_SHARE = 1e-12


def best_factors(
    columns: Columns, target: Array, output: Array, sample_weight: Array | None = None
) -> Array:
    """Factors of logits under which what is known of flags and levels surprises least.

    Numbers are drawn around what a code says by the errors that are left at the codes of rows. A
    decoder that learnt from noisy codes, as a variational one does, is less sure of levels than
    these codes allow. One factor a column (Guo et al. 2017) brings both to the same footing.

    Parameters
    ----------
    columns : Columns
    target : ndarray of shape (n, n_features)
        Above 0 for the level that is there, NaN where nothing is known.
    output : ndarray of shape (n, n_features)
        Logits, beside numbers.
    sample_weight : ndarray of shape (n,), optional

    Returns
    -------
    factors : ndarray of shape (n_features,)
        1 for numbers, the same for all levels of a column.
    """
    weight = np.ones(len(target)) if sample_weight is None else sample_weight
    factors = np.ones(columns.n_columns)
    for place in range(columns.n_numbers, columns.n_columns):
        start = columns.starts[place]
        levels = slice(start, start + columns.sizes[place])
        is_flag = place < columns.first_level
        alone = Columns(0, 1) if is_flag else Columns(0, 0, (int(columns.sizes[place]),))

        def surprise(log_factor: float, levels: slice = levels, alone: Columns = alone) -> float:
            logits = output[:, levels] * np.exp(log_factor)
            errors, _ = column_errors(np, alone, "squared_error", target[:, levels], logits)
            return float(weight @ errors[:, 0])

        if np.isfinite(target[:, levels]).any():
            found = minimize_scalar(surprise, bounds=(_LEAST, _MOST), method="bounded").x
            factors[place] = np.exp(found)
    spread: Array = np.repeat(factors, columns.sizes)
    return spread


def logits_of(columns: Columns, rows: Array) -> Array:
    """Logits of shares of flags and levels; numbers as they are."""
    n, first = columns.n_numbers, columns.first_level
    shares = np.clip(rows.astype(np.float64), _LEAST_SHARE, 1 - _LEAST_SHARE)
    made = rows.astype(np.float64)
    made[:, n:first] = logit(shares[:, n:first])
    made[:, first:] = np.log(shares[:, first:])
    return made


def sharpened_rows(columns: Columns, rows: Array, factors: Array) -> Array:
    """Rows with shares of logits times factors; numbers as they are."""
    unchanged = Scaling(np.zeros(columns.n_features), np.ones(columns.n_features))
    return as_rows(columns, unchanged, logits_of(columns, rows) * factors)


def sharpened(model: Model, code: Array, factors: Array) -> Array:
    """Rows that codes stand for, with such factors of their logits; shape (n, n_features)."""
    columns = model.network.columns
    assert columns is not None
    return as_rows(columns, model.scaling, model.decode_scaled(code) * factors)
