"""Autoencoders whose network is told the class of each row."""

from collections.abc import Callable
from copy import copy
from typing import Any, Literal, Self

import numpy as np
from sklearn.exceptions import NotFittedError
from sklearn.utils import check_random_state
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skae.estimators._class_learning import ClassLearningMixin
from skae.estimators._fitted import ArrayOrFrame
from skae.estimators._interpolating import Path, codes_between
from skae.estimators._sampling import check_source
from skae.fitting import check_code
from skae.messages import check_flag, check_integer
from skae.model import (
    Model,
    by_class,
    given_place,
    likeliest_places,
    marginal,
)
from skae.numerics import Array, ArrayLike, Integers, Matrix, RandomState
from skae.tables import in_container, places_among


def _is_conditional(estimator: "ConditionalMixin") -> bool:
    return estimator.conditional


class ConditionalMixin(ClassLearningMixin):
    """What a variational autoencoder is asked of rows whose classes it was told.

    Without ``conditional=True`` it is what other autoencoders are asked.
    """

    @property
    def _knows_classes(self) -> bool:
        return self._model.network.n_classes > 0

    def _places_of(self, X: Matrix, y: object) -> Integers:
        """Places of the classes of rows: those given, or those under which rows are likeliest."""
        if y is not None:
            return places_among(y, self.classes_, X.shape[0])
        return likeliest_places(self._model, X, self._log_prior)

    @property
    def _log_prior(self) -> Array:
        with np.errstate(divide="ignore"):
            log_prior: Array = np.log(self.class_prior_)
        return log_prior

    def _values(self, X: Matrix, y: object, function: Callable[[Model, Matrix], Array]) -> Array:
        """Values of a function of a model and checked rows, by the model of the class of each."""
        if self._knows_classes:
            return by_class(self._model, self._places_of(X, y), X, function)
        self._refuse_classes(y)
        return function(self._model, X)

    def _refuse_classes(self, y: object) -> None:
        if y is not None:
            raise ValueError(
                f"y= gives classes of rows, but this {type(self).__name__} knows none. Leave it "
                "out, or fit with conditional=True and the classes."
            )

    def _demand_classes(self) -> None:
        if not self._knows_classes:
            raise NotFittedError(
                f"This {type(self).__name__} has conditional=True now, but was fitted without "
                "classes. Call fit(X, y) first."
            )

    def _scores(self, X: Matrix, y: object, function: Callable[[Model, Matrix], Array]) -> Array:
        """Log-likelihoods of rows given their classes, or of rows whatever their class."""
        if y is not None or not self._knows_classes:
            return self._values(X, y, function)
        of_classes = [
            function(given_place(self._model, place), X) for place in range(len(self.classes_))
        ]
        return marginal(np.stack(of_classes, axis=1) + self._log_prior)

    def reconstruct(self, X: ArrayLike, *, y: object = None) -> ArrayOrFrame:
        """Each row encoded and decoded again.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Rows in the units of those in ``fit``.
        y : class or array-like of shape (n_samples,), default=None
            With ``conditional=True``: class of all rows, or of each; None infers them, as
            ``predict`` does.

        Returns
        -------
        rows : ndarray of shape (n_samples, n_features)
            The frame that ``set_output`` asks for, with the index of X.
        """
        rows = self._values(self._check_scored_rows(X), y, Model.reconstruct)
        return in_container(self, rows, X)

    def inverse_transform(self, X: ArrayLike, *, y: object = None) -> ArrayOrFrame:
        """Rows that belong to a code.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_components_)
            A code, such as ``transform`` returned.
        y : class or array-like of shape (n_samples,), default=None
            With ``conditional=True``: class of all rows, or of each, which the code does not say.

        Returns
        -------
        rows : ndarray of shape (n_samples, n_features)
            In the units of the rows in ``fit`` and in the dtype of the code; the frame that
            ``set_output`` asks for.

        Raises
        ------
        ValueError
            If the estimator is conditional and no class is given, or one that is not of ``fit``.
        """
        check_is_fitted(self)
        code = check_code(X, self.n_components_)
        if self._knows_classes and y is None:
            raise ValueError(
                "The code of a conditional autoencoder does not say the class of a row: pass it, "
                "inverse_transform(code, y=...), or call reconstruct(X), which infers it."
            )
        return in_container(self, self._values(code, y, Model.decode), X)

    @available_if(_is_conditional)  # type: ignore[untyped-decorator]
    def predict(self, X: ArrayLike) -> Array:
        """Class under which each row is likeliest; with ``conditional=True`` alone.

        It is that of the largest evidence lower bound of row and class together: a generative
        classifier. ``transform`` and ``reconstruct`` take it where they are not told the class.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Rows in the units of those in ``fit``.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            Classes of ``classes_``.
        """
        X = self._check_likely_rows(X)
        self._demand_classes()
        predicted: Array = self.classes_[self._places_of(X, None)]
        return predicted

    @available_if(_is_conditional)  # type: ignore[untyped-decorator]
    def given(self, y: object) -> Self:
        """The ordinary estimator that this one is for rows of one class.

        It has Keras models in ``encoder_`` and ``decoder_``, and can be compressed, or stand in
        what knows nothing of classes. With ``conditional=True`` alone.

        Parameters
        ----------
        y : class
            One of ``classes_``.

        Returns
        -------
        estimator : object
            A fitted copy with ``conditional=False``.
        """
        check_is_fitted(self)
        self._demand_classes()
        (place,) = places_among(y, self.classes_, 1)
        return self._of_class(int(place))

    def _of_class(self, place: int) -> Self:
        of_class, mixtures = copy(self), getattr(self, "_class_mixtures", None)
        statistics = getattr(self, "_class_statistics", None)
        of_class._forget_classes()
        of_class.conditional = False
        of_class._set_model(given_place(self._model, place), is_trained=False)
        if mixtures is not None and mixtures[place] is not None:
            of_class._code_mixture = mixtures[place]
        # An estimator saved by an older version has none.
        if statistics is not None:
            of_class._set_unit_statistics(*statistics[place])
        return of_class

    def sample(
        self,
        n_samples: int = 1,
        random_state: RandomState = None,
        *,
        codes: Literal["posterior", "prior"] | None = None,
        around: bool = False,
        y: object = None,
    ) -> ArrayOrFrame:
        """New rows: decoded draws of the code, without noise around the output.

        Parameters
        ----------
        n_samples : int, default=1
            How many rows.
        random_state : int, RandomState instance or None, default=None
            Of the draws.
        codes : {"posterior", "prior"} or None, default=None
            Where codes are drawn from. ``"posterior"``: a Gaussian mixture fitted to the codes that
            the rows of ``fit`` have, or those of the class. ``"prior"``: the textbook's prior,
            which codes follow only as far as training made them. None means the first, and the
            second where a prior was learned and after ``partial_fit``, which sees no row but its
            own.
        around : bool, default=False
            Whether rows are drawn around the output, by the likelihood that was learnt: counts
            are then whole numbers.
        y : class or array-like of shape (n_samples,), default=None
            With ``conditional=True``: class of all rows, or of each. None draws classes as
            frequent as they are in ``fit``.

        Returns
        -------
        rows : ndarray of shape (n_samples, n_features), float64
            In the units of the rows in ``fit``, in the order of y; the frame that ``set_output``
            asks for.

        Raises
        ------
        ValueError
            If ``n_samples`` is not an integer of 1 or more, or ``codes`` is none of those, or
            ``"posterior"`` after ``partial_fit``, or if y holds other classes than those of
            ``fit``.

        Notes
        -----
        The mixture has up to 16 components, as many as make codes most likely that were held out.
        Codes that many rows share are components of their own. Codes of a class of which ``fit``
        had one row, or none that counts, are drawn from the prior either way.
        """
        check_is_fitted(self)
        if not self._knows_classes:
            self._refuse_classes(y)
            return super().sample(n_samples, random_state, codes=codes, around=around)
        n_samples, around = check_integer("n_samples", n_samples), check_flag("around", around)
        rng = check_random_state(random_state)
        if y is None:
            y = rng.choice(self.classes_, n_samples, p=self.class_prior_)
        places = places_among(y, self.classes_, n_samples)
        check_source(codes)
        mixtures = getattr(self, "_class_mixtures", None)
        rows = np.empty((n_samples, self.n_features_in_))
        for place in np.unique(places):
            mine, one = np.flatnonzero(places == place), self._of_class(place)
            # A class of one row has codes like any other's, as far as that row can tell.
            has_codes = mixtures is None or mixtures[place] is not None
            code = one._drawing(codes if has_codes else "prior")(len(mine), rng)
            rows[mine] = one._rows_of(code, rng, around=around)
        return in_container(self, rows)

    @property
    def encoder_(self) -> Any:
        """Keras model from rows in input units to their code, built anew at every access."""
        self._refuse_models()
        return super().encoder_

    @property
    def decoder_(self) -> Any:
        """Keras model from a code to rows in input units, built anew at every access."""
        self._refuse_models()
        return super().decoder_

    def interpolate(
        self,
        X_from: ArrayLike,
        X_to: ArrayLike,
        n_steps: int = 10,
        *,
        method: Path | None = None,
        y_from: object = None,
        y_to: object = None,
    ) -> Array:
        """Rows between pairs of rows: decoded codes on the way from one to the other.

        Parameters
        ----------
        X_from, X_to : array-like of shape (n_pairs, n_features)
            Where each way begins, and where it ends.
        n_steps : int, default=10
            Rows of each way, both ends among them.
        method : {"linear", "spherical"} or None, default=None
            ``"linear"``: along the straight line, at equal distances. ``"spherical"``: along the
            arc around the origin, at equal angles [1]_, with lengths in between those of both
            codes. None means the second where the prior is normal, and
            the first for any other.
        y_from, y_to : class or array-like of shape (n_pairs,), default=None
            With ``conditional=True``: classes of the rows, which None infers. Between two classes
            the network is told so much of each as of the way lies ahead and behind.

        Returns
        -------
        rows : ndarray of shape (n_pairs, n_steps, n_features)
            In the units of the rows in ``fit`` and in their dtype; the first and the last of each
            are what ``reconstruct`` gives.

        Raises
        ------
        ValueError
            If there are not as many rows at both ends, if ``n_steps`` is not an integer of 2 or
            more, ``method`` is none of those, or a class is not one of ``fit``.

        References
        ----------
        .. [1] White, T. (2016). Sampling generative networks. arXiv:1609.04468.
        """
        check_is_fitted(self)
        if not self._knows_classes:
            for y in (y_from, y_to):
                self._refuse_classes(y)
            return super().interpolate(X_from, X_to, n_steps, method=method)
        ends, n_steps, path = self._check_way(X_from, X_to, n_steps, method)
        places = [self._places_of(X, y) for X, y in zip(ends, (y_from, y_to), strict=True)]
        first, last = (
            by_class(self._model, of_rows, X, Model.encode)
            for of_rows, X in zip(places, ends, strict=True)
        )
        codes, ones = codes_between(first, last, n_steps, path), np.eye(len(self.classes_))
        pairs, of_pair = np.unique(np.stack(places, axis=1), axis=0, return_inverse=True)
        rows = np.empty((*codes.shape[:2], self.n_features_in_), codes.dtype)
        for i, (before, after) in enumerate(pairs):
            mine = np.flatnonzero(of_pair == i)
            for step, share in enumerate(np.linspace(0.0, 1.0, n_steps)):
                model = self._model.given((1 - share) * ones[before] + share * ones[after])
                rows[mine, step] = model.decode(codes[mine, step])
        return rows

    def _refuse_models(self) -> None:
        check_is_fitted(self)
        if self._knows_classes:
            raise AttributeError(
                "The Keras models of a conditional autoencoder are one for each class: take "
                "estimator.given(y).encoder_ and decoder_."
            )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = self.conditional
        return tags
