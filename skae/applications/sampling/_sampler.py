"""New rows from any reducer: a density over its code."""

from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import DensityMixin, clone
from sklearn.utils import check_consistent_length, check_random_state
from sklearn.utils._param_validation import HasMethods
from sklearn.utils.validation import check_is_fitted

from skae.applications._limits import BOUND, GRID, Bound, Grid, Limits
from skae.applications.sampling._augmenting import AugmentingMixin
from skae.applications.sampling._densities import (
    Density,
    draw_by_class,
    draw_codes,
    fit_by_class,
    log_density_by_class,
)
from skae.applications.sampling._readers import Wanted, reader_of, reader_to_fit
from skae.messages import check_integer
from skae.mixtures import fit_mixture
from skae.numerics import Array, ArrayLike, RandomState
from skae.parameter_checks import checks_all_parameters
from skae.reducers import (
    TrainableReducer,
    allows_nan,
    check_names,
    encoded,
    fit_reducer,
    seeded,
)
from skae.states import StampedEstimator, demand, demand_estimator, demand_numbers
from skae.tables import (
    FrameOutputMixin,
    classes_to_learn,
    in_memory,
    places_among,
    validate_data,
)

_OF_CLASSES = ("densities_", "classes_", "class_prior_")


class LatentSampler(AugmentingMixin, FrameOutputMixin, DensityMixin, StampedEstimator):
    """Generative model of rows: a density fitted to the code of any reducer.

    The reducer is trained to reconstruct only, then a density is fitted to the codes of the
    training rows; decoded draws from it are new rows [1]_. Samples are as sharp as
    reconstructions, and nothing pulls codes towards a prior while the reducer is trained.

    Parameters
    ----------
    reducer : estimator with ``transform`` and ``inverse_transform``, default=None
        Any reducer, PCA too; it is cloned. A fitted one in a
        :class:`~sklearn.frozen.FrozenEstimator` is used as it is. None means ``Autoencoder(0.9)``;
        for a frame with text, categories, dates or missing values it means a
        :class:`~skae.TableAutoencoder`, and any other autoencoder is put into one.

    density : estimator with ``fit``, ``sample`` and ``score_samples``, default=None
        Density of the code, such as :class:`~sklearn.neighbors.KernelDensity` or
        :class:`~sklearn.mixture.BayesianGaussianMixture`; it is cloned. None means a
        :class:`~sklearn.mixture.GaussianMixture` of up to 32 components, as many as make codes most
        likely that were held out. Codes that many rows share, such as those of one-hot rows, are
        narrow components of their own, up to 1,000.

    min_value, max_value : float, "observed", array-like of shape (n_features,) or dict, \
            default=None
        Bounds of new rows: one for all columns, one for each, or a dict of some by the labels of a
        frame, or by number where X is an array or all labels are strings. ``"observed"`` means the
        smallest and the largest value of a column in ``fit``, None no bound. What is decoded beyond
        them is moved onto them.

    grid : float, "integers", "observed", array-like of shape (n_features,) or dict, default=None
        Values that new rows may hold, one entry for all columns, one for each, or a dict of some
        as for bounds: multiples of a step, so that 1 means integers; ``"integers"``, for
        columns that hold nothing else in ``fit``, while others are left as they are; or
        ``"observed"``, the values that are there in ``fit``. The nearest one is taken. None means
        any value.

    conditional : bool, default=False
        Whether ``fit`` learns a density for each class of y, so that ``sample(n, y="zero")`` draws
        rows of that class. Classes of few rows are then better learnt with a ``density`` of few
        parameters.

    random_state : int, RandomState instance or None, default=None
        Seeds each ``random_state`` of the reducer and of the density that is None.

    Attributes
    ----------
    reducer_ : estimator
        The fitted reducer.

    density_ : estimator
        The fitted density; there is none with ``conditional=True``.

    densities_ : list of estimators
        With ``conditional=True``: the fitted density of each class.

    classes_ : ndarray of shape (n_classes,)
        With ``conditional=True``: the classes, sorted.

    class_prior_ : ndarray of shape (n_classes,)
        With ``conditional=True``: the share of rows that each class has.

    n_features_in_ : int
        Number of features seen in ``fit``.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features seen in ``fit``, if they are all strings.

    See Also
    --------
    skae.VariationalAutoencoder : Learns code and density together, ``conditional=True`` there too.

    Notes
    -----
    The size of the default mixture is chosen by cross-validated log-likelihood, and so is the
    variance added to each component. Equal codes count once there, and are never on both sides, so
    a table in which every row stands twice has the same mixture. A value that ten rows share (three
    where there are at most 32 different ones) is drawn as it is, as often as it occurs.

    New rows of a table are of the kind and the types of that in ``fit``: a frame of such columns,
    without those that were left out. What the code does not say is drawn, as
    ``TableAutoencoder.sample`` draws it: levels, numbers around their reconstruction, and which
    values are missing.

    Around an autoencoder with a ``mask_value``, sequences may be padded; new ones have all
    timesteps.

    References
    ----------
    .. [1] Ghosh, P., Sajjadi, M. S. M., Vergari, A., Black, M. & Schölkopf, B. (2020). From
       variational to deterministic autoencoders. ICLR 2020.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skae import Autoencoder, LatentSampler
    >>> X, y = load_digits(return_X_y=True)
    >>> X, y = X[:900], y[:900]
    >>> sampler = LatentSampler(Autoencoder(8, max_iter=5), random_state=0).fit(X)
    >>> sampler.sample(3, random_state=0).shape
    (3, 64)
    >>> sampler.interpolate(X[0], X[1], 5).shape
    (5, 64)

    Zeros among few rows of other classes, filled up:

    >>> import numpy as np
    >>> few = np.r_[np.flatnonzero(y == 0), np.flatnonzero(y == 1)[:10]]
    >>> X_balanced, y_balanced = sampler.augment(X[few], y[few], random_state=0)
    >>> np.bincount(y_balanced)
    array([90, 90])

    Rows of a class that is asked for:

    >>> by_class = LatentSampler(Autoencoder(8, max_iter=5), conditional=True, random_state=0)
    >>> by_class.fit(X, y).sample(2, random_state=0, y=[3, 7]).shape
    (2, 64)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "reducer": [HasMethods(["fit", "transform", "inverse_transform"]), None],
        "density": [HasMethods(["fit", "sample", "score_samples"]), None],
        "min_value": BOUND,
        "max_value": BOUND,
        "grid": GRID,
        "conditional": ["boolean"],
        "random_state": ["random_state"],
    }

    # Samplers saved by an older version have neither.
    _limits: Limits | None = None
    conditional: bool = False

    def __init__(
        self,
        reducer: TrainableReducer | None = None,
        density: Density | None = None,
        *,
        min_value: Bound = None,
        max_value: Bound = None,
        grid: Grid = None,
        conditional: bool = False,
        random_state: RandomState = None,
    ) -> None:
        self.reducer = reducer
        self.density = density
        self.min_value = min_value
        self.max_value = max_value
        self.grid = grid
        self.conditional = conditional
        self.random_state = random_state

    @checks_all_parameters
    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Fit the reducer, and the density of its codes.

        Parameters
        ----------
        X : array-like or frame of shape (n_samples, n_features)
            Rows in any units. A frame of pandas or polars may hold text, categories, dates and
            missing values.
        y : array-like of shape (n_samples,), default=None
            Class of each row, with ``conditional=True``. Else it is only passed on to the reducer,
            and accepted so that pipelines can pass it.

        Returns
        -------
        self : object
            The fitted sampler.

        Raises
        ------
        ValueError
            If classes are wanted and y holds none, as targets of a regression do not. If X holds
            infinite values, or missing ones where it is no frame, or only one row, if
            limits are wanted for a table, or if the reducer or the density raises. The sampler is
            then as it was before.
        """
        rng, X = check_random_state(self.random_state), in_memory(X)
        wanted = Wanted(self.min_value, self.max_value, self.grid)
        reader = reader_to_fit(self.reducer, X, wanted, rng)
        reducer, X = reader.reducer, reader.given(X)
        rows = reader.to_learn_from(X, self)
        classes: Array | None = None
        if self.conditional:
            classes = classes_to_learn(y, "conditional=True")
            check_consistent_length(rows, classes)
        check_names(reducer, X)
        fit_reducer(reducer, X, y)
        code = encoded(reducer, X)
        densities = self._densities(code, classes, rng)
        limits = reader.limits(rows, X, wanted)
        validate_data(self, X, skip_check_array=True)
        for name in _OF_CLASSES if classes is None else ("density_",):
            self.__dict__.pop(name, None)
        self.reducer_, self._limits = reducer, limits
        for name, value in densities.items():
            setattr(self, name, value)
        return self

    def _densities(
        self, code: Array, of_rows: Array | None, rng: np.random.RandomState
    ) -> dict[str, Any]:
        """Fit what codes are drawn from; return it by the names of its attributes."""
        if of_rows is not None:
            classes, places = np.unique(of_rows, return_inverse=True)
            densities = fit_by_class(self.density, code, places, classes, rng)
            prior = np.bincount(places) / len(places)
            return {"densities_": densities, "classes_": classes, "class_prior_": prior}
        if self.density is None:
            return {"density_": fit_mixture(code, rng.randint(2**31))}
        return {"density_": seeded(clone(self.density), rng).fit(code)}

    def sample(
        self,
        n_samples: int = 1,
        random_state: RandomState = None,
        *,
        y: object = None,
    ) -> Any:
        """Draw new rows: decoded draws from the density.

        Parameters
        ----------
        n_samples : int, default=1
            How many rows.
        random_state : int, RandomState instance or None, default=None
            Of the draws.
        y : class or array-like of shape (n_samples,), default=None
            Class of all rows, or of each, for a sampler that was fitted with ``conditional=True``.
            None draws classes as frequent as they are in ``fit``.

        Returns
        -------
        rows : ndarray of shape (n_samples, n_features), float64
            In the units of the rows in ``fit``, in the order of y, else in random order; the
            frame that ``set_output`` asks for. A table of the columns in ``fit``, if that was one.

        Raises
        ------
        ValueError
            If ``n_samples`` is not an integer of 1 or more, or y holds other classes than those of
            ``fit``.
        """
        check_is_fitted(self)
        check_integer("n_samples", n_samples)
        rng = check_random_state(random_state)
        reader, code = reader_of(self.reducer_), self._draw_codes(n_samples, y, rng)
        return reader.in_container(reader.drawn(code, self._limits, rng), self)

    def _draw_codes(self, n_samples: int, y: object, rng: np.random.RandomState) -> Array:
        if hasattr(self, "densities_"):
            if y is None:
                y = rng.choice(self.classes_, n_samples, p=self.class_prior_)
            places = places_among(y, self.classes_, n_samples)
            return draw_by_class(self.densities_, places, rng)
        if y is not None:
            raise ValueError(
                "y= asks for rows of a class, but this LatentSampler knows none. Fit it with "
                "conditional=True and the classes of the rows."
            )
        return draw_codes(self.density_, n_samples, rng)

    def score_samples(self, X: ArrayLike) -> Array:
        """Return the log density of each row's code.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows in the units of those in ``fit``.

        Returns
        -------
        log_density : ndarray of shape (n_samples,)
            In nats, in the units of the code: comparable between rows, but not between
            autoencoders, and blind to what the code leaves out of a row.
        """
        check_is_fitted(self)
        reader = reader_of(self.reducer_)
        X = reader.given(X)
        reader.to_score(X, self)
        code = encoded(self.reducer_, X)
        if hasattr(self, "densities_"):
            return log_density_by_class(self.densities_, self.class_prior_, code)
        log_density: Array = self.density_.score_samples(code)
        return log_density

    def score(self, X: ArrayLike, y: object = None) -> float:
        """Return the mean of ``score_samples``.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows in the units of those in ``fit``.
        y : object, ignored
            Accepted so that searches can pass it.

        Returns
        -------
        score : float
            Higher is more typical of the training rows.
        """
        return float(np.mean(self.score_samples(X)))

    def interpolate(self, a: ArrayLike, b: ArrayLike, n: int = 10) -> Any:
        """Return rows along the straight line between the codes of two rows.

        Parameters
        ----------
        a, b : array-like of shape (n_features,) or (1, n_features)
            The rows at the ends; rows of a frame are taken too.
        n : int, default=10
            How many rows, both ends among them.

        Returns
        -------
        rows : ndarray of shape (n, n_features), float64
            From the reconstruction of ``a`` to that of ``b``, at equal distances of the code,
            within the bounds and on the grid of ``sample``; the frame that ``set_output`` asks for.

        Raises
        ------
        ValueError
            If ``a`` or ``b`` is not one row, or ``n`` is not an integer of at least 2.
        """
        check_is_fitted(self)
        check_integer("n", n, 2)
        reader = reader_of(self.reducer_)
        ends = (reader.one_row(row, name, self) for name, row in (("a", a), ("b", b)))
        first, last = (encoded(self.reducer_, row) for row in ends)
        share = np.linspace(0, 1, n)[:, np.newaxis]
        rows = reader.made((1 - share) * first + share * last, self._limits)
        return reader.in_container(rows, self)

    def _check_stored(self) -> None:
        if hasattr(self, "reducer_"):
            demand_estimator("the reducer of a sampler", self.reducer_)
        if hasattr(self, "density_"):
            demand_estimator("the density of a sampler", self.density_)
        elif hasattr(self, "reducer_"):
            for density in self.densities_:
                demand_estimator("the density of a class", density)
            demand_numbers("class_prior_", self.class_prior_, (len(self.densities_),))
            demand(len(self.classes_) == len(self.densities_), "a density for each class")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = allows_nan(self.reducer)
        return tags
