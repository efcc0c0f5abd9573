"""Values that are not there: timesteps that only fill a sequence up, and gaps."""

import numpy as np

from skae.reducers._rows import as_rows, check_same_shape


def rows_without_padding(rows, reducer):
    """Rows with NaN at timesteps that only fill a sequence up, as far as the reducer tells."""
    value = getattr(reducer, "mask_value", None)
    if value is None or np.isnan(value):
        return rows
    n_channels = 1 if reducer.sample_shape is None else reducer.sample_shape[-1]
    steps = rows.reshape(len(rows), -1, n_channels)
    is_padding = np.all(steps == value, axis=2, keepdims=True)
    return np.where(is_padding, np.nan, steps).reshape(rows.shape)


def leave_padding_out(estimator, X, *others):
    """Rows, and what was made of them, with NaN where the rows are padded.

    They are returned as they came where the estimator itself knows no padding: what a Pipeline
    pads is not what its last step reads. None stays None.
    """
    if getattr(estimator, "mask_value", None) is None:
        return X, *others
    rows = rows_without_padding(as_rows(X, "X").astype(float), estimator)
    is_padding = np.isnan(rows)

    def without(made):
        return None if made is None else np.where(is_padding, np.nan, as_rows(made, "X"))

    return rows, *map(without, others)


def squared_errors(X, X_reconstructed):
    """Squared error of each value of X, masked where X has none."""
    pair = check_same_shape({"X": X, "X_reconstructed": X_reconstructed})
    rows, reconstructed = (each.astype(float) for each in pair.values())
    return np.ma.masked_array((rows - reconstructed) ** 2, np.isnan(rows))


def row_errors(squares):
    """Mean of each row of squared errors over the values that are there."""
    n_values = squares.count(axis=1)
    if not n_values.all():
        raise ValueError(
            f"Row {int(np.argmin(n_values))} of X has no values, so it has no error; leave it out."
        )
    return squares.mean(axis=1).data
