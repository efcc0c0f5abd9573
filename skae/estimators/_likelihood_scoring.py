"""Scores of rows by bounds of their log-likelihood."""

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from skae.estimators._conditional import ConditionalMixin
from skae.fitting import check_weights
from skae.messages import check_integer
from skae.model import Model, importance_weighted_bounds, lower_bounds
from skae.numerics import Array, ArrayLike, Matrix, RandomState


class LikelihoodMixin(ConditionalMixin):
    """What a variational autoencoder says of how likely rows are."""

    def score_samples(self, X: ArrayLike, *, y: object = None) -> Array:
        """Evidence lower bound of the log-likelihood of each row; higher is more normal.

        The expectation is a mean over 64 draws of the code, the same for every row and call. So it
        is a lower bound in expectation over such draws, which single rows may exceed by a little.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Rows in the units of those in ``fit``.
        y : class or array-like of shape (n_samples,), default=None
            With ``conditional=True``: the class of all rows, or of each, given which they are
            judged. None judges them whatever their class, each class as frequent as in ``fit``.

        Returns
        -------
        scores : ndarray of shape (n_samples,), float64
            In nats, for rows in input units: comparable with ``PCA.score_samples``.
        """
        return self._scores(self._check_likely_rows(X), y, lower_bounds)

    def score(
        self, X: ArrayLike, y: object = None, sample_weight: ArrayLike | None = None
    ) -> float:
        """Mean of ``score_samples``.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Rows in the units of those in ``fit``.
        y : array-like of shape (n_samples,), optional
            With ``conditional=True`` classes, given which rows are judged; else ignored.
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the mean.

        Returns
        -------
        score : float
            Higher is better.
        """
        check_is_fitted(self)
        scores = self.score_samples(X, y=y if self._knows_classes else None)
        return float(np.average(scores, weights=check_weights(sample_weight, scores[:, None])))

    def log_likelihood(
        self,
        X: ArrayLike,
        n_importance_samples: int = 128,
        random_state: RandomState = 0,
        *,
        y: object = None,
    ) -> Array:
        """Importance-weighted bound of the log-likelihood of each row (Burda et al. 2016).

        In expectation over the draws it lies between the evidence lower bound and the
        log-likelihood, and comes closer to that with more of them; with given draws a row may be
        above it. All rows share the draws, so that means over rows vary with those, too: by some
        tenths of a nat with five draws.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Rows in the units of those in ``fit``.
        n_importance_samples : int, default=128
            Draws of each row's code, spread evenly (scrambled Sobol points), which a power of two
            does best.
        random_state : int, RandomState instance or None, default=0
            Of the draws, which are the same for every row.
        y : class or array-like of shape (n_samples,), default=None
            As in ``score_samples``.

        Returns
        -------
        log_likelihood : ndarray of shape (n_samples,), float64
            In nats, for rows in input units.
        """
        X = self._check_likely_rows(X)
        n_samples = check_integer("n_importance_samples", n_importance_samples)
        rng = check_random_state(random_state)
        state = rng.get_state(legacy=False)

        def bounds(model: Model, rows: Matrix) -> Array:
            # The same draws for every class.
            rng.set_state(state)
            return importance_weighted_bounds(model, rows, n_samples, rng)

        return self._scores(X, y, bounds)
