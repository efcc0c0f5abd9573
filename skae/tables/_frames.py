"""How tables come in and go out, in the same words everywhere: masks, shapes and frames."""

import math
from collections.abc import Sequence
from typing import Any, Literal, Self

import numpy as np
from sklearn.utils._set_output import _get_container_adapter
from sklearn.utils.validation import _check_feature_names_in

from skae.numerics import Array

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


def flat_rows(
    X: Any,
    sample_shape: Sequence[int] | None,
    name: str = "X",
    receiver: str = "the estimator",
) -> Any:
    """Rows that come in their own shape, as flat ones; others as they came.

    Parameters
    ----------
    X : array-like
        Of shape (n_samples, n_features) or (n_samples, *sample_shape).
    sample_shape : tuple of int or None
        None if rows can only be flat.
    name : str
        Of the parameter, for errors.
    receiver : str
        What takes a ``sample_shape``, for errors.

    Raises
    ------
    ValueError
        For rows of another shape.
    """
    shape = _shape_of(X)
    if len(shape) < 3:
        return X
    if sample_shape is None or shape[1:] != tuple(sample_shape):
        way_out = (
            f"Pass sample_shape={shape[1:]} to {receiver}, or flatten the rows"
            if sample_shape is None
            else "Pass rows of that sample_shape, or flattened ones"
        )
        raise ValueError(
            f"{name} has shape {shape}, so each row has shape {shape[1:]}, but rows of "
            f"{'one axis' if sample_shape is None else f'sample_shape={tuple(sample_shape)}'} "
            f"were expected. Found array with dim {len(shape)}. {way_out}: "
            f"{name}.reshape(len({name}), -1)."
        )
    return np.asanyarray(X).reshape(shape[0], math.prod(shape[1:]))


def _shape_of(X: Any) -> tuple[int, ...]:
    if isinstance(X, list | tuple):
        try:
            return np.shape(X)
        except ValueError:  # rows of different lengths: the validation proper says so
            return ()
    return tuple(getattr(X, "shape", ()))


def in_container(estimator: Any, rows: Array, given: Any = None) -> Any:
    """Rows as an array, or as the frame that ``set_output`` or the configuration asks for.

    Parameters
    ----------
    estimator : fitted estimator
        Its input columns are those of the rows.
    rows : ndarray of shape (n_samples, n_features_in_)
    given : object, optional
        The rows that these were made of, one for each: a frame's index is kept.
    """
    adapter = _get_container_adapter("transform", estimator)
    if adapter is None:
        return rows
    names = _check_feature_names_in(estimator)
    return adapter.create_container(rows, given, columns=names)


class FrameOutputMixin:
    """Gives ``set_output`` to what returns rows but is no transformer."""

    def set_output(
        self, *, transform: Literal["default", "pandas", "polars"] | None = None
    ) -> Self:
        """Set the container of the rows that are returned.

        Parameters
        ----------
        transform : {"default", "pandas", "polars"}, default=None
            Arrays, or frames with the columns of ``fit``, as :meth:`set_output` of a transformer
            says it. None changes nothing; ``sklearn.set_config(transform_output=...)`` holds for
            what has not been set.

        Returns
        -------
        self : object
            The same estimator.
        """
        if transform is not None:
            config = getattr(self, "_sklearn_output_config", {})
            self._sklearn_output_config = {**config, "transform": transform}
        return self
