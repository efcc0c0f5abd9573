"""Rows for a display: which are shown, and how."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.utils.validation import _num_samples

from skae.inspection._drawing._row_format import Kind, row_format
from skae.inspection._drawing._style import Names
from skae.messages import check_integer
from skae.numerics import Array, ArrayLike, Integers
from skae.reducers import as_rows, column_names, last_step
from skae.tables import check_array, column_moments, refuse_mask


def display_options(
    X: ArrayLike,
    shown: ArrayLike,
    estimator: Any = None,
    *,
    sample_shape: Sequence[int] | None,
    kind: Kind,
    feature_names: Names | None = None,
    standardize: bool = True,
) -> dict[str, Any]:
    """Return options of a display that depend on all rows and on the estimator.

    Parameters
    ----------
    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        All rows; their means and standard deviations are the scale of bars.

    shown : array-like of shape (n_rows, n_features)
        The rows to be drawn.

    estimator : estimator or None
        May know the shape of a row.

    sample_shape, kind, feature_names, standardize
        Parameters of the display as the user gave them.

    Returns
    -------
    options : dict
        Keyword arguments of the constructor of a display.
    """
    n_features = as_rows(shown, "X").shape[1]
    shape, kind = _described(X, sample_shape, kind, estimator)
    options: dict[str, Any] = {"sample_shape": shape, "kind": kind, "feature_names": feature_names}
    if row_format(n_features, shape, kind).kind == "bars":
        if feature_names is None:
            options["feature_names"] = column_names(X)
        if standardize:
            options["feature_means"], options["feature_deviations"] = _moments(X)
    return options


def _moments(X: ArrayLike) -> tuple[Array, Array]:
    """Return means and standard deviations of the columns of X, of what is not missing."""
    if not issparse(X):
        return column_moments(as_rows(X, "X"))
    # All rows of a sparse matrix may not fit into memory as an array.
    X = check_array(
        X,
        accept_sparse=["csr", "csc"],
        dtype=[np.float64, np.float32],
        ensure_all_finite="allow-nan",
        input_name="X",
    )
    return column_moments(X)


def spread_rows(X: ArrayLike, n_rows: int) -> Integers:
    """Return positions of some rows spread over all, as a file often holds class after class."""
    refuse_mask(X, "X")
    check_integer("n_rows", n_rows, 1)
    return np.unique(np.linspace(0, _num_samples(X) - 1, n_rows).astype(int))


def _described(
    X: ArrayLike, sample_shape: Sequence[int] | None, kind: Kind, estimator: Any
) -> tuple[tuple[int, ...] | None, Kind]:
    """Return the shape and the kind of rows: those given, else the estimator's, else those of X."""
    if sample_shape is not None:
        return tuple(sample_shape), kind
    own_shape = tuple(getattr(X, "shape", np.shape(X)))[1:]
    n_features = math.prod(own_shape)
    known = None if estimator is None else _shape_known_to(estimator, n_features)
    if known is not None:
        # Two axes of an estimator are always a series, however long its timesteps are.
        return known, "series" if kind == "auto" and len(known) == 2 else kind
    return (own_shape if len(own_shape) > 1 else None), kind


def _shape_known_to(estimator: Any, n_features: int) -> tuple[int, ...] | None:
    """Return the sample_shape of a skae estimator, also in a search or at the end of a Pipeline."""
    estimator = last_step(estimator)
    shape = getattr(estimator, "sample_shape", None)
    if shape is None and getattr(estimator, "_wants_axes", False):
        shape = (n_features, 1)
    # Steps before the last may have changed the number of features.
    return tuple(shape) if shape is not None and math.prod(shape) == n_features else None
