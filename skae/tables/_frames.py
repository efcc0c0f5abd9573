"""How tables come in and go out, in the same words everywhere: shapes and frames."""

import math
from collections.abc import Hashable, Sequence
from typing import Any, Literal, Self

import numpy as np
from sklearn.utils._set_output import ADAPTERS_MANAGER, _get_container_adapter
from sklearn.utils.validation import _check_feature_names_in

from skae.messages import needs_extra
from skae.numerics import Array
from skae.tables._column_labels import labels_in_fit
from skae.tables._storage import check_storage, in_memory, mapped


def flat_rows(
    X: Any,
    sample_shape: Sequence[int] | None,
    name: str = "X",
    receiver: str = "the estimator",
) -> Any:
    """Rows that come in their own shape, as flat ones; stored ones as a memory map.

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
        For rows of another shape, and as `mapped` does.
    """
    X = in_memory(X)
    check_storage(X, name)
    shape = _shape_of(X)
    if len(shape) < 3:
        return mapped(X, name)
    if sample_shape is None or shape[1:] not in _shapes_without_ones(tuple(sample_shape)):
        way_out = (
            f"Pass sample_shape={shape[1:]} to {receiver}, or flatten the rows"
            if sample_shape is None
            else "Pass rows of that sample_shape, or flattened ones"
        )
        gray = f" Gray images are of sample_shape={(*shape[1:], 1)}." if len(shape) == 3 else ""
        raise ValueError(
            f"{name} has shape {shape}, so each row has shape {shape[1:]}, but rows of "
            f"{'one axis' if sample_shape is None else f'sample_shape={tuple(sample_shape)}'} "
            f"were expected. Found array with dim {len(shape)}. {way_out}: "
            f"{name}.reshape(len({name}), -1).{gray}"
        )
    return np.asanyarray(mapped(X, name)).reshape(shape[0], math.prod(shape[1:]))


def _shapes_without_ones(sample_shape: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
    """A shape, and that of the same rows without an axis for their only channel."""
    return (sample_shape, sample_shape[:-1]) if sample_shape[-1] == 1 else (sample_shape,)


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
    # Frames of other libraries have names alone.
    labels = labels_in_fit(estimator) if adapter.container_lib == "pandas" else None
    return adapter.create_container(rows, given, columns=names if labels is None else labels)


def in_frame_like(given: Any, rows: Array, labels: Sequence[Hashable], user: str) -> Any:
    """Rows in a frame of polars if they were made of one, else in one of pandas, with its index.

    Parameters
    ----------
    given : object
        Rows in any container, one for each.
    rows : ndarray of shape (n_samples, n_columns)
    labels : sequence of n_columns labels
    user : str
        What needs pandas, for an error.
    """
    if _is_polars(given):
        adapter = ADAPTERS_MANAGER.adapters["polars"]
        return adapter.create_container(rows, given, columns=list(map(str, labels)))
    with needs_extra("compare", user):
        import pandas
    index = given.index if hasattr(given, "iloc") else None
    return pandas.DataFrame(rows, columns=labels, index=index)


def _is_polars(given: Any) -> bool:
    try:
        return bool(ADAPTERS_MANAGER.adapters["polars"].is_supported_container(given))
    except ImportError:  # what is not installed made no frame
        return False


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
