"""How far apart two sets of rows lie as distributions."""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.sparse import issparse

from skae.numerics import Array, ArrayLike
from skae.tables import check_array, is_missing, refuse_mask

# A transformer, a Keras model, or a function of rows.
Encoder = Any
# Its square times any number of features is finite.
_LARGEST = 1e150


def frechet_distance(X: ArrayLike, Y: ArrayLike, *, encoder: Encoder = None) -> float:
    r"""Return the squared Fréchet distance of two sets of rows, each taken for a normal one.

    On the features that a network for images has learnt it is the Fréchet inception distance of
    generated images from real ones [1]_: :math:`|m - w|^2 + \operatorname{tr}(C + S - 2 (C
    S)^{1/2})`, with means m, w and covariances C, S of the features [2]_.

    Parameters
    ----------
    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        Rows, such as real ones. With an encoder of any shape ``(n_samples, ...)`` that it takes.

    Y : {array-like, sparse matrix, dataframe} of shape (n_other_samples, n_features)
        Other rows, such as new ones.

    encoder : fitted transformer, Keras model or callable, default=None
        Gives the features that are compared: ``transform`` of a transformer, ``predict`` of a Keras
        model, or what a function of rows returns. Features of more than one axis are flattened.
        None compares the rows themselves.

    Returns
    -------
    distance : float
        In squared units of the features; 0 if means and covariances are equal.

    Raises
    ------
    ValueError
        If there are fewer than two rows of either kind, if rows or features hold missing or
        infinite values, or if the two have different numbers of features.
    TypeError
        If the encoder is none.

    Notes
    -----
    Covariances are unbiased, but the distance is not: few rows make it too large. Of n and m rows
    from one normal distribution with d independent features of unit variance it is about
    :math:`(1/n + 1/m) (d + d (d + 1) / 4)`, which grows with the square of d: 2.2 for 64 features
    and 1,000 rows on either side. Compare distances of equal numbers of rows, and with the distance
    of other real ones. It depends on the encoder, so it says nothing beside one on other features.

    No matrix root is taken. The trace of the root is the sum of the singular values of the product
    of the two sets of centred features [3]_, which is exact where covariances are singular, as they
    always are of fewer rows than features.

    References
    ----------
    .. [1] Heusel, M., Ramsauer, H., Unterthiner, T., Nessler, B. & Hochreiter, S. (2017). GANs
       trained by a two time-scale update rule converge to a local Nash equilibrium. NeurIPS 2017.

    .. [2] Dowson, D. C. & Landau, B. V. (1982). The Fréchet distance between multivariate normal
       distributions. Journal of Multivariate Analysis 12(3), 450-455.

    .. [3] Mathiasen, A. & Hvilshøj, F. (2020). Backpropagating through Fréchet inception distance.
       arXiv:2009.14075.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.decomposition import PCA
    >>> from skae.metrics import frechet_distance
    >>> X = load_digits().data
    >>> pca = PCA(8).fit(X)
    >>> round(frechet_distance(X[::2], X[1::2], encoder=pca), 1)
    3.1
    >>> round(frechet_distance(X[:900] / 2, X[900:], encoder=pca), 1)
    307.6
    """
    _check_same_columns(X, Y)
    features_of = _features_of(encoder)
    first, second = (_features(rows, name, features_of) for name, rows in (("X", X), ("Y", Y)))
    if first.shape[1] != second.shape[1]:
        raise ValueError(
            f"X has {first.shape[1]} features and Y has {second.shape[1]}, but the same are "
            "expected. Pass rows of the same columns."
        )
    # A row is subtracted from all, so that small differences of large numbers are not lost.
    origin = first[0]
    first, second = first - origin, second - origin
    means = first.mean(axis=0), second.mean(axis=0)
    roots = [
        _root(rows - mean, len(rows) - 1) for rows, mean in zip((first, second), means, strict=True)
    ]
    largest = max(np.abs(each).max() for each in (*means, *roots))
    if not largest < _LARGEST:
        raise ValueError(
            f"Features differ by up to {largest:.3g}, of which squares are too large for float64. "
            "Scale them."
        )
    shift = np.sum((means[0] - means[1]) ** 2)
    total = sum(np.sum(root**2) for root in roots)
    shared = np.linalg.svd(roots[0] @ roots[1].T, compute_uv=False).sum()
    # Rounding may leave a little less than nothing.
    return float(max(shift + total - 2.0 * shared, 0.0))


