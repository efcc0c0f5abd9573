"""Errors of reconstructions, and scorers that compute them."""

from collections.abc import Callable, Sequence
from copy import copy
from typing import Any, Literal, Self, overload

import numpy as np
from scipy.sparse import issparse
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import mean_squared_error
from sklearn.utils.metadata_routing import MetadataRequest

from skae.messages import warn
from skae.numerics import Array, ArrayLike
from skae.reducers import Reducer, check_invertible, reconstruct
from skae.tables import check_array, check_order, check_weights, refuse_mask


@overload
def reconstruction_error(
    X: ArrayLike,
    X_reconstructed: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    multioutput: Literal["raw_values"],
) -> Array: ...


@overload
def reconstruction_error(
    X: ArrayLike,
    X_reconstructed: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    multioutput: Literal["uniform_average"] | Sequence[float] | Array = "uniform_average",
) -> float: ...


def reconstruction_error(
    X: ArrayLike,
    X_reconstructed: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    multioutput: Any = "uniform_average",
) -> float | Array:
    """Return the mean squared error of a reconstruction, in the squared units of `X`.

    It is computed in float64 whatever the dtype of the rows.

    Parameters
    ----------
    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        The rows; sparse ones are made dense.

    X_reconstructed : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        Their reconstruction, in the same units.

    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows.

    multioutput : {"uniform_average", "raw_values"} or array-like of shape (n_features,), \
            default="uniform_average"
        "raw_values" returns the error of every feature, an array averages them with these weights.

    Returns
    -------
    error : float or ndarray of shape (n_features,)
        0 is a perfect reconstruction.

    See Also
    --------
    reconstruction_error_samples : The error of every row.
    reconstruction_r2_score : The same error as a share of the variance.

    Examples
    --------
    >>> from skae.metrics import reconstruction_error
    >>> X = [[0.0, 2.0], [4.0, 6.0]]
    >>> X_reconstructed = [[0.0, 1.0], [4.0, 3.0]]
    >>> reconstruction_error(X, X_reconstructed)
    2.5
    >>> reconstruction_error(X, X_reconstructed, multioutput="raw_values")
    array([0., 5.])
    """
    X, X_reconstructed = _check_pair(X, X_reconstructed)
    weight = check_weights(sample_weight, X)
    error: float | Array = mean_squared_error(
        X, X_reconstructed, sample_weight=weight, multioutput=multioutput
    )
    return error


def reconstruction_error_samples(X: ArrayLike, X_reconstructed: ArrayLike) -> Array:
    """Return the mean squared error of the reconstruction of every row.

    Parameters
    ----------
    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        The rows.

    X_reconstructed : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        Their reconstruction, in the same units.

    Returns
    -------
    errors : ndarray of shape (n_samples,)
        In the squared units of `X`; their mean is :func:`reconstruction_error`.

    Examples
    --------
    >>> from skae.metrics import reconstruction_error_samples
    >>> reconstruction_error_samples([[0.0, 2.0], [4.0, 6.0]], [[0.0, 1.0], [4.0, 3.0]])
    array([0.5, 4.5])
    """
    X, X_reconstructed = _check_pair(X, X_reconstructed)
    errors: Array = np.mean((X - X_reconstructed) ** 2, axis=1)
    return errors


