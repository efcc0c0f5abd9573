"""Timesteps that only fill a sequence up: which those are, and rows without them."""

import numpy as np

from skae.reducers._fitted import steps_of, thawed


def padding_value(reducer):
    """What padding holds, as the last step of a reducer reads it; None if it knows of none."""
    steps = steps_of(reducer)
    value = getattr(steps[-1], "mask_value", None) if steps else None
    return None if value is None else float(value)


def allows_nan(reducer):
    """Whether NaN says which timesteps are not there."""
    value = padding_value(reducer)
    return value is not None and bool(np.isnan(value))


def find_padding(reducer, X):
    """Where rows are only filled up.

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


def find_padding_before_fit(reducer, X):
    """The same for a reducer that is not fitted yet.

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


def without_known_padding(reducer, X):
    """Rows with NaN for padding, as far as it can be told before the reducer is fitted."""
    if padding_value(reducer) is None or (len(steps_of(reducer)) > 1 and not allows_nan(reducer)):
        return X
    return without_padding(X, find_padding_before_fit(reducer, X))


def without_padding(rows, is_padding, value=np.nan):
    """Rows with another value where they are only filled up."""
    return rows if is_padding is None else np.where(is_padding, value, rows)


def n_present(X, is_padding):
    """How many values of each row are there."""
    if is_padding is None:
        return np.full(len(X), X.shape[1])
    return np.maximum(X.shape[1] - is_padding.sum(axis=1), 1)


def mean_row(X):
    """Mean of each column over the values that are not NaN; of all where a column has none."""
    present = np.ma.masked_invalid(X)
    overall = present.mean(dtype=np.float64)
    means = present.mean(axis=0, dtype=np.float64)
    return np.ma.filled(means, 0.0 if overall is np.ma.masked else overall)


def _read_by_last_step(reducer, X):
    reducer = thawed(reducer)
    while hasattr(reducer, "steps"):
        X = np.asarray(reducer[:-1].transform(X)) if len(reducer.steps) > 1 else X
        reducer = thawed(reducer.steps[-1][1])
    return X


def _whole_timesteps(autoencoder, rows, value):
    """Values of timesteps of which every feature holds the value."""
    shape = autoencoder.sample_shape
    n_features = 1 if shape is None else shape[-1]
    if rows.shape[1] % n_features:
        return np.zeros(rows.shape, bool)  # the autoencoder says what is wrong with the shape
    steps = rows.reshape(len(rows), rows.shape[1] // n_features, n_features)
    holds = np.isnan(steps) if np.isnan(value) else steps == value
    return np.repeat(holds.all(axis=2), n_features, axis=1)
