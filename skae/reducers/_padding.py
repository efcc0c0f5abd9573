"""Timesteps that only fill a sequence up: which those are, and rows without them."""

from typing import Any

import numpy as np

from skae.numerics import Array, Bools, Integers
from skae.reducers._fitted import steps_of
from skae.reducers._pipelines import thawed
from skae.reducers._types import Reducer


def padding_value(reducer: object) -> float | None:
    """Return the value of padding, as the last step of a reducer reads it; None if it has none."""
    steps = steps_of(reducer)
    value = getattr(steps[-1], "mask_value", None) if steps else None
    return None if value is None else float(value)


def allows_nan(reducer: object) -> bool:
    """Return whether NaN says which timesteps are not there."""
    value = padding_value(reducer)
    return value is not None and bool(np.isnan(value))


def find_padding(reducer: Reducer, X: Array) -> Bools | None:
    """Find the padding of rows.

    A Pipeline is asked for what its last step reads, so it has to be fitted.

    Parameters
    ----------
    reducer : estimator
    X : ndarray of shape (n_samples, n_features)

    Returns
    -------
    is_padding : ndarray of bool of the same shape, or None
        None where the reducer knows of no padding.

    Raises
    ------
    ValueError
        If steps of a Pipeline before make other columns of padded ones.
    """
    value = padding_value(reducer)
    if value is None:
        return None
    read = _read_by_last_step(reducer, X)
    is_padding = _whole_timesteps(steps_of(reducer)[-1], read, value)
    if is_padding.shape == X.shape:
        return is_padding
    if is_padding.any():
        raise ValueError(
            f"Steps before mask_value={value} make {read.shape[1]} columns of {X.shape[1]}, so "
            "nobody can tell which values of X are padding. Leave those steps out, or use such as "
            "keep columns apart, like StandardScaler."
        )
    return np.zeros(X.shape, bool)


def find_padding_before_fit(reducer: object, X: Array) -> Bools | None:
    """Find the padding of rows for a reducer that is not fitted yet.

    Raises
    ------
    ValueError
        If steps of a Pipeline would have to be fitted to see which values are padding.
    """
    value = padding_value(reducer)
    if value is None:
        return None
    steps = steps_of(reducer)
    if len(steps) > 1 and not np.isnan(value):
        raise ValueError(
            f"mask_value={value} is what {type(steps[-1]).__name__} reads after the steps before "
            "it, so nobody can tell yet which values of X are padding. Pad with NaN and set "
            "mask_value=np.nan, which scalers leave as it is."
        )
    return _whole_timesteps(steps[-1], X, value)


def without_known_padding(reducer: object, X: Array) -> Array:
    """Return rows with NaN for padding, as far as it is known before the reducer is fitted."""
    if padding_value(reducer) is None or (len(steps_of(reducer)) > 1 and not allows_nan(reducer)):
        return X
    return without_padding(X, find_padding_before_fit(reducer, X))


def without_padding(rows: Array, is_padding: Bools | None, value: float = np.nan) -> Array:
    """Return rows with another value for padding."""
    return rows if is_padding is None else np.where(is_padding, value, rows)


def n_present(X: Array, is_padding: Bools | None) -> Integers:
    """Count the values of each row that are not padding; at least one."""
    if is_padding is None:
        return np.full(len(X), X.shape[1])
    counts: Integers = np.maximum(X.shape[1] - is_padding.sum(axis=1), 1)
    return counts


def mean_row(X: Array) -> Array:
    """Return the mean of each column over its values that are not NaN.

    A column without any gets the mean of all values.
    """
    present = np.ma.masked_invalid(X)
    overall = present.mean(dtype=np.float64)
    means = present.mean(axis=0, dtype=np.float64)
    return np.ma.filled(means, 0.0 if overall is np.ma.masked else overall)


def _read_by_last_step(reducer: Any, X: Array) -> Array:
    reducer = thawed(reducer)
    while hasattr(reducer, "steps"):
        X = np.asarray(reducer[:-1].transform(X)) if len(reducer.steps) > 1 else X
        reducer = thawed(reducer.steps[-1][1])
    return X


def _whole_timesteps(autoencoder: Any, rows: Array, value: float) -> Bools:
    """Find the timesteps of which every feature holds the value."""
    shape = autoencoder.sample_shape
    n_features = 1 if shape is None else shape[-1]
    if rows.shape[1] % n_features:
        return np.zeros(rows.shape, bool)  # the autoencoder says what is wrong with the shape
    steps = rows.reshape(len(rows), rows.shape[1] // n_features, n_features)
    holds = np.isnan(steps) if np.isnan(value) else steps == value
    return np.repeat(holds.all(axis=2), n_features, axis=1)
