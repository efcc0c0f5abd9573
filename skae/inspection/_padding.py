"""Values that are not there: timesteps that only fill a sequence up, and gaps."""

import numpy as np

from skae.inspection._rows import as_rows, check_same_shape


def without_padding(rows, reducer):
    """Rows with NaN at timesteps that only fill a sequence up, as far as the reducer tells."""
    value = getattr(reducer, "mask_value", None)
    if value is None or np.isnan(value):
        return rows
    n_channels = 1 if reducer.sample_shape is None else reducer.sample_shape[-1]
    steps = rows.reshape(len(rows), -1, n_channels)
    is_padding = np.all(steps == value, axis=2, keepdims=True)
    return np.where(is_padding, np.nan, steps).reshape(rows.shape)


def without_padding_of(X, estimator):
    """Rows as they came, or flat with NaN for padding where the estimator itself pads."""
    if getattr(estimator, "mask_value", None) is None:
        return X
    return without_padding(as_rows(X, "X").astype(float), estimator)


def row_errors(X, X_reconstructed):
    """Mean squared error of each row over the values that X has."""
    pair = check_same_shape({"X": X, "X_reconstructed": X_reconstructed})
    rows, reconstructed = (each.astype(float) for each in pair.values())
    is_there = ~np.isnan(rows)
    n_there = is_there.sum(axis=1)
    if not n_there.all():
        raise ValueError(
            f"Row {int(np.argmin(n_there))} of X has no values, so it has no error; leave it out."
        )
    return np.mean((rows - reconstructed) ** 2, axis=1, where=is_there)