def reconstruction_r2_score(
    X: ArrayLike, X_reconstructed: ArrayLike, *, sample_weight: ArrayLike | None = None
) -> float:
    """Return the share of the variance of `X`, over all features, that a reconstruction explains.

    It is ``1 - sum((X - X_reconstructed) ** 2) / sum((X - X.mean(axis=0)) ** 2)``. For PCA on its
    training rows this is ``explained_variance_ratio_.sum()``. On held-out rows the mean is theirs,
    as in :func:`sklearn.metrics.r2_score`.

    Unlike ``r2_score(multioutput="variance_weighted")``, errors in a feature that is constant in
    `X` count.

    Parameters
    ----------
    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        The rows.

    X_reconstructed : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        Their reconstruction, in the same units.

    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows.

    Returns
    -------
    score : float
        1 is a perfect reconstruction, 0 is as good as the mean row, and worse is negative. Rows
        without any variance score 1 if they are reconstructed exactly and 0 otherwise; a single
        row scores NaN, with a warning. Both are scikit-learn's conventions.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.decomposition import PCA
    >>> from skae.metrics import reconstruction_r2_score
    >>> X, _ = load_iris(return_X_y=True)
    >>> pca = PCA(2).fit(X)
    >>> score = reconstruction_r2_score(X, pca.inverse_transform(pca.transform(X)))
    >>> print(f"{score:.4f} {pca.explained_variance_ratio_.sum():.4f}")
    0.9777 0.9777
    """
    X, X_reconstructed = _check_pair(X, X_reconstructed)
    if len(X) < 2:
        warn(
            "R2 is not defined for a single row; score at least two.",
            UndefinedMetricWarning,
        )
        return float("nan")
    given = check_weights(sample_weight, X)
    weight = (np.ones(len(X)) if given is None else given)[:, np.newaxis]
    unexplained = np.sum(weight * (X - X_reconstructed) ** 2)
    # A row that counts is subtracted, so that a constant feature is exactly zero.
    X = X - X[np.argmax(weight[:, 0] > 0)]
    total = np.sum(weight * (X - np.average(X, axis=0, weights=weight[:, 0])) ** 2)
    if total == 0:
        return float(unexplained == 0)
    return float(1 - unexplained / total)


class _ReconstructionScorer:
    """A scorer that compares `X` with an estimator's reconstruction of it."""

    def __init__(self, name: str, metric: Callable[..., Any], sign: int) -> None:
        self._name = name
        self._metric = metric
        self._sign = sign
        self._weight_request: bool | str | None = None

    def __call__(
        self,
        estimator: Reducer,
        X: ArrayLike,
        y: object = None,
        *,
        sample_weight: ArrayLike | None = None,
    ) -> float:
        """Score a fitted estimator on rows; higher is better, and `y` is ignored."""
        check_invertible(estimator)
        X_reconstructed = reconstruct(estimator, X)
        score: float = self._sign * self._metric(X, X_reconstructed, sample_weight=sample_weight)
        return score

    def __repr__(self) -> str:
        return f"skae.metrics.{self._name}"

    def set_score_request(self, *, sample_weight: bool | str | None) -> Self:
        """Return a copy that asks scikit-learn's metadata routing for `sample_weight`, or not."""
        # A copy: the public scorers are shared by everyone in the process.
        scorer = copy(self)
        scorer._weight_request = sample_weight
        return scorer

    def get_metadata_routing(self) -> Any:
        """Return what this scorer asks of scikit-learn's metadata routing."""
        request = MetadataRequest(owner=repr(self))
        request.score.add_request(param="sample_weight", alias=self._weight_request)
        return request


reconstruction_r2_scorer = _ReconstructionScorer(
    "reconstruction_r2_scorer", reconstruction_r2_score, sign=1
)
neg_reconstruction_error_scorer = _ReconstructionScorer(
    "neg_reconstruction_error_scorer", reconstruction_error, sign=-1
)


def _check_pair(X: ArrayLike, X_reconstructed: ArrayLike) -> tuple[Array, Array]:
    check_order(X_reconstructed, X, "X_reconstructed")
    X = _as_float64(X, "X")
    X_reconstructed = _as_float64(X_reconstructed, "X_reconstructed")
    if X.shape != X_reconstructed.shape:
        raise ValueError(
            f"X_reconstructed has shape {X_reconstructed.shape} but X has shape {X.shape}; "
            "pass the reconstruction of these rows, inverse_transform(transform(X))."
        )
    return X, X_reconstructed


def _as_float64(X: ArrayLike, name: str) -> Array:
    refuse_mask(X, name, "Compare the values that are known, X[~mask], or fill {name} first.")
    if issparse(X):
        X = X.toarray()
    rows: Array = check_array(X, dtype=np.float64, input_name=name)
    return rows
