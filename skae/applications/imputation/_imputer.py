"""Missing values filled by iterated reconstruction."""

from functools import partial
from numbers import Integral, Real
from typing import Any, ClassVar, Literal, Self

import numpy as np
from sklearn.base import clone
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import HasMethods, Interval, MissingValues, StrOptions

from skae.applications._limits import BOUND, GRID, Bound, Grid, Limits, fit_limits
from skae.applications.imputation._default import default_reducer
from skae.applications.imputation._filling import LARGEST, FillingMixin
from skae.applications.imputation._judge import judged
from skae.applications.imputation._missing import (
    Strategy,
    new_initial_imputer,
    new_mask,
    nothing_known,
    units_of_known,
    warn_of_empty,
)
from skae.applications.imputation._rounds import Rounds, fit_rounds
from skae.applications.imputation._tables import fit_table
from skae.numerics import Array, ArrayLike, Bools, RandomState
from skae.parameter_checks import checks_all_parameters
from skae.reducers import (
    TrainableReducer,
    allows_nan,
    check_names,
    find_padding_before_fit,
    reducer_to_fit,
    sample_shape_of,
    telling_once_of_pca,
    without_padding,
)
from skae.states import StampedEstimator, demand_estimator
from skae.tables import check_array, check_magnitude, column_labels, in_memory, validate_data
from skae.tabular import is_a_table

# Sums of values of single precision are of it too.
_MOST_SINGLE = float(np.finfo(np.float32).max)


