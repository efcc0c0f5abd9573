"""What a diagnosis is based on: rows, their code and reconstruction, the training, PCA."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from sklearn.decomposition import PCA
from sklearn.model_selection import KFold
from sklearn.utils.validation import check_is_fitted

from skae.exceptions import History, Parameters, linear_start
from skae.metrics import reconstruction_r2_score
from skae.numerics import Array, ArrayLike
from skae.reducers import (
    as_rows,
    before_last_step,
    check_ends_in_reducer,
    check_invertible,
    column_names,
    last_step,
    names_before_last_step,
    refuse_classes,
    rows_without_padding,
    thawed,
)
from skae.tables import AbsurdCell, absurd_cells, in_memory, refuse_mask
from skae.tabular import (
    columns_of_numbers,
    feature_names,
    features_of,
    reads_tables,
    table_rows,
)

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
        The rows that the reducer reads, and their reconstruction.
    code : ndarray of shape (n_samples, n_components)
        Its mean, where it is a distribution.
    deviations : ndarray of shape (n_samples, n_components) or None
        Of the code's distribution.
    feature_names : ndarray of str of shape (n_features,)
        Names of the columns.
    given, given_names : ndarray of shape (n_samples, n_given), ndarray of str of shape (n_given,)
        The rows that a Pipeline reads, and the names of its columns, where all are numbers; else
        the same as the rows. Of a table its columns of numbers.
    is_table : bool
        Whether rows are features of a table, and the reducer the autoencoder of these.
    """

    reducer: Any
    rows: Array
    code: Array
    deviations: Array | None
    reconstruction: Array
    feature_names: Array
    given: Array
    given_names: Array
    is_table: bool = False

    @cached_property
    def absurd_cells(self) -> list[AbsurdCell]:
        """Values that are far from all others of their column, in what was given."""
        return absurd_cells(self.given)

    @cached_property
    def parameters(self) -> Parameters:
        """Parameters of the reducer."""
        parameters: Parameters = self.reducer.get_params(deep=False)
        return parameters

    @cached_property
    def history(self) -> History:
        """Columns of the epochs in which all layers were trained; empty without any."""
        columns = getattr(self.reducer, "history_", {})
        phases = columns.get("phase", np.zeros(0))
        first = int(np.argmax(phases == phases[-1])) if len(phases) else 0
        return {name: np.asarray(column)[first:] for name, column in columns.items()}

    @cached_property
    def cross_fit_losses(self) -> dict[int, float]:
        """Losses of rows held out by the number of epochs, where folds chose it; else empty."""
        return getattr(self.reducer, "cross_fit_losses_", {})

    @cached_property
    def n_epochs(self) -> int:
        """Epochs in which all layers were trained."""
        return max(0, len(self.history.get("loss", ())) - 1)

    @cached_property
    def kept_epoch(self) -> int:
        """Position in the history of the weights kept; 0 is the start."""
        n_before = getattr(self.reducer, "n_iter_", 0) - self.n_epochs
        return max(0, getattr(self.reducer, "best_epoch_", 0) - n_before)

    @cached_property
    def keeps_start(self) -> bool:
        """Whether training changed nothing; a linear network at its optimum is not trained."""
        return self.n_epochs > 0 and self.kept_epoch == 0

    @cached_property
    def is_trained(self) -> bool:
        """Whether an objective was followed epoch by epoch."""
        return hasattr(self.reducer, "history_")

    @cached_property
    def share_left(self) -> float:
        """Share of the variance of the rows that the reconstruction leaves."""
        return 1 - reconstruction_r2_score(self.rows, self.reconstruction)

    @cached_property
    def share_left_in_training(self) -> float | None:
        """Share of the variance of the rows in ``fit`` that is left, or None if it is not known."""
        if self.is_table:
            return None
        reducer, variance = self.reducer, self.rows.var(axis=0).mean()
        if hasattr(reducer, "explained_variance_ratio_"):
            return 1 - float(np.sum(reducer.explained_variance_ratio_))
        noise = float(np.mean(getattr(reducer, "noise_variance_", 0)))
        if noise > 0:
            return float(noise / variance)
        if self.parameters.get("loss") != "squared_error" or "reconstruction" not in self.history:
            return None
        return float(self.history["reconstruction"][self.kept_epoch])

    @cached_property
    def pca_shares_left(self) -> tuple[float, float]:
        """Shares of variance that PCA as wide as the code leaves, of seen and of unseen rows."""
        n_seen = len(self.rows) - -(-len(self.rows) // N_FOLDS)
        size = min(self.code.shape[1], self.rows.shape[1] - 1, n_seen - 1)
        if size < 1:
            return 0.0, 0.0
        unseen = np.empty_like(self.rows)
        for train, test in KFold(N_FOLDS, shuffle=True, random_state=0).split(self.rows):
            unseen[test] = _by_pca(size, self.rows[train], self.rows[test])
        seen = _by_pca(size, self.rows, self.rows)
        left_seen, left_unseen = (
            1 - reconstruction_r2_score(self.rows, each) for each in (seen, unseen)
        )
        return left_seen, left_unseen

    @cached_property
    def linear_peer(self) -> str:
        """What leaves ``pca_share_left`` of the variance, in words."""
        return linear_start(of_table=self.is_table, restores=self.restores)

    @cached_property
    def linear_start(self) -> str:
        """What a fit with ``init="pca"`` starts at, in words."""
        is_probabilistic = "beta" in self.parameters
        return linear_start(
            of_table=self.is_table, restores=self.restores, is_probabilistic=is_probabilistic
        )

    @cached_property
    def departs(self) -> bool:
        """Whether networks of its kind are trained away from that start."""
        return bool(getattr(self.reducer, "_departs_from_pca", False))

    @cached_property
    def restores(self) -> bool:
        """Whether the code is the restored row."""
        return hasattr(self.reducer, "restore")

    @cached_property
    def knows_pca(self) -> bool:
        """Whether the reducer knows the PCA of the rows in ``fit``."""
        return not self.is_table and hasattr(self.reducer, "pca_components_")

    @cached_property
    def pca_share_left(self) -> float:
        """Share of variance that PCA as wide as the code leaves, fitted to the same rows if known.

        Otherwise it is the share left of rows that PCA has not seen, as a fair comparison.
        """
        if not self.knows_pca:
            return self.pca_shares_left[1]
        directions, mean = self.reducer.pca_components_, self.reducer.pca_mean_
        projected = mean + (self.rows - mean) @ directions.T @ directions
        return 1 - reconstruction_r2_score(self.rows, projected)

    @cached_property
    def is_narrow(self) -> bool:
        """Whether the code is narrower than the rows, so that PCA is a yardstick."""
        return bool(self.code.shape[1] < self.rows.shape[1])


def gather(estimator: Any, X: ArrayLike) -> Evidence:
    """Return the Evidence on a fitted reducer, or on a Pipeline or a search that ends in one."""
    reducer = last_step(estimator)
    check_invertible(reducer)
    check_ends_in_reducer(estimator)
    check_is_fitted(estimator)
    refuse_classes(estimator, "diagnose", "Pass estimator.given(y) of a class, and its rows.")
    refuse_mask(X, "X")
    X = in_memory(X)
    if reads_tables(reducer):
        return gather_of_table(reducer, before_last_step(estimator, X))
    whole, X = X, before_last_step(estimator, X)
    rows = _check_rows(X, reducer)
    code, deviations = _encode(reducer, X)
    reconstruction = as_rows(reducer.inverse_transform(code), "the reconstruction")
    rows, reconstruction = _without_gaps(rows_without_padding(rows, reducer), reconstruction)
    names = _feature_names(estimator, X, rows.shape[1])
    code = as_rows(code, "the code").astype(float)
    given, given_names = rows, names
    # Padding with a number would count as an absurd value; rows have no padding any more.
    if whole is not X and getattr(reducer, "mask_value", None) is None:
        given, given_names = _numbers_given(whole, rows, names)
    return Evidence(reducer, rows, code, deviations, reconstruction, names, given, given_names)


def gather_of_table(table: Any, X: Any) -> Evidence:
    """Return the Evidence on a fitted TableAutoencoder, in the units of its training.

    In these, PCA is factor analysis of mixed data.
    """
    table, rows = thawed(table), table_rows(X)
    features, autoencoder = features_of(table, rows.X), table.autoencoder_
    _check_variety(features)
    code, deviations = _encode(autoencoder, features)
    code = np.asarray(code, dtype=float)
    scaling = autoencoder._model.scaling
    seen = scaling.apply(features).astype(float)
    made = scaling.apply(np.asarray(autoencoder.inverse_transform(code))).astype(float)
    names = np.asarray(feature_names(table), dtype=object)
    numbers = columns_of_numbers(table, with_times=False)
    given = rows.keys[:, [rows.labels.index(label) for label in numbers]]
    given_names = np.asarray([str(label) for label in numbers], dtype=object)
    seen, made = _without_gaps(seen, made)
    return Evidence(
        autoencoder,
        seen,
        code,
        deviations,
        made,
        names,
        np.where(np.isnan(given), np.nanmedian(given, axis=0), given),
        given_names,
        is_table=True,
    )


def _numbers_given(X: ArrayLike, rows: Array, names: Array) -> tuple[Array, Array]:
    """Return the rows given to a Pipeline and the names of their columns, if all are numbers."""
    try:
        given = as_rows(X, "X")
    except (TypeError, ValueError):
        return rows, names
    found = column_names(X) or [f"x{i}" for i in range(given.shape[1])]
    return given, np.asarray(found, dtype=object)


def _check_rows(X: ArrayLike, reducer: Any) -> Array:
    rows = as_rows(X, "X").astype(float)
    expected = getattr(reducer, "n_features_in_", rows.shape[1])
    if rows.shape[1] != expected:
        raise ValueError(
            f"X has {rows.shape[1]} features, but {type(reducer).__name__} was fitted on "
            f"{expected}; pass rows with the same columns as in fit."
        )
    _check_variety(rows)
    return rows


def _check_variety(rows: Array) -> None:
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


def _encode(reducer: Any, X: ArrayLike) -> tuple[Any, Array | None]:
    """Return the code in the reducer's own container, and the deviations of its distribution."""
    if not hasattr(reducer, "kl_per_unit_"):
        return reducer.transform(X), None
    code, deviations = reducer.transform(X, return_std=True)
    return code, np.asarray(deviations, dtype=float)


def _without_gaps(rows: Array, reconstruction: Array) -> tuple[Array, Array]:
    """Replace missing values, such as padding, by the mean of their column, without an error."""
    missing = np.isnan(rows)
    if not missing.any():
        return rows, reconstruction.astype(float)
    means = np.ma.masked_invalid(rows).mean(axis=0).filled(0.0)
    rows = np.where(missing, means, rows)
    return rows, np.where(missing, rows, reconstruction)


def _feature_names(estimator: Any, X: ArrayLike, n_features: int) -> Array:
    names: Sequence[str] | Array | None = column_names(X)
    if names is None:
        names = names_before_last_step(estimator)
    if names is None or len(names) != n_features:
        names = [f"x{i}" for i in range(n_features)]
    return np.asarray(names, dtype=object)


def _by_pca(size: int, train: Array, test: Array) -> Array:
    pca = PCA(size, random_state=0).fit(train)
    reconstruction: Array = pca.inverse_transform(pca.transform(test))
    return reconstruction
