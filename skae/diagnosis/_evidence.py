"""What a diagnosis looks at: rows, their code and reconstruction, the training, PCA beside."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from sklearn.decomposition import PCA
from sklearn.model_selection import KFold
from sklearn.utils.validation import check_is_fitted

from skae.metrics import reconstruction_r2_score
from skae.reducers import (
    as_rows,
    before_last_step,
    check_ends_in_reducer,
    check_invertible,
    column_names,
    last_step,
    names_before_last_step,
    rows_without_padding,
)
from skae.tables import absurd_cells, refuse_mask

LEAST_ROWS = 10
N_FOLDS = 5


@dataclass(frozen=True)
class Evidence:
    """Everything measured once, for all findings.

    Attributes
    ----------
    reducer : estimator
        The last step of a Pipeline.
    rows, reconstruction : ndarray of shape (n_samples, n_features)
        What the reducer reads and what it makes of it.
    code : ndarray of shape (n_samples, n_components)
        Its mean, where it is a distribution.
    deviations : ndarray of shape (n_samples, n_components) or None
        Of the code's distribution.
    feature_names : ndarray of str of shape (n_features,)
        Names of the columns.
    given, given_names : ndarray of shape (n_samples, n_given), ndarray of str of shape (n_given,)
        What a Pipeline reads, and what its columns are called, where these are numbers; else the
        same as the rows.
    """

    reducer: Any
    rows: np.ndarray
    code: np.ndarray
    deviations: np.ndarray | None
    reconstruction: np.ndarray
    feature_names: np.ndarray
    given: np.ndarray
    given_names: np.ndarray

    @cached_property
    def absurd_cells(self):
        """Values that are far from all others of their column, in what was given."""
        return absurd_cells(self.given)

    @cached_property
    def parameters(self):
        """Parameters of the reducer."""
        return self.reducer.get_params(deep=False)

    @cached_property
    def history(self):
        """Columns of the epochs in which all layers were trained; empty without any."""
        columns = getattr(self.reducer, "history_", {})
        phases = columns.get("phase", np.zeros(0))
        first = int(np.argmax(phases == phases[-1])) if len(phases) else 0
        return {name: np.asarray(column)[first:] for name, column in columns.items()}

    @cached_property
    def n_epochs(self):
        """Epochs in which all layers were trained."""
        return max(0, len(self.history.get("loss", ())) - 1)

    @cached_property
    def kept_epoch(self):
        """Position in the history of the weights kept; 0 is the start."""
        n_before = getattr(self.reducer, "n_iter_", 0) - self.n_epochs
        return max(0, getattr(self.reducer, "best_epoch_", 0) - n_before)

    @cached_property
    def keeps_start(self):
        """Whether training changed nothing; a linear network at its optimum is not trained."""
        return self.n_epochs > 0 and self.kept_epoch == 0

    @cached_property
    def is_trained(self):
        """Whether an objective was followed epoch by epoch."""
        return hasattr(self.reducer, "history_")

    @cached_property
    def share_left(self):
        """Share of the variance of the rows that the reconstruction leaves."""
        return 1 - reconstruction_r2_score(self.rows, self.reconstruction)

    @cached_property
    def share_left_in_training(self):
        """The same of the rows in ``fit``, as far as the reducer tells; else None."""
        reducer, variance = self.reducer, self.rows.var(axis=0).mean()
        if hasattr(reducer, "explained_variance_ratio_"):
            return 1 - float(np.sum(reducer.explained_variance_ratio_))
        if getattr(reducer, "noise_variance_", 0) > 0:
            return float(reducer.noise_variance_ / variance)
        if self.parameters.get("loss") != "squared_error" or "reconstruction" not in self.history:
            return None
        return float(self.history["reconstruction"][self.kept_epoch])

    @cached_property
    def pca_shares_left(self):
        """What PCA as wide as the code leaves of these rows: of rows it has seen, and has not."""
        n_seen = len(self.rows) - -(-len(self.rows) // N_FOLDS)
        size = min(self.code.shape[1], self.rows.shape[1] - 1, n_seen - 1)
        if size < 1:
            return 0.0, 0.0
        unseen = np.empty_like(self.rows)
        for train, test in KFold(N_FOLDS, shuffle=True, random_state=0).split(self.rows):
            unseen[test] = _by_pca(size, self.rows[train], self.rows[test])
        seen = _by_pca(size, self.rows, self.rows)
        return tuple(1 - reconstruction_r2_score(self.rows, each) for each in (seen, unseen))

    @cached_property
    def knows_pca(self):
        """Whether the reducer tells what PCA of the rows in ``fit`` is."""
        return hasattr(self.reducer, "pca_components_")

    @cached_property
    def pca_share_left(self):
        """What PCA as wide as the code leaves: fitted where the reducer was, if that is known.

        Otherwise of rows that it has not seen, so that it is not better for knowing them.
        """
        if not self.knows_pca:
            return self.pca_shares_left[1]
        directions, mean = self.reducer.pca_components_, self.reducer.pca_mean_
        projected = mean + (self.rows - mean) @ directions.T @ directions
        return 1 - reconstruction_r2_score(self.rows, projected)

    @cached_property
    def is_narrow(self):
        """Whether the code is narrower than the rows, so that PCA is a yardstick."""
        return self.code.shape[1] < self.rows.shape[1]


def gather(estimator, X):
    """Return the Evidence on a fitted reducer, or on a Pipeline or a search that ends in one."""
    reducer = last_step(estimator)
    check_invertible(reducer)
    check_ends_in_reducer(estimator)
    check_is_fitted(estimator)
    refuse_mask(X, "X")
    whole, X = X, before_last_step(estimator, X)
    rows = _check_rows(X, reducer)
    code, deviations = _encode(reducer, X)
    reconstruction = as_rows(reducer.inverse_transform(code), "the reconstruction")
    rows, reconstruction = _without_gaps(rows_without_padding(rows, reducer), reconstruction)
    names = _feature_names(estimator, X, rows.shape[1])
    code = as_rows(code, "the code").astype(float)
    given, given_names = rows, names
    # Of sequences, padding with a number would be absurd, and rows have none any more.
    if whole is not X and getattr(reducer, "mask_value", None) is None:
        given, given_names = _numbers_given(whole, rows, names)
    return Evidence(reducer, rows, code, deviations, reconstruction, names, given, given_names)


def _numbers_given(X, rows, names):
    """What a Pipeline was given with the names of its columns, if it is a table of numbers."""
    try:
        given = as_rows(X, "X")
    except (TypeError, ValueError):
        return rows, names
    found = column_names(X) or [f"x{i}" for i in range(given.shape[1])]
    return given, np.asarray(found, dtype=object)


def _check_rows(X, reducer):
    rows = as_rows(X, "X").astype(float)
    expected = getattr(reducer, "n_features_in_", rows.shape[1])
    if rows.shape[1] != expected:
        raise ValueError(
            f"X has {rows.shape[1]} features, but {type(reducer).__name__} was fitted on "
            f"{expected}; pass rows with the same columns as in fit."
        )
    if len(rows) < LEAST_ROWS:
        raise ValueError(
            f"X has {len(rows)} rows, but a diagnosis looks at how the code varies between rows; "
            f"pass {LEAST_ROWS} or more, best those that were held out."
        )
    if np.all((rows == rows[0]) | np.isnan(rows)):
        raise ValueError(
            "All rows of X are equal, so there is no variance to reconstruct; pass rows that "
            "differ."
        )
    return rows


def _encode(reducer, X):
    """The code in the reducer's own container, and the deviations of its distribution."""
    if not hasattr(reducer, "kl_per_unit_"):
        return reducer.transform(X), None
    code, deviations = reducer.transform(X, return_std=True)
    return code, np.asarray(deviations, dtype=float)


def _without_gaps(rows, reconstruction):
    """Values that are missing, such as padding, count as their column's mean and as learned."""
    missing = np.isnan(rows)
    if not missing.any():
        return rows, reconstruction.astype(float)
    means = np.ma.masked_invalid(rows).mean(axis=0).filled(0.0)
    rows = np.where(missing, means, rows)
    return rows, np.where(missing, rows, reconstruction)


def _feature_names(estimator, X, n_features):
    names = column_names(X)
    if names is None:
        names = names_before_last_step(estimator)
    if names is None or len(names) != n_features:
        names = [f"x{i}" for i in range(n_features)]
    return np.asarray(names, dtype=object)


def _by_pca(size, train, test):
    pca = PCA(size, random_state=0).fit(train)
    return pca.inverse_transform(pca.transform(test))
