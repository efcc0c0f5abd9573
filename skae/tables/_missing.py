"""What is missing from a table: what a mask hides, and values that stand for none."""

from collections.abc import Sequence
from typing import Any

import numpy as np

_FILL = (
    "Fill the gaps, for example with skae.ReconstructionImputer, or pass {name}.filled(value) if a "
    "value of its own stands for them."
)


def refuse_mask(values: Any, name: str, way_out: str = _FILL) -> None:
    """Raise ValueError if a mask hides a value: scikit-learn would read what is under it.

    A masked array of which no value is masked says the same as its data, and is taken.

    Parameters
    ----------
    values : object
        Rows, labels, weights or anything else that may come as a masked array, or as a list of
        such.
    name : str
        Of the parameter.
    way_out : str
        What to do instead.
    """
    hidden = [part for part in _parts(values) if np.ma.is_masked(part)]
    if hidden:
        counts = [int(np.sum(np.ma.getmaskarray(part))) for part in hidden]
        raise ValueError(
            f"{name} is a masked array in which {sum(counts)} of the values are masked, but every "
            "value was expected to be there: what is under a mask would be read like any other. "
            + way_out.format(name=name)
        )


def _parts(values: Any) -> Sequence[Any]:
    return values if isinstance(values, list | tuple) else (values,)


def is_missing(value: Any) -> bool:
    """Whether a single value stands for none: None, NaN, NaT or pandas.NA."""
    # NaN and NaT alone differ from themselves, and pandas.NA cannot be compared.
    return value is None or type(value).__name__ == "NAType" or bool(value != value)


def with_nan_for_na(values: Any) -> Any:
    """Arrays and frames of objects with NaN for pandas.NA, which numpy makes no number of."""
    if isinstance(values, list | tuple):
        try:
            values = np.asarray(values)
        except ValueError:  # rows of different lengths: the validation proper says so
            return values
    if isinstance(values, np.ndarray) and values.dtype == object:
        hidden = np.array([is_missing(value) for value in values.ravel()], bool)
        return np.where(hidden.reshape(values.shape), np.nan, values)
    if hasattr(values, "iloc") and _holds_objects(values):
        return values.astype(object).where(values.notna(), np.nan)
    return values


def _holds_objects(frame: Any) -> bool:
    return any(isinstance(dtype, np.dtype) and dtype.hasobject for dtype in np.ravel(frame.dtypes))


def filled_where_masked(X: Any, value: float) -> Any:
    """Rows with a value where a mask hides one; other rows as they came."""
    if isinstance(X, list | tuple) and any(np.ma.is_masked(row) for row in X):
        X = np.ma.array(list(X))
    if not isinstance(X, np.ma.MaskedArray):
        return X
    X = X.astype(np.float64) if X.dtype.kind in "biu" else X
    return X.filled(value)
