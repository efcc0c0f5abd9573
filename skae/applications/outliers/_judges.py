"""Fitted reducers that judge rows: an anomaly score for each, and a share of it for every column.

A judge is one reducer and what it has learnt from rows it has not seen. A panel is a judge for
every fold, of which the one that has not seen a row decides.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from skae.applications.outliers._axes import TrustedResiduals
from skae.applications.outliers._calibration import quartile_distance, scales_of_judges
from skae.applications.outliers._covariance import HeldOutCovariance
from skae.applications.outliers._measures import (
    Mahalanobis,
    NeighbourDistance,
    SquaredError,
    TopFeatures,
    coarse_precision,
)
from skae.applications.outliers._rounding import BeyondRounding, rounding_limits
from skae.folds import NEW, HeldOutFolds
from skae.numerics import Array, Bools, Integers
from skae.reducers import Reducer, reconstructed
from skae.states import demand, demand_estimator

# Quartile distances of the parts of a score: two Mahalanobis distances of residuals, the second by
# a coarser covariance, and that of positions. The last is chosen on the tables of
# `python -m benchmarks.applications --outliers`.
_PART_WEIGHTS = (0.6, 0.4, 0.3)
_POSITIONS = 2
# Opinions of all judges of so many values are held at once.
_VALUES_AT_ONCE = 2**22
# Deviation, relative to that of the rows, that training in single precision cannot go below; and
# one that is below what rows hold along axes where they are not reconstructed.
_ROUNDING, _FINEST = 1e-5, 1e-7


class Seen(Protocol):
    """Makes residuals of rows and their reconstructions."""

    def residuals(self, X: Array, rows: Array, /) -> Array:
        """Return residuals, of the shape of the rows."""


class Measure(Protocol):
    """Says what each column of residuals or positions adds to the anomaly score of its row."""

    def contributions(self, residuals: Array, /) -> Array:
        """Return contributions, of the shape of the residuals."""


class Judge(Protocol):
    """Judges rows by a fitted reducer."""

    reducer: Any

    def contributions(self, X: Array) -> Array:
        """Return what each column adds to the anomaly score of its row."""

    def scores(self, X: Array) -> Array:
        """Return the anomaly score of each row; higher is more abnormal."""


class ResidualJudge:
    """A reducer whose residuals and reconstructions judge rows.

    A reducer may reconstruct rows well that lie where no others do: a measure of positions sees
    those. Scores are multiplied by ``scale``.

    Parameters
    ----------
    reducer : fitted estimator
    parts : list of Part
        Their sum is the score.
    """

    def __init__(self, reducer: Reducer, parts: list["Part"]) -> None:
        self.reducer, self.parts, self.scale = reducer, parts, 1.0

    def contributions(self, X: Array) -> Array:
        """Return what each column adds to the anomaly score of its row."""
        return self.scale * self.judged(X, reconstructed(self.reducer, X))

    def judged(self, X: Array, rows: Array) -> Array:
        """Return contributions before they are scaled, from X and its reconstructions."""
        weighted = (part.weight * part.contributions(X, rows) for part in self.parts)
        return sum(weighted, np.zeros(X.shape))

    def scores(self, X: Array) -> Array:
        """Return the anomaly score of each row; higher is more abnormal."""
        scores: Array = self.contributions(X).sum(axis=1)
        return scores


class Part:
    """A measure with a weight, of the residuals that ``seen`` makes of rows.

    Without ``seen`` it is one of positions, which are the reconstructions themselves. That is no
    function that would be stored: one that returns its argument makes of any estimator that calls
    functions a source of whatever a file holds.
    """

    def __init__(self, seen: Seen | None, measure: Measure) -> None:
        self.seen, self.measure, self.weight = seen, measure, 1.0

    def contributions(self, X: Array, rows: Array) -> Array:
        """Return what each column adds to the measure of its row."""
        seen = rows if self.seen is None else self.seen.residuals(X, rows)
        return self.measure.contributions(seen)


class LikelihoodJudge:
    """A reducer with a log-likelihood, and a row to compare others with."""

    def __init__(self, reducer: Any, reference: Array) -> None:
        self.reducer, self.reference = reducer, reference

    def scores(self, X: Array) -> Array:
        """Return the negative log-likelihood of each row."""
        return -np.asarray(self.reducer.score_samples(X), dtype=np.float64)

    def contributions(self, X: Array) -> Array:
        """Return how the score changes as a column joins those before it, or those behind it.

        The score of the reference itself is shared evenly.
        """
        start, forwards = np.tile(self.reference, (len(X), 1)), range(X.shape[1])
        changes = self._changes(start, X, forwards)
        changes = (changes + self._changes(start, X, reversed(forwards))) / 2
        contributions: Array = changes + self.scores(self.reference[np.newaxis]) / X.shape[1]
        return contributions

    def _changes(self, start: Array, X: Array, order: Iterable[int]) -> Array:
        rows, changes, before = start.copy(), np.empty(X.shape), self.scores(start)
        for column in order:
            rows[:, column] = X[:, column]
            after = self.scores(rows)
            changes[:, column] = after - before
            before = after
        return changes


class Rows(Protocol):
    """Rows of numbers in an array, or rows of a table."""

    def __len__(self) -> int:
        """Return how many."""

    def __getitem__(self, chosen: Any, /) -> Any:
        """Return some of them."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of rows and of columns."""


