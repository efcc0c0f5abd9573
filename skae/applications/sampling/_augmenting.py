"""Rare classes filled up with new rows."""

from typing import Any

import numpy as np
from sklearn.utils import check_consistent_length, check_random_state
from sklearn.utils.validation import check_is_fitted

from skae.applications._limits import Limits
from skae.applications.sampling._densities import (
    Density,
    covariance_within,
    draw_codes,
    fit_to_class,
    perturbed,
)
from skae.applications.sampling._readers import reader_of
from skae.messages import check_integer
from skae.numerics import Array, ArrayLike, Integers, RandomState
from skae.reducers import TrainableReducer, encoded
from skae.tables import class_of_each_row, classes_at


class AugmentingMixin:
    """Fills classes up with rows that a fitted sampler makes of codes."""

    density: Density | None
    reducer_: TrainableReducer
    _limits: Limits | None

    def augment(
        self, X: ArrayLike, y: ArrayLike, n: int | None = None, random_state: RandomState = None
    ) -> tuple[Any, Any]:
        """Fill the rarer classes up with new rows, until all classes have equally many.

        New rows are decoded draws from a density of each class. With ``density=None`` it is a
        kernel density: a code of the class, plus normal noise with the covariance that codes have
        within classes, narrowed by Scott's rule. So the rarest classes, down to a single row,
        borrow their spread from the others. A ``density`` of your own is fitted to each class
        alone.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows in the units of those in ``fit``.
        y : array-like of shape (n_samples,)
            Class of each row.
        n : int, default=None
            Up to how many rows each class is filled; None means as many as the largest has. Classes
            that have more keep them all.
        random_state : int, RandomState instance or None, default=None
            Of the draws.

        Returns
        -------
        X_augmented : ndarray of shape (n_augmented, n_features)
            The rows of X in their order, then the new ones, class by class. In the dtype of X,
            float32 or float64, or the frame that ``set_output`` asks for, numbered anew.
        y_augmented : ndarray or Series of shape (n_augmented,)
            Their classes, in the type of y: a Series, numbered anew, if y is one.

        Raises
        ------
        ValueError
            If y does not hold one class for each row, all strings or all numbers, if ``n`` is not
            a positive integer, or if ``density`` cannot be fitted to the rows of a class.
        """
        check_is_fitted(self)
        if n is not None:
            check_integer("n", n)
        reader, rng = reader_of(self.reducer_), check_random_state(random_state)
        X = reader.given(X)
        rows = reader.to_score(X, self)
        classes = class_of_each_row(y)
        check_consistent_length(rows, classes)
        code = encoded(self.reducer_, X)
        new_code, of_their_class = self._draw_missing(code, classes, n, rng)
        places = np.concatenate([np.arange(len(rows)), of_their_class])
        augmented = reader.joined(rows, new_code, self._limits, rng)
        return reader.in_container(augmented, self), classes_at(y, classes, places)

    def _draw_missing(
        self, code: Array, y: Array, n: int | None, rng: np.random.RandomState
    ) -> tuple[Array, Integers]:
        """Draw codes of new rows; return them, and for each the place of a row of its class."""
        classes, first, of_row, counts = np.unique(
            y, return_index=True, return_inverse=True, return_counts=True
        )
        missing = np.maximum((max(counts) if n is None else n) - counts, 0)
        noise = covariance_within(code, of_row)
        drawn = [np.empty((0, code.shape[1]))]
        for index in np.flatnonzero(missing):
            own = code[of_row == index]
            if self.density is None:
                drawn.append(perturbed(own, noise, missing[index], rng))
            else:
                density = fit_to_class(self.density, own, classes[index], rng)
                drawn.append(draw_codes(density, missing[index], rng))
        return np.concatenate(drawn), np.repeat(first, missing)
