"""Rows for a display: which of them, and what an estimator makes of them."""

import math

import numpy as np
from scipy.sparse import issparse
from sklearn.utils.validation import _num_samples

from skae.inspection._row_format import row_format
from skae.messages import check_integer
from skae.reducers import as_rows, column_names, last_step
from skae.tables import check_array, column_moments, column_units, refuse_mask


def display_options(
    X, shown, estimator=None, *, sample_shape, kind, feature_names=None, standardize=True
):
    """What a display needs to know of its rows beside the rows themselves.

    Parameters
    ----------
    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        All rows; their means and standard deviations are the scale of bars.

    shown : array-like of shape (n_rows, n_features)
        Those to be drawn.

    estimator : estimator or None
        May know the shape of a row.

    sample_shape, kind, feature_names, standardize
        What the user says.

    Returns
    -------
    options : dict
        Keyword arguments of the constructor of a display.
    """
    n_features = as_rows(shown, "X").shape[1]
    shape, kind = _described(X, sample_shape, kind, estimator)
    options = {"sample_shape": shape, "kind": kind, "feature_names": feature_names}
    if row_format(n_features, shape, kind).kind == "bars":
        if feature_names is None:
            options["feature_names"] = column_names(X)
        if standardize:
            options["feature_means"], options["feature_deviations"] = _moments(X)
    return options


def _moments(X):
    """Means and standard deviations of the columns of X, of what is not missing."""
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


def spread_rows(X, n_rows):
    """Positions of some rows spread over all: those of a file often stand class by class."""
    refuse_mask(X, "X")
    check_integer("n_rows", n_rows, 1)
    return np.unique(np.linspace(0, _num_samples(X) - 1, n_rows).astype(int))


def standardized(X, means, deviations):
    """Deviations from the means, in standard deviations; as they are if there are no means."""
    if means is None and deviations is None:
        return X
    means, units = _checked_units(means, deviations, X.shape[-1])
    return (X - means) / units


def standardized_differences(differences, means, deviations):
    """Differences of rows in standard deviations; as they are if there are no means."""
    if means is None and deviations is None:
        return differences
    return differences / _checked_units(means, deviations, differences.shape[-1])[1]


def _checked_units(means, deviations, n_columns):
    means = _one_a_column("feature_means", means, n_columns)
    deviations = _one_a_column("feature_deviations", deviations, n_columns)
    return means, column_units(means, deviations)


def _one_a_column(name, values, n_columns):
    if values is None:
        raise ValueError(
            f"{name}=None, but feature_means and feature_deviations belong together; pass both, or "
            "neither for bars in the units of the rows."
        )
    values = np.asarray(values, dtype=float)
    if values.shape != (n_columns,):
        raise ValueError(
            f"{name} has shape {values.shape}, but ({n_columns},) was expected, one value for each "
            "column; pass as many, or None."
        )
    return values


def check_names(names, n_names, of_what):
    """Refuse feature names of another number than there are features to name."""
    if names is not None and len(names) != n_names:
        raise ValueError(
            f"feature_names holds {len(names)} names, but {n_names} were expected, one for each "
            f"{of_what}; pass as many, or None."
        )


def _described(X, sample_shape, kind, estimator):
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


def _shape_known_to(estimator, n_features):
    """The parameter of a skae estimator, also in a search or at the end of a Pipeline."""
    estimator = last_step(estimator)
    shape = getattr(estimator, "sample_shape", None)
    if shape is None and getattr(estimator, "network", None) in ("convolutional", "recurrent"):
        shape = (n_features, 1)
    # Steps before the last may have changed the number of features.
    return tuple(shape) if shape is not None and math.prod(shape) == n_features else None
