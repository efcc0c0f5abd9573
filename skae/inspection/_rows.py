"""Rows for a display: which of them, and what an estimator makes of them."""

import math
from numbers import Integral

import numpy as np
from scipy.sparse import issparse
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import _num_samples

from skae._columns import check_array
from skae._tables import refuse_mask
from skae.inspection._pipelines import last_step
from skae.inspection._row_format import row_format
from skae.inspection._units import column_moments, column_units
from skae.metrics import check_invertible


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


def as_rows(X, name):
    """Rows of a frame, a sparse matrix or an array of any number of axes as flat floats."""
    refuse_mask(X, name)
    X = X.toarray() if issparse(X) else X
    X = check_array(
        X,
        dtype=[np.float64, np.float32],
        allow_nd=True,
        ensure_all_finite="allow-nan",
        input_name=name,
    )
    return X.reshape(len(X), -1)


def check_same_length(rows):
    """Refuse tables of different numbers of rows."""
    lengths = {name: _num_samples(X) for name, X in rows.items()}
    (first, expected), *others = lengths.items()
    for name, length in others:
        if length != expected:
            raise ValueError(
                f"{name} has {length} rows, but {first} has {expected}; pass the same rows, in the "
                "same order."
            )


def check_same_shape(rows):
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


def spread_rows(X, n_rows):
    """Positions of some rows spread over all: those of a file often stand class by class."""
    refuse_mask(X, "X")
    check_number("n_rows", n_rows, 1)
    return np.unique(np.linspace(0, _num_samples(X) - 1, n_rows).astype(int))


def check_number(name, value, least):
    """Return an integer of a certain size; refuse anything else."""
    if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
        raise ValueError(f"{name}={value!r} must be an integer of {least} or more.")
    return int(value)


def select(X, positions):
    """Some rows of a frame, a sparse matrix or an array, in the same format."""
    refuse_mask(X, "X")
    if issparse(X):
        # The only sparse format whose rows can be taken quickly, and for some the only one at all.
        X = X.tocsr()
    return _safe_indexing(np.asarray(X) if isinstance(X, list | tuple) else X, positions)


def reconstruct(estimator, X):
    """What an estimator makes of rows, in their units."""
    refuse_mask(X, "X")
    if hasattr(estimator, "reconstruct"):
        return estimator.reconstruct(X)
    check_invertible(estimator)
    return estimator.inverse_transform(estimator.transform(X))


def column_names(X):
    """Names of the columns of a frame, else None."""
    columns = getattr(X, "columns", None)
    return None if columns is None else [str(name) for name in columns]


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
