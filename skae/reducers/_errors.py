"""Values that are not there: timesteps that only fill a sequence up, and gaps."""

from typing import Any

import numpy as np

from skae.numerics import Array, ArrayLike
from skae.reducers._rows import as_rows, check_same_shape


def rows_without_padding(rows: Array, reducer: Any) -> Array:
    """Return rows with NaN at timesteps that are padding, where the reducer knows of any."""
    value = getattr(reducer, "mask_value", None)
    if value is None or np.isnan(value):
        return rows
    n_channels = 1 if reducer.sample_shape is None else reducer.sample_shape[-1]
    steps = rows.reshape(len(rows), -1, n_channels)
    is_padding = np.all(steps == value, axis=2, keepdims=True)
    return np.where(is_padding, np.nan, steps).reshape(rows.shape)


def leave_padding_out(
    estimator: object, X: ArrayLike, *others: ArrayLike | None
) -> tuple[Any, ...]:
    """Return rows, and what was made of them, with NaN where the rows are padded.

    They are returned as they came where the estimator itself knows no padding: what a Pipeline
    pads is not what its last step reads. None stays None.
    """
    if getattr(estimator, "mask_value", None) is None:
        return X, *others
    rows = rows_without_padding(as_rows(X, "X").astype(float), estimator)
    is_padding = np.isnan(rows)

    def without(made: ArrayLike | None) -> Array | None:
        return None if made is None else np.where(is_padding, np.nan, as_rows(made, "X"))

    return rows, *map(without, others)


def squared_errors(X: ArrayLike, X_reconstructed: ArrayLike) -> np.ma.MaskedArray[Any, Any]:
    """Return the squared error of each value of X, masked where X has none."""
    pair = check_same_shape({"X": X, "X_reconstructed": X_reconstructed})
    rows, reconstructed = (each.astype(float) for each in pair.values())
    return np.ma.masked_array((rows - reconstructed) ** 2, np.isnan(rows))


def row_errors(squares: np.ma.MaskedArray[Any, Any]) -> Array:
    """Return the mean of each row of squared errors over the values that are there."""
    n_values = squares.count(axis=1)
    if not n_values.all():
        raise ValueError(
            f"Row {int(np.argmin(n_values))} of X has no values, so it has no error; leave it out."
        )
    errors: Array = squares.mean(axis=1).data
    return errors
