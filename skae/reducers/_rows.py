"""Rows of any reducer: how they are read, chosen, checked and reconstructed."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import _num_samples

from skae.numerics import Array, ArrayLike, Integers
from skae.reducers._classes import told_classes
from skae.reducers._pipelines import IDLE, found, last_step, thawed
from skae.tables import check_array, in_memory, refuse_mask


def as_rows(X: ArrayLike, name: str) -> Array:
    """Return the rows of a frame, a sparse matrix or an array of any number of axes as floats.

    Each row has one axis then.
    """
    refuse_mask(X, name)
    X = X.toarray() if issparse(X) else X
    rows: Array = check_array(
        X,
        dtype=[np.float64, np.float32],
        allow_nd=True,
        ensure_all_finite="allow-nan",
        input_name=name,
    )
    return rows.reshape(len(rows), -1)


def check_same_length(rows: Mapping[str, ArrayLike]) -> None:
    """Refuse tables of different numbers of rows."""
    lengths = {name: _num_samples(X) for name, X in rows.items()}
    (first, expected), *others = lengths.items()
    for name, length in others:
        if length != expected:
            raise ValueError(
                f"{name} has {length} rows, but {first} has {expected}; pass the same rows, in the "
                "same order."
            )


def check_same_shape(rows: Mapping[str, ArrayLike]) -> dict[str, Array]:
    """Return a dict of flat rows, all of the shape of the first."""
    rows = {name: as_rows(X, name) for name, X in rows.items()}
    first = next(iter(rows))
    for name, X in rows.items():
        if X.shape != rows[first].shape:
            raise ValueError(
                f"{name} has shape {X.shape}, but {first} has shape {rows[first].shape}; pass the "
                "same rows, in the same order and with the same columns."
            )
    return rows


def select(X: ArrayLike, positions: Integers | Sequence[int]) -> Any:
    """Return some rows of a frame, a sparse matrix or an array, in the same format."""
    refuse_mask(X, "X")
    X = in_memory(X)
    if issparse(X):
        # Rows of other sparse formats are taken slowly, or cannot be taken.
        X = X.tocsr()
    return _safe_indexing(np.asarray(X) if isinstance(X, list | tuple) else X, positions)


def reconstruct(estimator: Any, X: ArrayLike) -> Any:
    """Reconstruct rows, in their units.

    A reducer that is told classes infers them, also at the end of a Pipeline or of a search.

    Raises
    ------
    TypeError
        If the estimator, or a step of it, cannot transform and reconstruct.
    """
    refuse_mask(X, "X")
    if hasattr(estimator, "reconstruct"):
        return estimator.reconstruct(X)
    check_invertible(estimator)
    told = told_classes(estimator)
    if told is None or told is not thawed(last_step(estimator)):
        return estimator.inverse_transform(estimator.transform(X))
    whole = thawed(found(thawed(estimator)))
    if not hasattr(whole, "steps"):
        return reconstruct(whole, X)
    rows = reconstruct(whole.steps[-1][1], whole[:-1].transform(X))
    return whole[:-1].inverse_transform(rows) if len(whole.steps) > 1 else rows


def column_names(X: ArrayLike) -> list[str] | None:
    """Return the names of the columns of a frame, else None."""
    columns = getattr(X, "columns", None)
    return None if columns is None else [str(name) for name in columns]


def check_invertible(estimator: Any) -> None:
    """Raise TypeError unless the estimator, fitted or not, can both transform and reconstruct."""
    for method in ("transform", "inverse_transform"):
        if not hasattr(estimator, method):
            raise TypeError(
                f"{_blame(estimator, method)} has no {method}, so what it reconstructs cannot be "
                "compared with X; use an estimator with transform and inverse_transform, such as "
                "PCA, KernelPCA(fit_inverse_transform=True) or a Pipeline of such estimators."
            )


def _blame(estimator: Any, method: str) -> str:
    """Name the estimator, or the step of the Pipeline, that lacks a method."""
    for name, step in getattr(estimator, "steps", ()):
        if step not in IDLE and not hasattr(step, method):
            return f"step {name!r} ({type(step).__name__}) of the Pipeline"
    return type(estimator).__name__
