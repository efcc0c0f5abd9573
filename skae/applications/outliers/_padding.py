"""Judges of sequences of different lengths, by the timesteps that are there.

A reducer writes something at timesteps that are padding; nothing of it counts. Covariances are, for
each two columns, those of the rows that hold both, and a row is judged by the part of them that it
holds. Scores are brought to the number of columns, and but for squared errors, which have units, to
what is usual for rows of that length, which a reducer may find harder or easier than others: so
scores do not follow the length.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol, Self

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.stats import chi2

from skae.applications.outliers._judges import LikelihoodJudge, Panel
from skae.folds import HeldOutFolds
from skae.numerics import Array, Bools, Integers
from skae.reducers import (
    Reducer,
    find_padding,
    mean_row,
    n_present,
    reconstructed,
    without_padding,
)

# Weight of positions beside residuals, as for rows of one length.
_POSITION_WEIGHT = 0.25
# Covariances are shrunk as if there were so many more rows in which columns do not covary.
_PRIOR_ROWS = 10
# Smallest variance along any direction, relative to the mean of all.
_MIN_VARIANCE = 1e-3
# Rows are learnt from whose mean square is no more than so many medians of it.
_UNUSUAL = 10.0
# The upper quartile of so many rows of about the same length is that of this length: shares beyond
# a threshold are more alike by it than by the median.
_ROWS_A_LENGTH, _QUANTILE = 30, 0.75
# Least spread of a column, relative to that of a normal one.
_MIN_SPREAD = 0.01


class PresentMeasure(Protocol):
    """A measure that learns from rows of which values are not there."""

    def fit(self, residuals: Array) -> Self:
        """Learn what is usual."""

    def contributions(self, residuals: Array) -> Array:
        """Return what each residual adds to the anomaly score of its row."""


def padded_panel(
    reducers: Sequence[Reducer], X: Array, folds: HeldOutFolds, scoring: str, top_fraction: float
) -> Panel[Array]:
    """Reducers that each see all folds but one, and what is usual in those folds.

    Parameters
    ----------
    reducers : list of fitted estimators
        One a fold; they know of padding.
    X : ndarray of shape (n_samples, n_features)
    folds : HeldOutFolds
    scoring : str
    top_fraction : float
        For ``scoring="top_features"``.
    """
    masks = [folds.of_rows != fold for fold in range(folds.n_folds)]
    present = without_padding(X, find_padding(reducers[0], X))
    means = [mean_row(present[seen]) for seen in masks]
    if scoring == "likelihood":
        pairs = zip(reducers, means, strict=True)
        return Panel(folds, [PaddedLikelihoodJudge(fitted, mean) for fitted, mean in pairs])
    made = np.empty(X.shape)
    for fitted, seen in zip(reducers, masks, strict=True):
        made[~seen] = made_where_there(fitted, X[~seen])
    judges = []
    # A reducer's seen rows were reconstructed by other reducers, which have not seen them.
    for fitted, mean, seen in zip(reducers, means, masks, strict=True):
        measure = _new_measure(scoring, top_fraction).fit((X - made)[seen])
        beside = PresentDistance().fit((made - mean)[seen]) if scoring == "mahalanobis" else None
        judges.append(PaddedJudge(fitted, mean, measure, beside))
    own = [~seen for seen in masks]
    _learn_lengths([judge.residual_measure for judge in judges], [X - made] * len(judges), own)
    positions = [made - mean for mean in means]
    _learn_lengths([judge.position_measure for judge in judges], positions, own)
    return Panel(folds, judges)


def _learn_lengths(
    measures: Sequence["PresentMeasure | None"], values: Sequence[Array], own: Sequence[Bools]
) -> None:
    """Tell distances what is usual for each length, from rows that they have not learnt from.

    A covariance that is learnt from few rows, as that of the last timesteps, makes those rows too
    usual, and others too odd. Errors keep their units.
    """
    distances = [measure for measure in measures if isinstance(measure, PresentDistance)]
    if not distances:
        return
    scores = np.empty(len(values[0]))
    for distance, of_distance, rows in zip(distances, values, own, strict=True):
        scores[rows] = distance.contributions(of_distance[rows]).sum(axis=1)
    usual = _usual_by_length(scores, np.sum(~np.isnan(values[0]), axis=1))
    for distance in distances:
        distance.usual = usual


def _new_measure(scoring: str, top_fraction: float) -> PresentMeasure:
    if scoring == "top_features":
        return PresentTop(top_fraction)
    return PresentDistance() if scoring == "mahalanobis" else PresentError()


def made_where_there(reducer: Reducer, X: Array) -> Array:
    """Reconstruct rows, with NaN for padding."""
    return without_padding(reconstructed(reducer, X), find_padding(reducer, X))


class PaddedJudge:
    """A reducer, the measure of what it leaves, and that of how far it moves from the mean row."""

    def __init__(
        self,
        reducer: Reducer,
        mean: Array,
        residual_measure: PresentMeasure,
        position_measure: PresentMeasure | None,
    ) -> None:
        self.reducer, self.mean = reducer, mean
        self.residual_measure, self.position_measure = residual_measure, position_measure

    def contributions(self, X: Array) -> Array:
        """Return what each column adds to the anomaly score of its row; nothing for padding."""
        rows = made_where_there(self.reducer, X)
        contributions = self.residual_measure.contributions(X - rows)
        if self.position_measure is None:
            return contributions
        position = self.position_measure.contributions(rows - self.mean)
        return contributions + _POSITION_WEIGHT * position

    def scores(self, X: Array) -> Array:
        """Return the anomaly score of each row; higher is more abnormal."""
        scores: Array = self.contributions(X).sum(axis=1)
        return scores


class PaddedLikelihoodJudge(LikelihoodJudge):
    """A reducer with a log-likelihood, which is the larger the fewer timesteps there are."""

    def scores(self, X: Array) -> Array:
        """Return the negative log-likelihood of each row, brought to the number of columns."""
        scores: Array = -np.asarray(self.reducer.score_samples(X), dtype=np.float64)
        scores *= X.shape[1] / n_present(X, find_padding(self.reducer, X))
        return scores

    def contributions(self, X: Array) -> Array:
        """Return how the score changes as a column joins; padding is none of the columns."""
        is_padding = find_padding(self.reducer, X)
        assert is_padding is not None
        start, forwards = np.where(is_padding, X, self.reference), range(X.shape[1])
        changes = self._changes(start, X, forwards)
        changes = (changes + self._changes(start, X, reversed(forwards))) / 2
        shares = self.scores(start) / n_present(X, is_padding)
        contributions: Array = changes + np.where(is_padding, 0.0, shares[:, np.newaxis])
        return contributions


# Measures: NaN means that a value is not there


class PresentError:
    """Mean squared residual of what is there."""

    def fit(self, residuals: Array) -> Self:
        """Learn what is usual: nothing."""
        return self

    def contributions(self, residuals: Array) -> Array:
        """Return what each residual adds to the anomaly score of its row."""
        n_there = np.maximum(np.sum(~np.isnan(residuals), axis=1, keepdims=True), 1)
        return np.where(np.isnan(residuals), 0.0, residuals**2 / n_there)


class PresentDistance:
    """Squared Mahalanobis distance from zero of what is there."""

    n_top: int | None = None
    covariance: Array
    # Lengths, and what scores at each are multiples of.
    usual: tuple[Array, Array] | None = None

    def fit(self, residuals: Array) -> Self:
        """Learn the covariance."""
        self.covariance = pairwise_covariance(residuals)
        self._learn_columns(residuals)
        return self

    def _learn_columns(self, residuals: Array) -> None:
        """Learn more of each column."""

    def contributions(self, residuals: Array) -> Array:
        """Return what each residual adds to the anomaly score of its row; nothing for NaN."""
        n_columns = residuals.shape[1]
        n_there = np.maximum(np.sum(~np.isnan(residuals), axis=1), 1)
        usual = np.array([_usual_sum(n, self.n_top) for n in range(1, n_columns + 1)])
        factors = usual[-1] / usual[n_there - 1]
        if self.usual is not None:
            factors /= np.interp(n_there, *self.usual)
        contributions: Array = self._of_columns(residuals) * factors[:, np.newaxis]
        return contributions

    def _of_columns(self, residuals: Array) -> Array:
        shares = np.zeros(residuals.shape)
        for rows, there in _patterns(residuals):
            values = residuals[np.ix_(rows, there)]
            factor = cho_factor(self.covariance[np.ix_(there, there)])
            shares[np.ix_(rows, there)] = values * cho_solve(factor, values.T).T
        return shares


class PresentTop(PresentDistance):
    """Mean of the largest squares of what the other residuals that are there do not predict."""

    n_top: int
    spreads: Array

    def __init__(self, fraction: float) -> None:
        self.fraction = fraction

    def _learn_columns(self, residuals: Array) -> None:
        self.n_top = int(np.ceil(self.fraction * residuals.shape[1]))
        usual = residuals[_is_usual(residuals)]
        squares = np.ma.masked_array(self._unexpected(usual), np.isnan(usual))
        # Fourth roots of the mean fourth power, over that of a standard normal.
        self.spreads = np.sqrt((squares**2).mean(axis=0) / 3).filled(1.0) + _MIN_SPREAD

    def _unexpected(self, residuals: Array) -> Array:
        """Return squares of residuals given those beside them, relative to their variance."""
        squares = np.zeros(residuals.shape)
        for rows, there in _patterns(residuals):
            precision = np.linalg.inv(self.covariance[np.ix_(there, there)])
            unexpected = residuals[np.ix_(rows, there)] @ precision
            squares[np.ix_(rows, there)] = unexpected**2 / np.diag(precision)
        return squares

    def _of_columns(self, residuals: Array) -> Array:
        squares = self._unexpected(residuals) / self.spreads
        rest = np.argpartition(squares, -self.n_top, axis=1)[:, : -self.n_top]
        np.put_along_axis(squares, rest, 0.0, axis=1)
        return squares / self.n_top


def pairwise_covariance(residuals: Array) -> Array:
    """Return second moments around zero, of each two columns by the rows that hold both."""
    usual = residuals[_is_usual(residuals)]
    there = (~np.isnan(usual)).astype(np.float64)
    values = np.nan_to_num(usual)
    counts, sums = there.T @ there, values.T @ values
    variances = np.diag(sums) / np.maximum(np.diag(counts), 1.0)
    mean = variances.sum() / max(np.count_nonzero(np.diag(counts)), 1) or 1.0
    covariance = sums / (counts + _PRIOR_ROWS)
    # A column that no row holds gets the mean variance of the others.
    np.fill_diagonal(covariance, np.where(np.diag(counts) > 0, variances, mean))
    lengths, directions = np.linalg.eigh(covariance)
    positive: Array = (directions * np.maximum(lengths, _MIN_VARIANCE * mean)) @ directions.T
    return positive


def _is_usual(residuals: Array) -> Bools:
    """Return a mask of the rows to learn from: those that are not far beyond the others."""
    squares = np.ma.masked_invalid(residuals) ** 2
    # Squares are in units of their column, as columns that only long rows hold may be larger.
    units = np.ma.median(squares, axis=0).filled(1.0)
    relative = (squares / np.where(units > 0, units, 1.0)).mean(axis=1).filled(0.0)
    is_usual: Bools = relative <= _UNUSUAL * np.median(relative)
    return is_usual


def _patterns(residuals: Array) -> Iterator[tuple[Integers, Bools]]:
    """Yield groups of rows that hold the same values, each with a mask of those."""
    patterns, of_rows = np.unique(~np.isnan(residuals), axis=0, return_inverse=True)
    order = np.argsort(of_rows, kind="stable")
    ends = np.cumsum(np.bincount(of_rows, minlength=len(patterns)))
    return zip(np.split(order, ends[:-1]), patterns, strict=True)


def _usual_by_length(scores: Array, n_there: Integers) -> tuple[Array, Array] | None:
    """Return lengths, and the upper quartile at each relative to that of all rows; or None."""
    order = np.argsort(n_there, kind="stable")
    _, counts = np.unique(n_there, return_counts=True)
    # Each length by itself where it has the rows, or with those that follow.
    groups, start = [], 0
    for end in np.cumsum(counts):
        if end - start >= _ROWS_A_LENGTH:
            groups.append(order[start:end])
            start = end
    if len(groups) < 2:
        return None
    groups[-1] = np.concatenate([groups[-1], order[start:]])
    of_groups = np.array([np.quantile(scores[group], _QUANTILE) for group in groups])
    overall = np.quantile(scores, _QUANTILE)
    if overall <= 0 or of_groups.min() <= 0:
        return None
    return np.array([n_there[group].mean() for group in groups]), of_groups / overall


def _usual_sum(n_values: int, n_top: int | None) -> float:
    """Return the mean sum of the largest of so many squares of standard normal values."""
    if n_top is None:
        return float(n_values)
    # Blom's approximation of the mean of order statistics.
    places = np.arange(n_values, 0, -1)[:n_top]
    return float(chi2.ppf((places - 0.375) / (n_values + 0.25), 1).sum())