R = TypeVar("R", bound=Rows)


class Panel(Generic[R]):
    """A judge for every fold of the rows of a fit."""

    def __init__(self, folds: HeldOutFolds, judges: Sequence[Any]) -> None:
        self.folds, self.judges = folds, judges

    @property
    def reducers(self) -> list[Any]:
        """The fitted reducers."""
        return [judge.reducer for judge in self.judges]

    def scores(self, X: R) -> Array:
        """Return the anomaly score of each row; higher is more abnormal."""
        return self.judged(X, np.zeros(len(X)), lambda judge: judge.scores)

    def contributions(self, X: R) -> Array:
        """Return what each column adds to the anomaly score of its row."""
        return self.judged(X, np.zeros(X.shape), lambda judge: judge.contributions, _agreed)

    def held_out_in(self, X: Any) -> Integers:
        """Return the fold that each row was held out in; ``NEW`` for rows that no fold knows."""
        return self.folds.find(X)

    def judged(
        self,
        X: R,
        total: Array,
        opinion: Callable[[Any], Callable[[Any], Array]],
        agreement: Callable[[Iterable[Array]], Array] | None = None,
    ) -> Array:
        """Ask the judge that has not seen the row; of new rows all, for their mean or agreement."""
        held_out_in, agreement = self.held_out_in(X), agreement or _mean
        for fold, judge in enumerate(self.judges):
            own = held_out_in == fold
            if own.any():
                total[own] = opinion(judge)(X[own])
        new = np.flatnonzero(held_out_in == NEW)
        size = max(1, _VALUES_AT_ONCE // (len(self.judges) * int(np.prod(total.shape[1:]))))
        for start in range(0, len(new), size):
            rows = new[start : start + size]
            of_rows = X[rows]
            total[rows] = agreement(opinion(judge)(of_rows) for judge in self.judges)
        return total

    def check_stored(self, reducers: Any) -> None:
        """Refuse a panel that a file has not left whole, and what is no list of reducers."""
        demand(isinstance(self.judges, list) and self.judges, "a panel of no judges")
        demand(isinstance(reducers, list) and reducers, "a detector of no reducers")
        for reducer in [*reducers, *self.reducers]:
            demand_estimator("the reducer of a detector", reducer)


def _mean(of_judges: Iterable[Array]) -> Array:
    mean: Array = np.mean(list(of_judges), axis=0)
    return mean


def _agreed(of_judges: Iterable[Array]) -> Array:
    """Return medians over judges, brought to the sum that their means have in each row.

    What one reducer leaves of a column by accident is no sign of that column.
    """
    opinions = list(of_judges)
    means, medians = np.mean(opinions, axis=0), np.median(opinions, axis=0)
    sums, of_medians = means.sum(axis=1, keepdims=True), medians.sum(axis=1, keepdims=True)
    # Medians may be zero where means are not, and cancel where judges disagree.
    is_told = (sums > 0) & (of_medians > sums / 2)
    shares = np.divide(sums, of_medians, out=np.zeros_like(sums), where=is_told)
    agreed: Array = np.where(is_told, medians * shares, means)
    return agreed


def error_panel(
    reducers: Sequence[Reducer], X: Array, folds: HeldOutFolds, precision: float
) -> Panel[Array]:
    """Judge by errors; scores have the squared units of the rows."""
    rows = _held_out(reducers, X, folds)
    plain = _beyond_rounding([None] * folds.n_folds, X, rows, folds, precision)
    measure = SquaredError()
    judges = [
        ResidualJudge(fitted, [Part(seen, measure)])
        for fitted, seen in zip(reducers, plain, strict=True)
    ]
    return Panel(folds, judges)


def top_features_panel(
    reducers: Sequence[Reducer], X: Array, folds: HeldOutFolds, precision: float, fraction: float
) -> Panel[Array]:
    """Learn the usual residuals of the rows that each reducer has seen."""
    rows = _held_out(reducers, X, folds)
    plain = _beyond_rounding([None] * folds.n_folds, X, rows, folds, precision)
    residuals, rounding = _own_residuals(plain, X, rows, folds), _rounding(X)
    judges = [
        ResidualJudge(fitted, [Part(of, TopFeatures(residuals[seen], rounding, fraction))])
        for fitted, of, seen in zip(reducers, plain, _seen(folds), strict=True)
    ]
    return Panel(folds, _calibrated(judges, _own_scores(judges, X, rows, folds), folds))


def mahalanobis_panel(
    reducers: Sequence[Reducer], X: Array, folds: HeldOutFolds, precision: float
) -> Panel[Array]:
    """Learn what is usual in the rows that each reducer has seen."""
    rows, centre = _held_out(reducers, X, folds), X.mean(axis=0, dtype=np.float64)
    along_axes = [TrustedResiduals(X[seen], rows[seen], centre) for seen in _seen(folds)]
    trusted = _beyond_rounding(along_axes, X, rows, folds, precision)
    plain = _beyond_rounding([None] * folds.n_folds, X, rows, folds, precision)
    residuals, left = (_own_residuals(of_folds, X, rows, folds) for of_folds in (trusted, plain))
    covariance = HeldOutCovariance(residuals, folds.of_rows, X - centre, _rounding(X, _FINEST))
    judges = []
    for fold, fitted in enumerate(reducers):
        known = covariance.others(fold)
        parts = [
            Part(trusted[fold], Mahalanobis(covariance.precisions[fold])),
            Part(plain[fold], Mahalanobis(coarse_precision(left[known], _rounding(X)))),
            Part(None, NeighbourDistance(rows - centre, centre, known)),
        ]
        judges.append(ResidualJudge(fitted, parts))
    _weigh_parts(judges, _PART_WEIGHTS, X, rows, folds)
    return Panel(folds, _calibrated(judges, _own_scores(judges, X, rows, folds), folds))


def likelihood_panel(reducers: Sequence[Reducer], X: Array, folds: HeldOutFolds) -> Panel[Array]:
    """Take the mean row of those that each reducer has seen."""
    means = [X[folds.of_rows != fold].mean(axis=0) for fold in range(folds.n_folds)]
    return Panel(folds, [LikelihoodJudge(*pair) for pair in zip(reducers, means, strict=True)])


def _held_out(reducers: Sequence[Reducer], X: Array, folds: HeldOutFolds) -> Array:
    """Reconstruct each row by the reducer that has not seen it."""
    rows = np.empty(X.shape)
    for fold, fitted in enumerate(reducers):
        rows[folds.of_rows == fold] = reconstructed(fitted, X[folds.of_rows == fold])
    return rows


def _beyond_rounding(
    of_folds: Sequence[Seen | None], X: Array, rows: Array, folds: HeldOutFolds, precision: float
) -> list[BeyondRounding]:
    """Return what makes the residuals of every fold, without those that may be rounding."""
    limits = rounding_limits(X, precision)
    own = [folds.of_rows == fold for fold in range(folds.n_folds)]
    return [
        BeyondRounding(seen, X[mask], rows[mask], *limits)
        for seen, mask in zip(of_folds, own, strict=True)
    ]


def _own_residuals(of_folds: Iterable[Seen], X: Array, rows: Array, folds: HeldOutFolds) -> Array:
    """Return the residuals of each row by what makes those of its own fold."""
    residuals = np.empty(X.shape)
    for fold, of in enumerate(of_folds):
        own = folds.of_rows == fold
        residuals[own] = of.residuals(X[own], rows[own])
    return residuals


def _seen(folds: HeldOutFolds) -> list[Bools]:
    """Return a mask for every fold: the rows that its reducer has seen."""
    return [folds.of_rows != fold for fold in range(folds.n_folds)]


def _own_scores(
    judges: list[ResidualJudge],
    X: Array,
    rows: Array,
    folds: HeldOutFolds,
    of_part: int | None = None,
) -> Array:
    """Return the scores by every judge, or by one of its parts, of the rows of its own fold."""
    scores = np.empty(len(X))
    for fold, judge in enumerate(judges):
        own = folds.of_rows == fold
        said = judge.judged if of_part is None else judge.parts[of_part].contributions
        scores[own] = said(X[own], rows[own]).sum(axis=1)
    return scores


def _weigh_parts(
    judges: list[ResidualJudge],
    weights: Sequence[float],
    X: Array,
    rows: Array,
    folds: HeldOutFolds,
) -> None:
    """Weigh parts so that their quartile distances are ``weights``, in those of the first part."""
    scores = [_own_scores(judges, X, rows, folds, part) for part in range(len(weights))]
    spreads = [quartile_distance(of_part) for of_part in scores]
    for part, of_part in enumerate(scores):
        if part != _POSITIONS and np.quantile(of_part, 0.75) == 0:
            # The reducer is exact: residuals are counted in multiples of the largest rounding.
            spreads[part] = 1.0
            for judge in judges:
                seen = judge.parts[part].seen
                assert isinstance(seen, BeyondRounding)
                judge.parts[part].measure = Mahalanobis(seen.precision())
    for judge in judges:
        for weighed, weight, spread in zip(judge.parts, weights, spreads, strict=True):
            weighed.weight = float(weight * spreads[0] / spread) if spread > 0 else 0.0


def _calibrated(
    judges: list[ResidualJudge], scores: Array, folds: HeldOutFolds
) -> list[ResidualJudge]:
    """Bring the judges to one scale, and return them."""
    for judge, scale in zip(
        judges, scales_of_judges(scores, folds.of_rows, folds.n_folds), strict=True
    ):
        judge.scale = float(scale)
    return judges


def _rounding(X: Array, relative: float = _ROUNDING) -> float:
    """Return the variance of residuals that training in single precision cannot go below."""
    return float(relative**2 * np.mean(np.var(X, axis=0, dtype=np.float64)))


def check_likelihood(reducer: object) -> None:
    """Raise TypeError unless ``score_samples`` is a log-likelihood."""
    last = reducer
    while hasattr(last, "steps"):
        last = last.steps[-1][1]
    # Autoencoders without a likelihood score rows by their reconstruction error.
    is_error = hasattr(last, "reconstruct") and not hasattr(last, "log_likelihood")
    if is_error or not hasattr(last, "score_samples"):
        raise TypeError(
            "scoring='likelihood' needs a reducer whose score_samples is a log-likelihood, and "
            f"that of {type(last).__name__} is {'an error' if is_error else 'missing'}; use PCA or "
            "VariationalAutoencoder, or another scoring, such as 'mahalanobis'."
        )
