"""Regression from the code, with targets for some rows."""

from dataclasses import dataclass
from os import PathLike
from typing import Any, ClassVar, Literal, Self

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils.validation import check_consistent_length

from skae.estimators import documented
from skae.fitting import all_or_nothing, check_resumable, check_weights
from skae.numerics import Array, ArrayLike
from skae.parameter_checks import checks_parameters
from skae.supervised._head_targets import ridge_start, value_targets
from skae.supervised._labels import check_values
from skae.supervised._supervised import SupervisedAutoencoder
from skae.tables import in_memory


@documented
@dataclass(eq=False, repr=False)
class AutoencoderRegressor(RegressorMixin, SupervisedAutoencoder):
    """Regression on the code of an autoencoder, for tables of which few rows have a target.

    An autoencoder learns from all rows. A head, the layer that predicts targets from the code,
    starts as ridge regression; then head and autoencoder are trained together [1]_: on the targets
    and, so that the code keeps what it learned from all rows, on the autoencoder's own loss.

    Rows whose target is NaN, None or ``pandas.NA`` are unlabelled; of several outputs some may be.
    Targets may be in any units: they are standardised within.

    Parameters
    ----------
    {head_parameters}

    Attributes
    ----------
    {head_attributes}

    See Also
    --------
    AutoencoderClassifier : The same for classes.

    Notes
    -----
    ``score``, and so a search or a cross-validation without ``scoring``, compares rows that have a
    target only. scikit-learn's own scores refuse targets that are NaN.

    References
    ----------
    .. [1] Vincent, P. et al. (2010). Stacked denoising autoencoders: learning useful
       representations in a deep network with a local denoising criterion. JMLR 11, 3371-3408.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skae import AutoencoderRegressor, DenoisingAutoencoder
    >>> X, y = load_diabetes(return_X_y=True)
    >>> y[100:342] = float("nan")
    >>> autoencoder = DenoisingAutoencoder(8, noise_level=1.0, max_iter=20)
    >>> regressor = AutoencoderRegressor(autoencoder, max_iter=20, random_state=0)
    >>> regressor = make_pipeline(StandardScaler(), regressor)
    >>> regressor.fit(X[:342], y[:342]).score(X[342:], y[342:]) > 0.3
    True
    """

    _loss: ClassVar[Literal["cross_entropy", "squared_error"]] = "squared_error"
    _head_start = staticmethod(ridge_start)

    @checks_parameters
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        *,
        checkpoint: str | PathLike[str] | None = None,
    ) -> Self:
        """Learn from all rows, and from the targets of some.

        Parameters
        ----------
        X : array-like, sparse matrix or frame of shape (n_samples, n_features)
            Rows, as the autoencoder takes them. A frame of pandas or polars may hold text,
            categories, dates and missing values.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets; NaN, None or ``pandas.NA`` where there is none.
        checkpoint : str or path-like, optional
            A file in which training keeps, each half minute, what it needs to go on: if its process
            is killed, the same call ends with the bits that it would have had, and removes it. The
            autoencoder before it has a file beside, whose name ends in ``.autoencoder``. Needs a
            ``random_state``, and no callbacks of the autoencoder.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        TypeError
            If ``from_pretrained`` is not an autoencoder.
        ValueError
            If an output has no target in any row, or for what the autoencoder refuses. The
            estimator is then as it was before.
        """
        check_resumable(self, checkpoint)
        X, y = in_memory(X), in_memory(y)
        with all_or_nothing(self):
            self._check_rows(X, reset=True)
            y = check_values(y)
            check_consistent_length(X, y)
            values = y.reshape(len(y), -1)
            self._mean, self._deviation = _units(values)
            targets = value_targets((values - self._mean) / self._deviation)
            self._fit_targets(X, lambda reconstructed: targets, checkpoint)
            self._is_single = y.ndim == 1
        return self

    def predict(self, X: ArrayLike) -> Array:
        """Predicted targets.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Rows in the units of those in ``fit``.

        Returns
        -------
        values : ndarray of shape (n_samples,) or (n_samples, n_outputs), float64
            In the shape of y.
        """
        outputs = self._outputs(X)
        values = outputs * self._deviation + self._mean
        return values[:, 0] if self._is_single else values

    def score(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Coefficient of determination, over the targets that are known.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Rows in the units of those in ``fit``.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets; those that are NaN, None or ``pandas.NA`` are left out.
        sample_weight : array-like of shape (n_samples,), optional
            How much each row counts.

        Returns
        -------
        score : float
            1 where all targets are predicted exactly; of several outputs the mean.

        Raises
        ------
        ValueError
            If an output has no target in any row, or targets are masked.
        """
        predicted = self.predict(X)
        y = check_values(y)
        check_consistent_length(predicted, y)
        values, predicted = y.reshape(len(y), -1), predicted.reshape(len(y), -1)
        if values.shape[1] != predicted.shape[1]:
            raise ValueError(
                f"y has {values.shape[1]} outputs, but this estimator was fitted to "
                f"{predicted.shape[1]}. Pass as many as in fit."
            )
        weights = check_weights(sample_weight, predicted)
        scores = []
        # In units whose squares a float holds; the score has none.
        values, predicted = values / self._deviation, predicted / self._deviation
        for target, found in zip(values.T, predicted.T, strict=True):
            known = ~np.isnan(target)
            of_known = None if weights is None else weights[known]
            scores.append(r2_score(target[known], found[known], sample_weight=of_known))
        return float(np.mean(scores))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


def _units(values: Array) -> tuple[Array, Array]:
    """Mean and standard deviation of each output; 1 where it is constant."""
    # Squares of targets beyond 1e154 would be infinite, and those below 1e-162 zero.
    largest = np.nanmax(np.abs(values), axis=0)
    largest[largest == 0] = 1.0
    shares = values / largest
    deviation = np.nanstd(shares, axis=0) * largest
    deviation[deviation == 0] = 1.0
    return np.nanmean(shares, axis=0) * largest, deviation