def _root(centred: Array, n_free: int) -> Array:
    """A matrix R with ``R.T @ R`` the covariance, of at most as many rows as there are features."""
    scaled: Array = centred / np.sqrt(n_free)
    if len(scaled) > scaled.shape[1]:
        scaled = np.asarray(np.linalg.qr(scaled, mode="r"))
    return scaled


def _features_of(encoder: Encoder) -> Callable[[Any], Any] | None:
    if encoder is None:
        return None
    if callable(getattr(encoder, "transform", None)) and not isinstance(encoder, type):
        transform: Callable[[Any], Any] = encoder.transform
        return transform
    # A Keras model, by what it has: this page does not load Keras.
    if hasattr(encoder, "predict") and hasattr(encoder, "layers"):
        return lambda rows: encoder.predict(rows, verbose=0)
    if not callable(encoder) or isinstance(encoder, type):
        raise TypeError(
            f"encoder={encoder!r} should be a fitted transformer, a Keras model or a function of "
            "rows. Pass None to compare the rows themselves."
        )
    function: Callable[[Any], Any] = encoder
    return function


def _features(rows: ArrayLike, name: str, features_of: Callable[[Any], Any] | None) -> Array:
    refuse_mask(rows, name, "Compare rows that are known, or fill {name} first.")
    if features_of is None:
        given = rows.toarray() if issparse(rows) else rows
        return _finite(given, name)
    n_rows = rows.shape[0] if hasattr(rows, "shape") else len(rows)
    _refuse_missing(rows, name)
    found = features_of(rows)
    found = found.toarray() if issparse(found) else np.asarray(found)
    if found.ndim < 1 or len(found) != n_rows:
        raise ValueError(
            f"encoder gave features of shape {found.shape} for the {n_rows} rows of {name}. It "
            "should give a row of features for each of them."
        )
    return _finite(found.reshape(n_rows, -1), f"features of {name}")


def _refuse_missing(rows: Any, name: str) -> None:
    """Refuse what is missing or infinite, which an encoder may turn into features that look sound.

    Rows of an encoder may hold anything: text, categories, dates.
    """
    values = rows.data if issparse(rows) else np.asarray(rows)
    if values.dtype.kind in "SU" and isinstance(rows, list | tuple):
        # Beside text numpy makes text of all else.
        values = np.asarray(rows, dtype=object)
    if values.dtype.kind in "fcmM":
        is_known = bool(np.isfinite(values).all())
    else:
        is_known = values.dtype.kind != "O" or not any(map(_is_unknown, values.ravel()))
    if not is_known:
        raise ValueError(
            f"{name} has values that are missing or infinite. Fill them, or leave those rows out."
        )


def _is_unknown(value: Any) -> bool:
    if isinstance(value, np.ndarray | list | tuple):
        return False
    return is_missing(value) or (isinstance(value, float | np.floating) and bool(np.isinf(value)))


def _finite(values: Any, name: str) -> Array:
    checked: Array = check_array(values, dtype=np.float64, input_name=name, ensure_min_samples=2)
    return checked


def _check_same_columns(X: ArrayLike, Y: ArrayLike) -> None:
    """Refuse frames whose columns have the same names in another order, or other names."""
    if not (hasattr(X, "columns") and hasattr(Y, "columns")):
        return
    first, second = list(X.columns), list(Y.columns)
    if len(first) == len(second) and first != second:
        place = next(i for i, (a, b) in enumerate(zip(first, second, strict=True)) if a != b)
        raise ValueError(
            f"Column {place} is {first[place]!r} in X and {second[place]!r} in Y, but the same are "
            "expected. Pass Y[X.columns], or arrays."
        )