class ReconstructionImputer(FillingMixin, StampedEstimator):
    """Imputer that fills missing values with what a reducer reconstructs there.

    Missing values are first filled with the mean of their column. Then, in every round, a new
    reducer is fitted to the filled rows and missing values are replaced by its reconstruction. With
    PCA this is iterated PCA [1]_. An autoencoder could learn to repeat its own guesses: skae's are
    trained with the missing values left out of their loss, and the default is one that learns to
    predict values that were replaced by those of other rows [2]_ [3]_.

    Parameters
    ----------
    reducer : estimator with ``transform`` and ``inverse_transform``, default=None
        An autoencoder, PCA, or a Pipeline of such; it is cloned. A fitted one in a
        :class:`~sklearn.frozen.FrozenEstimator` is used as it is. If its ``fit`` takes
        ``observed``, as that of every autoencoder of skae does, it learns from known values only;
        so does the last step of a Pipeline whose other steps keep columns apart. None means a
        :class:`~skae.DenoisingAutoencoder` with ``noise="swap"`` after a
        :class:`~sklearn.preprocessing.MinMaxScaler`, of a size that is chosen (see Notes). For a
        frame with text, categories or dates it means a :class:`~skae.TableAutoencoder`, and any
        other autoencoder is put into one.

    max_iter : int or "auto", default="auto"
        Rounds at most; 0 means the initial filling alone. ``"auto"`` means 5 for a reducer that
        takes ``observed``, and 100 for others.

    tol : float, default=1e-3
        Rounds end when no missing value changes by more, in standard deviations of its column's
        known values.

    initial_strategy : {"mean", "median", "most_frequent", "constant"}, default="mean"
        The statistic that missing values are filled with at first; see
        :class:`~sklearn.impute.SimpleImputer`.

    fill_value : float, default=None
        For ``initial_strategy="constant"``; None means 0.

    min_value, max_value : float, "observed", array-like of shape (n_features,) or dict, \
            default=None
        Bounds of what is filled in: one for all columns or one for each, as in
        :class:`~sklearn.impute.IterativeImputer`, or a dict of some by the labels of a frame, or
        by number where X is an array or all labels are strings. ``"observed"`` means the smallest
        and the largest value known of a column in ``fit``, None no bound. They hold in every
        round.

    grid : float, "integers", "observed", array-like of shape (n_features,) or dict, default=None
        Values that may be filled in, one entry for all columns, one for each, or a dict of some
        as for bounds: multiples of a step, so that 1 means integers; ``"integers"``, for columns
        of which ``fit`` knows nothing else, while others are left as they are; or ``"observed"``,
        the values that ``fit`` knows. The nearest one is taken after the last round. None means
        any value.

    missing_values : int, float, np.nan or pd.NA, default=np.nan
        What stands for a missing value; np.nan and pd.NA mean the same, and None in a table of
        objects does too. What a mask hides is always missing.

    add_indicator : bool, default=False
        Whether to append columns that say which values were missing, one for each column that
        misses some in ``fit``; see :class:`~sklearn.impute.MissingIndicator`.

    keep_empty_features : bool, default=False
        Whether to keep columns of which ``fit`` knows no value. They are filled with 0, or with
        ``fill_value`` for ``initial_strategy="constant"``. Otherwise they are dropped, with a
        warning; around a reducer with a ``sample_shape``, whose rows must stay whole, they are
        kept, with a warning too.

    verbose : int, default=0
        Above 0, one line a round is printed.

    random_state : int, RandomState instance or None, default=None
        Seeds each ``random_state`` of the reducer that is None, anew in every round.

    Attributes
    ----------
    reducers_ : list of estimators
        The fitted reducers: of every round if their ``fit`` takes ``observed``, else of the last.

    n_iter_ : int
        Rounds that ``fit`` took.

    n_components_ : int or None
        Size that was chosen for the default reducer; None if another was given, or there was
        nothing to fit.

    initial_imputer_ : SimpleImputer
        The imputer that fills missing values at first; a table has none.

    indicator_ : MissingIndicator or None
        The transformer that says which values are missing; None without ``add_indicator``.

    n_features_in_ : int
        Number of features seen in ``fit``.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features seen in ``fit``, if they are all strings.

    See Also
    --------
    sklearn.impute.IterativeImputer : Predicts each column from the others in turn.
    sklearn.impute.KNNImputer : Takes the mean of similar rows.

    Notes
    -----
    Known values are returned exactly as they came, and rows of which nothing is known as the
    initial filling. ``transform`` sends rows through the reducers of all rounds in turn, and on
    with the last one, each row until ``tol`` or ``max_iter``: it does not matter which rows are
    filled together, and the rows of ``fit`` end as ``fit_transform`` returns them.

    The default reducer has as many components as explain 0.95 of the variance. Where there are
    fewer than six rows for each of those, as in tables with more columns than rows, most of them
    are noise: it then has as many as regularised iterated PCA needs to predict known cells that
    were hidden best, if that is fewer. Some known cells are hidden from the first round too, whose
    result counts nothing in the end, and its reducer has to predict them. A column for which that
    is no better than its mean goes only that share of the way from there to its reconstruction that
    pays: none where nothing can be predicted, so that the default is hardly ever worse than the
    mean.

    An autoencoder's fits are random, so rounds do not converge: in round t missing values go the
    share 2 / t of the way to their reconstruction, as in stochastic approximation [4]_, and end as
    a mean over networks, which is better than any of them. Each starts from new weights; that of
    the default goes on from the round before unless rows are few. Fits of other reducers go all the
    way until they converge, or warn that they do not.

    Sequences that are filled up, for an autoencoder with a ``mask_value``, stay so: padding is not
    missing, does not count for the initial filling, and comes back as it came. With
    ``mask_value=np.nan`` a timestep of which nothing is known is padding; give padding a number if
    some such are missing. In a Pipeline only NaN can be told from what the steps before make.

    Frames with text, categories or dates are filled by a :class:`~skae.TableAutoencoder`, and come
    out as they came, but for their holes: numbers within the range of ``fit`` and as whole as
    there, levels that there are. Frames of numbers alone are not taken for tables, unless the
    reducer is a ``TableAutoencoder``. Columns that it leaves out keep their holes, with a warning.
    Parameters about rounds, bounds and markers are for numbers, and refused.

    Images with holes are rows of pixels here. Training images may be complete: one reducer is then
    fitted, and reconstructs new images in every round.

    References
    ----------
    .. [1] Josse, J. & Husson, F. (2012). Handling missing values in exploratory multivariate data
       analysis methods. Journal de la Société Française de Statistique 153, 79-99.

    .. [2] Vincent, P., Larochelle, H., Bengio, Y. & Manzagol, P.-A. (2008). Extracting and
       composing robust features with denoising autoencoders. ICML 2008, 1096-1103.

    .. [3] Gondara, L. & Wang, K. (2018). MIDA: multiple imputation using denoising autoencoders.
       PAKDD 2018, 260-272.

    .. [4] Delyon, B., Lavielle, M. & Moulines, E. (1999). Convergence of a stochastic
       approximation version of the EM algorithm. Annals of Statistics 27, 94-128.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.impute import SimpleImputer
    >>> from sklearn.preprocessing import minmax_scale
    >>> from skae import ReconstructionImputer
    >>> X = minmax_scale(load_breast_cancer().data)
    >>> is_missing = np.random.default_rng(0).uniform(size=X.shape) < 0.2
    >>> X_missing = np.where(is_missing, np.nan, X)
    >>> X_filled = ReconstructionImputer(max_iter=2, random_state=0).fit_transform(X_missing)
    >>> X_mean = SimpleImputer().fit_transform(X_missing)
    >>> error = np.std((X_filled - X)[is_missing])
    >>> bool(error < 0.5 * np.std((X_mean - X)[is_missing]))
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any] | str]] = {
        "reducer": [HasMethods(["fit", "transform"]), None],
        "max_iter": [Interval(Integral, 0, None, closed="left"), StrOptions({"auto"})],
        "tol": [Interval(Real, 0, None, closed="left")],
        "initial_strategy": [StrOptions({"mean", "median", "most_frequent", "constant"})],
        "fill_value": "no_validation",  # SimpleImputer says what it takes
        "min_value": BOUND,
        "max_value": BOUND,
        "grid": GRID,
        "missing_values": [MissingValues(numeric_only=True)],
        "add_indicator": ["boolean"],
        "keep_empty_features": ["boolean"],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        reducer: TrainableReducer | None = None,
        *,
        max_iter: int | Literal["auto"] = "auto",
        tol: float = 1e-3,
        initial_strategy: Strategy = "mean",
        fill_value: float | None = None,
        min_value: Bound = None,
        max_value: Bound = None,
        grid: Grid = None,
        missing_values: Any = np.nan,
        add_indicator: bool = False,
        keep_empty_features: bool = False,
        verbose: int = 0,
        random_state: RandomState = None,
    ) -> None:
        self.reducer = reducer
        self.max_iter = max_iter
        self.tol = tol
        self.initial_strategy = initial_strategy
        self.fill_value = fill_value
        self.min_value = min_value
        self.max_value = max_value
        self.grid = grid
        self.missing_values = missing_values
        self.add_indicator = add_indicator
        self.keep_empty_features = keep_empty_features
        self.verbose = verbose
        self.random_state = random_state

    @checks_all_parameters
    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Learn to fill missing values.

        Parameters
        ----------
        X : array-like, masked array or frame of shape (n_samples, n_features)
            Rows, with missing values or without; also of shape ``(n_samples, *sample_shape)`` if
            the reducer has a ``sample_shape``. A frame of pandas or polars may hold text,
            categories and dates.
        y : object, ignored
            Accepted so that pipelines can pass it.

        Returns
        -------
        self : object
            The fitted imputer.

        Raises
        ------
        TypeError
            If the reducer cannot reconstruct.
        ValueError
            If X holds infinite values, if parameters of numbers are set where X is more, or if the
            reducer raises. Then nothing is changed.

        Warns
        -----
        ConvergenceWarning
            If a reducer that does not take ``observed`` needs more than ``max_iter`` rounds.
        """
        X = in_memory(X)
        if is_a_table(X, self.reducer, with_holes=False):
            fit_table(self, X)
            return self
        X = self._given(X, self.reducer)
        rows = check_array(X, estimator=self, input_name="X", **self._checked(self.reducer))
        check_magnitude(rows, LARGEST if rows.dtype != np.float32 else _MOST_SINGLE / len(rows))
        # Copies of what is not frozen will be fitted anew.
        check_names(clone(self.reducer, safe=False), X)
        is_padding = find_padding_before_fit(self.reducer, rows)
        # A sequence keeps its timesteps, also those that none reaches, and an image its pixels.
        shape = sample_shape_of(self.reducer)
        keeps_all = is_padding is not None or shape is not None
        imputer = new_initial_imputer(
            self._marker,
            self.initial_strategy,
            self.fill_value,
            keep_empty_features=self.keep_empty_features or keeps_all,
        )
        mask, indicator = new_mask(self._marker, "all"), None
        filled = imputer.fit_transform(without_padding(rows, is_padding, self._marker))
        known = without_padding(rows, is_padding, self._no_marker)
        is_missing = mask.fit_transform(known)
        if self.add_indicator:
            indicator = new_mask(self._marker, "missing-only").fit(known)
        seen = np.where(is_missing, np.nan, without_padding(rows, is_padding))
        limits = fit_limits(seen, self.min_value, self.max_value, self.grid, column_labels(X))
        limits = limits.held_where_constant(seen)
        is_filled = ~is_missing.all(axis=0) | keeps_all
        iterated = is_filled if self.keep_empty_features else slice(None)
        is_empty = is_missing.all(axis=0)
        if keeps_all and is_empty.any():
            # Nothing is known to reconstruct these columns by.
            limits = limits.held(is_empty, filled[0])
            if not self.keep_empty_features:
                warn_of_empty(is_empty, shape)
        if is_padding is not None:
            filled = np.where(is_padding, rows, filled)
        gaps, limits_of_rounds = is_missing[:, is_filled], limits.of_columns(is_filled)
        # The default chooses its size, and is held back where it knows little.
        with telling_once_of_pca(is_equal=self.reducer is not None):
            rounds = self._fit_rounds(filled[:, iterated], gaps, is_padding, limits_of_rounds)
        # This comes last, so that a fit that raises leaves the imputer as it was.
        validate_data(self, X, skip_check_array=True)
        self.initial_imputer_, self.indicator_, self._mask = imputer, indicator, mask
        self._is_filled, self._iterated, self._rounds = is_filled, iterated, rounds
        self.reducers_, self.n_iter_ = rounds.reducers, rounds.n_iter
        self._limits = limits.of_columns(is_filled | self.keep_empty_features)
        self.n_components_ = rounds.n_components
        return self

    def _fit_rounds(
        self, filled: Array, is_missing: Bools, is_padding: Bools | None, limits: Limits
    ) -> Rounds:
        rng = check_random_state(self.random_state)
        gaps = is_missing if is_padding is None else is_missing | is_padding
        is_default = self.reducer is None
        return fit_rounds(
            lambda **plan: reducer_to_fit(self.reducer, partial(default_reducer, **plan), rng),
            filled,
            nothing_known(is_missing, is_padding),
            units_of_known(filled, gaps),
            max_iter=self.max_iter,
            tol=self.tol,
            verbose=self.verbose,
            limits=limits,
            judge=partial(judged, rng=rng) if is_default else None,
        )

    def _check_stored(self) -> None:
        for reducer in getattr(self, "reducers_", ()):
            demand_estimator("the reducer of an imputer", reducer)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self._allows_nan or allows_nan(self.reducer)
        return tags
