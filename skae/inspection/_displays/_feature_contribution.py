"""The features that make a row abnormal."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from skae.inspection._drawing._contributions import (
    draw_contribution_table,
    draw_contributions,
    fitting_size,
    top_features,
    with_other,
)
from skae.inspection._drawing._style import Names, axes_to_draw_in, short_name
from skae.messages import check_integer
from skae.numerics import Array, ArrayLike, Integers
from skae.reducers import (
    before_last_step,
    last_step,
    names_before_last_step,
    row_errors,
    select,
    squared_errors,
)
from skae.tables import refuse_mask

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class FeatureContributionDisplay:
    """Contributions of features to the anomaly score of some rows.

    It is recommended to use :meth:`from_estimator` or :meth:`from_predictions`. One row is drawn
    as bars, several as a table, with the features that matter most first and all others together
    as one, so that what is drawn sums to the score.

    Parameters
    ----------
    contributions : array-like of shape (n_rows, n_features)
        The contribution of each feature; each row sums to its score.

    feature_names : sequence of n_features str, default=None
        By default x0, x1 and so on.

    row_names : sequence of n_rows str, default=None
        By default the places of the rows.

    score_name : str, default="anomaly score"
        The name of their sum, with its unit.

    Attributes
    ----------
    features_ : ndarray of int
        The columns that were drawn, in this order; the others are drawn as one.

    bars_ : matplotlib BarContainer or None
        The bars of a single row, from the last one up.

    image_ : matplotlib AxesImage or None
        The shades of the table of several rows.

    ax_ : matplotlib Axes
        Where the contributions were drawn.

    figure_ : matplotlib Figure
        The figure they are in.

    See Also
    --------
    ReconstructionErrorDisplay : Which rows are abnormal.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.decomposition import PCA
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skae import ReconstructionOutlierDetector
    >>> from skae.inspection import FeatureContributionDisplay
    >>> wine = load_wine(as_frame=True).data
    >>> X = StandardScaler().set_output(transform="pandas").fit_transform(wine)
    >>> detector = ReconstructionOutlierDetector(PCA(4), scoring="error", random_state=0).fit(X)
    >>> display = FeatureContributionDisplay.from_estimator(detector, X, n_features=3)
    >>> [label.get_text() for label in display.ax_.get_yticklabels()]
    ['10 other features', 'ash', 'proanthocyanins', 'magnesium']
    """

    def __init__(
        self,
        contributions: ArrayLike,
        *,
        feature_names: Names | None = None,
        row_names: Sequence[object] | Array | None = None,
        score_name: str = "anomaly score",
    ) -> None:
        self.contributions = contributions
        self.feature_names = feature_names
        self.row_names = row_names
        self.score_name = score_name

    @classmethod
    def from_estimator(
        cls,
        detector: Any,
        X: ArrayLike,
        *,
        rows: int | Sequence[int] | Integers | None = None,
        n_features: int = 10,
        ax: "Axes | None" = None,
    ) -> Self:
        """Draw the features that make rows abnormal to a fitted outlier detector.

        Parameters
        ----------
        detector : ReconstructionOutlierDetector or Pipeline
            Fitted, with `feature_contributions`; or a Pipeline that ends in one, whose columns are
            those before its last step.

        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            The rows.

        rows : int or sequence of int, default=None
            Places of the rows to draw; by default that of the highest anomaly score.

        n_features : int, default=10
            See :meth:`plot`.

        ax : matplotlib Axes, default=None
            Where to draw; by default in a new figure.

        Returns
        -------
        display : FeatureContributionDisplay
            With the contributions drawn.

        Raises
        ------
        TypeError
            If the estimator has no `feature_contributions`.
        ValueError
            If there are no such rows, or as :meth:`plot` does.
        """
        last = last_step(detector)
        if not hasattr(last, "feature_contributions"):
            raise TypeError(
                f"{type(last).__name__} has no feature_contributions; pass a fitted "
                "ReconstructionOutlierDetector, or for a reducer use from_predictions(X, "
                "reducer.inverse_transform(reducer.transform(X)))."
            )
        places = _places(rows, X, lambda: -detector.score_samples(X))
        chosen = select(X, places)
        contributions = last.feature_contributions(before_last_step(detector, chosen))
        names = None if hasattr(last, "feature_names_in_") else names_before_last_step(detector)
        scoring = getattr(last, "scoring", None)
        display = cls(
            contributions.to_numpy(),
            feature_names=contributions.columns if names is None else names,
            row_names=_row_names(X, places),
            score_name="anomaly score" if scoring is None else f"anomaly score ({scoring})",
        )
        return display.plot(ax, n_features=n_features)

    @classmethod
    def from_predictions(
        cls,
        X: ArrayLike,
        X_reconstructed: ArrayLike,
        *,
        rows: int | Sequence[int] | Integers | None = None,
        n_features: int = 10,
        feature_names: Names | None = None,
        ax: "Axes | None" = None,
    ) -> Self:
        """Draw the squared error of each feature of reconstructed rows.

        They are divided by the number of features, so that they sum to the mean squared error of
        the row, as :func:`skae.metrics.reconstruction_error_samples` gives it. Missing values of X
        add nothing and do not count.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            The rows.

        X_reconstructed : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Their reconstruction, in the same units, by PCA, an autoencoder or anything else.

        rows : int or sequence of int, default=None
            Places of the rows to draw; by default that of the largest error.

        n_features : int, default=10
            See :meth:`plot`.

        feature_names : sequence of n_features str, default=None
            By default the columns of X if it is a frame, else x0, x1 and so on.

        ax : matplotlib Axes, default=None
            Where to draw; by default in a new figure.

        Returns
        -------
        display : FeatureContributionDisplay
            With the errors drawn.

        Raises
        ------
        ValueError
            If X and its reconstruction differ in shape, if there are no such rows, or as
            :meth:`plot` does.
        """
        squares = squared_errors(X, X_reconstructed)
        errors = row_errors(squares)
        places = _places(rows, X, lambda: errors)
        squares = squares[places]
        names = getattr(X, "columns", None) if feature_names is None else feature_names
        display = cls(
            squares.filled(0.0) / squares.count(axis=1)[:, np.newaxis],
            feature_names=names,
            row_names=_row_names(X, places),
            score_name="mean squared error (squared units of X)",
        )
        return display.plot(ax, n_features=n_features)

    def plot(self, ax: "Axes | None" = None, *, n_features: int = 10) -> Self:
        """Draw the contributions.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; by default in a new figure.

        n_features : int, default=10
            How many features are drawn by themselves: those of the largest contributions, up or
            down, of several rows those that matter most on average.

        Returns
        -------
        display : FeatureContributionDisplay
            This object, with the attributes that end in ``_``.

        Raises
        ------
        ValueError
            If `n_features` is not an integer of 1 or more, if contributions are missing or not one
            for every row and feature, or if there is not a name for each of these.
        """
        check_integer("n_features", n_features)
        contributions = _checked(self.contributions)
        features, rows = self._names(contributions.shape)
        self.features_ = top_features(contributions, n_features)
        values, columns = with_other(contributions, self.features_, features)
        is_table = len(rows) > 1
        self.ax_ = axes_to_draw_in(ax)
        figure: Any = self.ax_.figure
        if ax is None:
            figure.set_size_inches(fitting_size(columns, rows))
        draw = draw_contribution_table if is_table else draw_contributions
        drawn = draw(self.ax_, values, columns, rows, self.score_name, len(self.features_))
        self.image_ = drawn if is_table else None
        self.bars_ = None if is_table else drawn
        self.figure_ = self.ax_.figure
        return self

    def _names(self, shape: tuple[int, int]) -> tuple[list[str], list[str]]:
        """Return the names of features and rows, as they are shown."""
        n_rows, n_columns = shape
        features, rows = self.feature_names, self.row_names
        features = [f"x{i}" for i in range(n_columns)] if features is None else features
        rows = range(n_rows) if rows is None else rows
        _check_names("feature_names", features, n_columns, "features")
        _check_names("row_names", rows, n_rows, "rows")
        return [*map(short_name, features)], [f"row {short_name(name)}" for name in rows]


def _checked(contributions: ArrayLike) -> Array:
    refuse_mask(contributions, "contributions", "Pass {name}.filled(0) if they add nothing.")
    values = np.atleast_2d(np.asarray(contributions, dtype=float))
    if values.ndim != 2:
        raise ValueError(
            f"contributions has shape {values.shape}, but (n_rows, n_features) was "
            "expected; pass a flat row of numbers for each row of X."
        )
    n_missing = np.count_nonzero(~np.isfinite(values))
    if n_missing:
        raise ValueError(
            f"contributions holds {n_missing} missing or infinite values of {values.size}, "
            "which sum to no score; pass finite numbers, 0 for a feature that adds nothing."
        )
    return values


def _check_names(parameter: str, names: Any, n_expected: int, what: str) -> None:
    if len(names) != n_expected:
        raise ValueError(
            f"{parameter} holds {len(names)} names, but there are {n_expected} {what}; pass one "
            "for each, or None."
        )


def _places(
    rows: int | Sequence[int] | Integers | None, X: ArrayLike, scores: Callable[[], Array]
) -> Integers:
    """Return the places of the rows to draw, as an array."""
    n_rows = X.shape[0] if hasattr(X, "shape") else len(X)
    if rows is None:
        return np.array([np.argmax(scores())])
    places = np.atleast_1d(rows)
    is_place = places.dtype.kind in "iu" and places.ndim == 1 and places.size > 0
    if not is_place or places.min() < -n_rows or places.max() >= n_rows:
        raise ValueError(
            f"rows={rows!r} must be one or more places of rows of X, integers from 0 to "
            f"{n_rows - 1}."
        )
    return places % n_rows


def _row_names(X: ArrayLike, places: Integers) -> Any:
    return X.index[places] if hasattr(X, "iloc") else places
