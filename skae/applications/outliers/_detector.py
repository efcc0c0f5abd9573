"""Outliers: rows that a reducer of the others does not reconstruct."""

from numbers import Integral, Real
from typing import Any, ClassVar, Literal, Self

import numpy as np
from sklearn.base import OutlierMixin
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skae.applications.outliers._judges import Panel
from skae.applications.outliers._plan import Plan, Scoring
from skae.applications.outliers._readers import reader_of, reader_to_fit
from skae.messages import check_integer
from skae.numerics import Array, ArrayLike, Integers, RandomState
from skae.parameter_checks import checks_all_parameters
from skae.reducers import TrainableReducer, allows_nan, telling_once_of_pca
from skae.states import StampedEstimator, demand, demand_number
from skae.tables import in_memory, validate_data

_JOBS = [Interval(Integral, None, -1, closed="right"), Interval(Integral, 1, None, closed="left")]


class ReconstructionOutlierDetector(OutlierMixin, StampedEstimator):
    """Detect outliers as rows that a reducer of normal rows does not reconstruct.

    A reducer learns to reconstruct normal rows from a short code; what it leaves of a row says how
    unlike those the row is [1]_ [2]_, and in which columns. What it leaves of its own training rows
    is too little to compare with, so the rows are dealt out to folds, and for every fold a reducer
    is fitted to the rows of the others. All that is learnt from residuals, the threshold above all,
    is learnt from rows that the reducer has not seen.

    Parameters
    ----------
    reducer : estimator, default=None
        Anything with ``transform`` and ``inverse_transform``: an autoencoder, PCA, KernelPCA with
        ``fit_inverse_transform=True``, a Pipeline of such; it is cloned. A fitted one in a
        :class:`~sklearn.frozen.FrozenEstimator`, such as a model trained in chunks, is used as it
        is: then give ``fit`` rows that it has not seen, as nobody can hold out those it has. None
        means ``Autoencoder(0.5)``, and ``VariationalAutoencoder(0.5)`` for
        ``scoring="likelihood"``, trained for 1000 annealed steps, at most 50 epochs. For a frame
        with text, categories, dates or missing values it means
        ``TableAutoencoder(VariationalAutoencoder(k, beta=0.3))``, k half the number of columns
        used, from 1 to 10, as the code of ``TableAutoencoder()`` is wide enough to copy odd
        numbers. Other autoencoders are put into a :class:`~skae.TableAutoencoder` (see Notes).

    contamination : "auto" or float, default="auto"
        Share of rows to take for outliers, in (0, 0.5]: that of the rows in ``fit``, and in
        expectation of new rows like those. ``"auto"`` takes rows whose anomaly score is above the
        upper quartile by three times its distance from the median, and a ``20 / n_samples`` th
        more, or farther where scores have a long tail: 1 to 5 percent of normally distributed rows
        (more of one column), to 10 percent of tables tried. Where most rows are of few kinds, as
        categories are: above the widest gap of the rarest twentieth. Absurd rows hardly move it.

    scoring : {"mahalanobis", "error", "top_features", "likelihood"}, default="mahalanobis"
        The anomaly score of a row.

        - ``"mahalanobis"``: squared Mahalanobis distance of its residuals from zero, so that a
          noisy column hides nothing, the mean of two on one scale: with a covariance that is shrunk
          as little as rows of other folds ask for, and with Ledoit and Wolf's [3]_; plus the
          distance of its reconstruction from the twenty nearest ones of other rows, with less
          weight, so that rows between groups or far beyond all others do not pass because the
          reducer reconstructs them.
        - ``"error"``: mean squared residual, in squared units of X.
        - ``"top_features"``: mean square of its worst columns, of what the other residuals do not
          predict of each by Ledoit and Wolf's covariance, in spreads. For a broken sensor
          among many.
        - ``"likelihood"``: negative log-likelihood, of a reducer whose ``score_samples`` is one.

    top_fraction : float, default=0.02
        Share of the columns that ``"top_features"`` averages, at least one column.

    calibration_fraction : float, default=0.2
        Share of the rows held out of each reducer, and so how many there are: five for 0.2, each
        fitted to the rows that the other four are calibrated with. 0.5 is fastest.

    trim : float, default=0.0
        Share of the rows to leave out for good, the worst by reducers that have not seen them;
        the rest is fitted once more. For training rows that hold outliers, twice the time.

    n_jobs : int or None, default=None
        Number of threads that fit the reducers of folds, to the same bits whatever it is. None
        means 1 unless in a :obj:`joblib.parallel_backend` context, -1 all processors.
        Where there are several an interruption ends all of them and raises ``KeyboardInterrupt``.

    random_state : int, RandomState instance or None, default=None
        Fixes the folds and each ``random_state`` of the reducer that is None.

    Attributes
    ----------
    offset_ : float
        Score of the threshold: ``decision_function`` is ``score_samples`` less this.

    reducers_ : list of estimators
        The fitted reducers, one for each part held out.

    n_features_in_ : int
        Number of features seen in ``fit``.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features seen in ``fit``, if they are all strings.

    See Also
    --------
    sklearn.neighbors.LocalOutlierFactor : Rows in sparser places than their neighbours.
    sklearn.covariance.EllipticEnvelope : A Mahalanobis distance without a reducer.

    Notes
    -----
    A row that was in ``fit`` is scored by the one reducer that has not seen it or its equals, any
    other row by the mean of all. So ``predict`` on the rows of ``fit`` is as honest as on new
    ones; that mean varies a little less, which makes new rows seem a little more normal.

    Rows with a value that is fifteen times as far from the median of its column as nine tenths of
    the others, such as -9999 for a missing one, are not learnt from unless they are more than a
    tenth; they are scored like all others. In a table, such a value is twenty times as far as 95 %
    of the others. Where a reducer is exact, residuals that may be rounding count as zero. All folds
    get codes of one length, also where ``n_components`` is a share of the variance, and one scale.

    Residuals are in units of X also where a Pipeline scales inside. ``"error"`` weighs columns by
    their units; the covariance of the others adapts to them, but columns that hardly vary beside
    the others count little. Standardise columns in very different units before, as for PCA:
    ``make_pipeline(StandardScaler(), ReconstructionOutlierDetector())``.

    Sequences that are filled up, for an autoencoder with a ``mask_value``, are judged by the
    timesteps that are there, and scores are brought to the number of columns, so that they do not
    follow the length. In a Pipeline, padding is what its last step reads as such; NaN passes
    through scalers. ``"error"`` and, times columns, ``"likelihood"`` are means of what is there.

    Frames with text, categories, dates or missing values are judged column by column, as
    ``"mahalanobis"`` or by ``"likelihood"``. For the first, a column adds the evidence that its
    value is wrong, in nats: ``log(0.99 + 0.01 * exp(r))``, where r is how much more surprising it
    is than the column usually is among rows held out, but no more than the logarithm of how seldom
    as much is seen there. If one value in a hundred is wrong, the odds that this one is are about
    ``exp(n) - 1`` to 1 at n nats. What none of n rows of ``fit`` had (a level, a hole, other values
    than a constant) adds ``log(n + 1)``. ``"auto"`` takes rows beyond Tukey's fence with 1 nat.

    Sparse rows are made dense. ``"mahalanobis"`` and ``"top_features"`` hold a matrix of
    ``n_features_in_ ** 2`` numbers for each fold.

    References
    ----------
    .. [1] Hawkins, S., He, H., Williams, G. & Baxter, R. (2002). Outlier detection using
       replicator neural networks. DaWaK 2002.

    .. [2] Sakurada, M. & Yairi, T. (2014). Anomaly detection using autoencoders with nonlinear
       dimensionality reduction. MLSDA 2014.

    .. [3] Ledoit, O. & Wolf, M. (2004). A well-conditioned estimator for large-dimensional
       covariance matrices. Journal of Multivariate Analysis 88, 365-411.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.metrics import roc_auc_score
    >>> from skae import Autoencoder, ReconstructionOutlierDetector
    >>> X, y = load_digits(return_X_y=True)
    >>> reducer = Autoencoder(0.5, max_iter=20)
    >>> detector = ReconstructionOutlierDetector(reducer, contamination=0.05, random_state=0)
    >>> detector.fit(X[y == 0][:100]).predict(X[:5])
    array([ 1, -1, -1, -1, -1])
    >>> bool(roc_auc_score(y[500:] == 0, detector.score_samples(X[500:])) > 0.99)
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "reducer": [None, HasMethods(["fit", "transform"])],
        "contamination": [StrOptions({"auto"}), Interval(Real, 0, 0.5, closed="right")],
        "scoring": [StrOptions({"mahalanobis", "error", "top_features", "likelihood"})],
        "top_fraction": [Interval(Real, 0, 1, closed="right")],
        "calibration_fraction": [Interval(Real, 0, 0.5, closed="right")],
        "trim": [Interval(Real, 0, 0.5, closed="left")],
        "n_jobs": [None, *_JOBS],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        reducer: TrainableReducer | None = None,
        *,
        contamination: float | Literal["auto"] = "auto",
        scoring: Scoring = "mahalanobis",
        top_fraction: float = 0.02,
        calibration_fraction: float = 0.2,
        trim: float = 0.0,
        n_jobs: int | None = None,
        random_state: RandomState = None,
    ) -> None:
        self.reducer = reducer
        self.contamination = contamination
        self.scoring = scoring
        self.top_fraction = top_fraction
        self.calibration_fraction = calibration_fraction
        self.trim = trim
        self.n_jobs = n_jobs
        self.random_state = random_state

    @checks_all_parameters
    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Learn what normal rows are, and how far they reach.

        Parameters
        ----------
        X : array-like, sparse matrix or frame of shape (n_samples, n_features)
            Rows, at least four different ones, most of them normal; also of shape
            ``(n_samples, *sample_shape)`` if the reducer has a ``sample_shape``. A frame of pandas
            or polars may hold text, categories, dates and missing values.
        y : object, ignored
            Accepted so that pipelines can pass it.

        Returns
        -------
        self : object
            The fitted detector.

        Raises
        ------
        TypeError
            If the reducer cannot reconstruct, or has no log-likelihood where ``scoring`` needs it.
        ValueError
            If X holds infinite values, or missing ones where it is no frame (but for NaN that is
            padding), or too few different rows, or if it is masked or of another shape; if
            ``scoring`` or the reducer is about numbers alone and X is not.
        """
        rng, plan, X = check_random_state(self.random_state), self._plan(), in_memory(X)
        reader = reader_to_fit(self.reducer, X, plan, rng)
        X = reader.given(X)
        given = rows = reader.to_learn_from(X, self, plan.n_folds)
        is_usual = reader.usual(rows)
        with telling_once_of_pca():
            panel = reader.panel(rows[is_usual], plan, rng)
            if self.trim:
                scores = panel.scores(reader.judged(rows))
                kept = scores <= np.quantile(scores, 1 - self.trim)
                rows, is_usual = rows[kept], is_usual[kept]
                panel = reader.panel(rows[is_usual], plan, rng)
        # A share is one of all rows, also of those that are trimmed.
        scores = panel.scores(reader.judged(rows if self.contamination == "auto" else given))
        offset = -float(reader.threshold(scores, self.contamination, panel, plan))
        # This comes last, so that a fit that raises leaves the detector as it was.
        validate_data(self, X, skip_check_array=True)
        self._panel, self.reducers_, self.offset_ = panel, panel.reducers, offset
        return self

    def predict(self, X: ArrayLike) -> Integers:
        """Say whether each row is normal.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Rows in the units of those in ``fit``.

        Returns
        -------
        is_inlier : ndarray of int of shape (n_samples,)
            1 for normal rows, -1 for outliers.
        """
        return np.where(self.decision_function(X) >= 0, 1, -1)

    def decision_function(self, X: ArrayLike) -> Array:
        """Return how far each row is on the normal side of the threshold.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Rows in the units of those in ``fit``.

        Returns
        -------
        decision : ndarray of shape (n_samples,), float64
            Negative for outliers.
        """
        decision: Array = self.score_samples(X) - self.offset_
        return decision

    def score_samples(self, X: ArrayLike) -> Array:
        """Return how normal each row is; higher is more normal.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Rows in the units of those in ``fit``.

        Returns
        -------
        scores : ndarray of shape (n_samples,), float64
            The negative of the anomaly score that ``scoring`` names.
        """
        rows = self._check_rows(X)
        scores: Array = -self._panel.scores(rows)
        return scores

    def feature_contributions(self, X: ArrayLike) -> Any:
        """Split the anomaly score of each row over the columns.

        Needs pandas, but for frames of polars. Of new rows it is the median over the reducers,
        brought to the score; in a table, columns to blame have what they explain. One may lower a
        ``"mahalanobis"`` score, if its residual is what the others suggest. For ``"likelihood"``
        the columns of the mean training row are replaced by those of the row, one after another
        from the first and from the last; a column adds the mean change of the score [4]_ and a
        share of what that row scores. In a table it adds how much more surprising it is than in the
        mean of training rows, given the code, and an even share of the rest, also where it is
        ordinary: reasons are those of :meth:`explain`.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Rows in the units of those in ``fit``.

        Returns
        -------
        contributions : DataFrame of shape (n_samples, n_features)
            Rows sum to ``-score_samples(X)``; columns of a table that were left out add 0. Of
            polars if X is, else of pandas, with the index of X; labelled as in ``fit``, or x0, ...

        References
        ----------
        .. [4] Strumbelj, E. & Kononenko, I. (2014). Explaining prediction models and individual
           predictions with feature contributions. Knowledge and Information Systems 41, 647-665.

        Examples
        --------
        >>> from sklearn.datasets import load_wine
        >>> from sklearn.decomposition import PCA
        >>> from sklearn.preprocessing import StandardScaler
        >>> from skae import ReconstructionOutlierDetector
        >>> wine = load_wine(as_frame=True).data
        >>> X = StandardScaler().set_output(transform="pandas").fit_transform(wine)
        >>> detector = ReconstructionOutlierDetector(PCA(4), scoring="top_features", random_state=0)
        >>> contributions = detector.fit(X).feature_contributions(X)
        >>> worst = detector.score_samples(X).argmin()
        >>> contributions.loc[worst].idxmax()
        'flavanoids'
        """
        rows = self._check_rows(X)
        contributions = self._panel.contributions(rows)
        return reader_of(self.reducers_[0]).in_frame(contributions, X, self)

    def explain(self, X: ArrayLike, n_reasons: int = 3) -> list[list[str]]:
        """Say which columns make a row odd, and what was expected of them.

        Parameters
        ----------
        X : array-like, sparse matrix or frame of shape (n_samples, n_features)
            Rows in the units of those in ``fit``.
        n_reasons : int, default=3
            How many columns are named at most.

        Returns
        -------
        reasons : list of lists of str
            For each row the columns that add most to its anomaly score, the worst first, such as
            ``"Job = fixed, expected freelance: 3.1 nats"``: the value, what was expected, and what
            the column adds, as ``feature_contributions`` has it; in a table the evidence that the
            value is wrong (see Notes of the class), also for ``scoring="likelihood"``. Columns that
            add next to nothing are not named: in most normal rows none. Lists are in the order of
            the rows: ``pd.Series(reasons, X.index)`` labels them. What is expected of a number is
            its reconstruction. In a table it is what the other columns suggest, with the usual
            distance from it: ``"Age = 93, expected 31 (+/- 8): 5.2 nats"``.

        Raises
        ------
        ValueError
            If ``n_reasons`` is not an integer of 1 or more.

        Examples
        --------
        >>> from sklearn.datasets import load_wine
        >>> from sklearn.decomposition import PCA
        >>> from skae import ReconstructionOutlierDetector
        >>> X = load_wine(as_frame=True).data[["alcohol", "ash", "hue"]]
        >>> detector = ReconstructionOutlierDetector(PCA(2), random_state=0).fit(X)
        >>> detector.explain(X.head(1).assign(hue=4.0), n_reasons=1)
        [['hue = 4, expected 1.086: ...']]
        """
        check_integer("n_reasons", n_reasons)
        rows, reader = self._check_rows(X), reader_of(self.reducers_[0])
        return list(reader.reasons(self._panel, rows, n_reasons, self))

    def _check_rows(self, X: ArrayLike) -> Any:
        check_is_fitted(self)
        return reader_of(self.reducers_[0]).to_score(X, self)

    def _plan(self) -> Plan:
        n_folds = round(1 / self.calibration_fraction)
        return Plan(self.scoring, self.top_fraction, n_folds, self.trim, self.n_jobs)

    def _check_stored(self) -> None:
        if not hasattr(self, "offset_"):
            return
        demand_number("offset_", self.offset_)
        demand(isinstance(vars(self).get("_panel"), Panel), "a detector without its judges")
        self._panel.check_stored(self.reducers_)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = allows_nan(self.reducer)
        return tags
