"""Scores of a fitted autoencoder: codes, rows, errors, and what a fit leaves to look at."""

from typing import Any, ClassVar, Literal

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from skae.estimators._fitted import ArrayOrFrame, FittedAutoencoder
from skae.estimators._shown import Shown, names_of
from skae.fitting import (
    check_code,
    check_counts,
    check_rows,
    check_unit_interval,
    check_weights,
    with_missing_steps,
)
from skae.networks import kind_of
from skae.numerics import Array, ArrayLike, Matrix
from skae.objectives import COUNTS
from skae.tables import in_container


class ScoringMixin(FittedAutoencoder, ClassNamePrefixFeaturesOutMixin, TransformerMixin):
    """Everything that a fitted autoencoder can be asked; ``fit`` comes with its base class."""

    # A parameter that asks for values in [0, 1], and one that does not.
    _unit_interval: ClassVar[tuple[str, str]]

    def transform(self, X: ArrayLike) -> Array:
        """Code of each row.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Rows in the units of those in ``fit``.

        Returns
        -------
        code : ndarray of shape (n_samples, n_components_)
            In the dtype of X, float32 or float64. With ``init="pca"`` training starts from
            components of mean 0 and variance 1, and may move them.
        """
        X = self._check_scored_rows(X)
        return self._model.encode(X)

    def inverse_transform(self, X: ArrayLike) -> ArrayOrFrame:
        """Rows that belong to a code.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_components_)
            A code, such as ``transform`` returned.

        Returns
        -------
        rows : ndarray of shape (n_samples, n_features)
            In the units of the rows in ``fit`` and in the dtype of the code; the frame that
            ``set_output`` asks for.
        """
        check_is_fitted(self)
        rows = self._model.decode(check_code(X, self.n_components_))
        return in_container(self, rows, X)

    def reconstruct(self, X: ArrayLike) -> ArrayOrFrame:
        """Each row encoded and decoded again.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Rows in the units of those in ``fit``.

        Returns
        -------
        rows : ndarray of shape (n_samples, n_features)
            The same as ``inverse_transform(transform(X))``; the frame that ``set_output`` asks for,
            with the index of X.
        """
        rows = self._model.reconstruct(self._check_scored_rows(X))
        return in_container(self, rows, X)

    def score_samples(self, X: ArrayLike) -> Array:
        """Negative error of each row's reconstruction; higher is more normal.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Rows in the units of those in ``fit``.

        Returns
        -------
        scores : ndarray of shape (n_samples,), float64
            The negative mean loss over the features of each row, in units of X: squared units
            for ``"squared_error"`` and ``"huber"``, nats for ``"binary_crossentropy"``.
        """
        X = self._check_likely_rows(X)
        return -self._model.row_errors(X)

    def score(
        self, X: ArrayLike, y: object = None, sample_weight: ArrayLike | None = None
    ) -> float:
        """Mean of ``score_samples``.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Rows in the units of those in ``fit``.
        y : object, ignored
            Accepted so that searches can pass it.
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the mean.

        Returns
        -------
        score : float
            Higher is better; 0 is perfect.
        """
        scores = self.score_samples(X)
        return float(np.average(scores, weights=check_weights(sample_weight, scores[:, None])))

    @property
    def encoder_(self) -> Any:
        """Keras model from rows in input units to their code, built anew at every access."""
        return self._keras_models()[0]

    @property
    def decoder_(self) -> Any:
        """Keras model from a code to rows in input units, built anew at every access."""
        return self._keras_models()[1]

    def _keras_models(self) -> tuple[Any, Any]:
        check_is_fitted(self)
        try:
            return self._model.keras_models()
        except ImportError as error:
            # What cannot be had here is no attribute: whoever looks through all of them goes on.
            raise AttributeError(str(error)) from error

    def _get_fitted_attr_html(self, doc_link: str = "") -> Any:
        # Of scikit-learn's displays, which read all attributes.
        shown = BaseEstimator._get_fitted_attr_html(Shown(self), doc_link)
        shown.estimator_class = type(self)
        return shown

    def __dir__(self) -> list[str]:
        # scikit-learn's own reads them all too.
        return names_of(self)

    @property
    def pca_components_(self) -> Array:
        """Principal components of the rows in ``fit``, as ``components_`` of PCA has them.

        They are as many as the code is wide, fewer where the rows have a lower rank. A code of
        another width than asked for, a fit that continued, a later pass and a random start without
        a share of variance have none.
        """
        return self._principal("directions")

    @property
    def pca_mean_(self) -> Array:
        """Mean of the rows in ``fit``, as ``mean_`` of that PCA has it."""
        return self._principal("mean")

    def _principal(self, what: Literal["directions", "mean"]) -> Array:
        check_is_fitted(self)
        value: Array | None = getattr(self._model, f"principal_{what}")
        if value is None:
            raise AttributeError(
                f"This {type(self).__name__} does not know the principal components of its rows: "
                'only a fit that began anew, with init="pca", does.'
            )
        return value

    @property
    def _n_features_out(self) -> int:
        return self.n_components_

    # What displays and diagnoses ask, which know estimators and no networks.

    @property
    def _wants_axes(self) -> bool:
        """Whether rows have axes, also where ``sample_shape`` does not say which."""
        return bool(kind_of(self.network).row_axes)

    @property
    def _departs_from_pca(self) -> bool:
        """Whether training begins away from the start at PCA."""
        return kind_of(self.network).departs_from_pca

    def _check_scored_rows(self, X: ArrayLike) -> Matrix:
        """Rows for a fitted estimator, in the format of those of the fit."""
        check_is_fitted(self)
        model = self._model
        X = check_rows(self, X, model.sample_shape, reset=False, allow_nan=model.allows_nan)
        if model.network.likelihood in COUNTS:
            check_counts(X, f"likelihood={model.network.likelihood!r}")
        if model.mask_value is not None:
            X = with_missing_steps(X, model.network.sample_shape, model.mask_value)
        return X

    def _check_likely_rows(self, X: ArrayLike) -> Matrix:
        """Rows for a fitted estimator that the loss can judge."""
        X = self._check_scored_rows(X)
        if self._model.ends_in_sigmoid:
            check_unit_interval(X, *self._unit_interval)
        return X
