"""Fitted reducers that judge rows: an anomaly score for each, and a share of it for every column.

A judge is one reducer and what it has learnt from rows it has not seen. A panel is a judge for
every fold, of which the one that has not seen a row decides.
"""

import numpy as np
from sklearn.base import clone

from skae.applications._outlier_axes import TrustedResiduals
from skae.applications._outlier_calibration import quartile_distance, scales_of_judges
from skae.applications._outlier_covariance import HeldOutCovariance
from skae.applications._outlier_folds import NEW
from skae.applications._outlier_measures import (
    Mahalanobis,
    NeighbourDistance,
    SquaredError,
    TopFeatures,
)
from skae.applications._outlier_sizes import of_one_size
from skae.applications._reducers import fit_reducer, reconstructed

# Quartile distance of the positions' part of the scores, relative to that of the residuals' part.
# Chosen on the tables of `python -m benchmarks.applications --outliers`.
_POSITION_WEIGHT = 0.25


class ResidualJudge:
    """A reducer, the measure of what it leaves, and that of where its reconstructions lie.

    A reducer may reconstruct rows well that lie where no others do: the second measure, where
    there is one, sees those. Scores are multiplied by ``scale``.
    """

    def __init__(self, reducer, residual_measure, position_measure=None, trusted=None):
        self.reducer, self.trusted = reducer, trusted
        self.residual_measure, self.position_measure = residual_measure, position_measure
        self.position_weight, self.scale = 0.0, 1.0

    def contributions(self, X):
        """What each column adds to the anomaly score of its row."""
        rows = reconstructed(self.reducer, X)
        residuals = X - rows if self.trusted is None else self.trusted(X, rows)
        contributions = self.residual_measure.contributions(residuals)
        if self.position_measure is not None:
            positions = self.position_measure.contributions(rows)
            contributions = contributions + self.position_weight * positions
        return self.scale * contributions

    def scores(self, X):
        """Anomaly score of each row; higher is more abnormal."""
        return self.contributions(X).sum(axis=1)


class LikelihoodJudge:
    """A reducer with a log-likelihood, and a row to compare others with."""

    def __init__(self, reducer, reference):
        self.reducer, self.reference = reducer, reference

    def scores(self, X):
        """Negative log-likelihood of each row."""
        return -np.asarray(self.reducer.score_samples(X), dtype=np.float64)

    def contributions(self, X):
        """How the score changes as a column joins, after those before it or those behind it.

        What the reference itself scores is shared evenly.
        """
        forwards = range(X.shape[1])
        changes = (self._changes(X, forwards) + self._changes(X, reversed(forwards))) / 2
        return changes + self.scores(self.reference[np.newaxis]) / X.shape[1]

    def _changes(self, X, order):
        rows = np.tile(self.reference, (len(X), 1))
        changes, before = np.empty(X.shape), self.scores(rows)
        for column in order:
            rows[:, column] = X[:, column]
            after = self.scores(rows)
            changes[:, column] = after - before
            before = after
        return changes


class Panel:
    """A judge for every fold of the rows of a fit."""

    def __init__(self, folds, judges):
        self.folds, self.judges = folds, judges

    @property
    def reducers(self):
        """The fitted reducers."""
        return [judge.reducer for judge in self.judges]

    def scores(self, X):
        """Anomaly score of each row; higher is more abnormal."""
        return self._judged(X, np.zeros(len(X)), lambda judge: judge.scores)

    def contributions(self, X):
        """What each column adds to the anomaly score of its row."""
        return self._judged(X, np.zeros(X.shape), lambda judge: judge.contributions)

    def _judged(self, X, total, opinion):
        """By the judge that has not seen the row, or for new rows by the mean of all."""
        held_out_in = self.folds.find(X)
        for fold, judge in enumerate(self.judges):
            for mask, weight in (
                (held_out_in == fold, 1.0),
                (held_out_in == NEW, 1.0 / len(self.judges)),
            ):
                if mask.any():
                    total[mask] += weight * opinion(judge)(X[mask])
        return total


def fit_error_panel(reducer, X, folds):
    """Reducers that each see all folds but one; scores have the squared units of the rows."""
    reducers = fit_reducers(reducer, X, folds)
    return Panel(folds, [ResidualJudge(fitted, SquaredError()) for fitted in reducers])


def fit_top_features_panel(reducer, X, folds, fraction):
    """Reducers that each see all folds but one, and what residuals are usual in those folds."""
    reducers = fit_reducers(reducer, X, folds)
    residuals = X - _held_out(reducers, X, folds)
    centre = X.mean(axis=0, dtype=np.float64)
    covariance = HeldOutCovariance(residuals, folds.of_rows, X - centre, _deviation(X))
    judges = [
        ResidualJudge(fitted, TopFeatures(covariance, fold, fraction))
        for fold, fitted in enumerate(reducers)
    ]
    scores = _own(judges, residuals, folds, lambda judge: judge.residual_measure)
    return Panel(folds, _calibrated(judges, scores, folds))


def fit_mahalanobis_panel(reducer, X, folds):
    """Reducers that each see all folds but one, and what is usual in those folds."""
    reducers = fit_reducers(reducer, X, folds)
    rows, centre = _held_out(reducers, X, folds), X.mean(axis=0, dtype=np.float64)
    trusted = [
        TrustedResiduals(X[seen], rows[seen], centre)
        for seen in (folds.of_rows != fold for fold in range(folds.n_folds))
    ]
    residuals = np.empty(X.shape)
    for fold, of in enumerate(trusted):
        own = folds.of_rows == fold
        residuals[own] = of(X[own], rows[own])
    covariance = HeldOutCovariance(residuals, folds.of_rows, X - centre, _deviation(X))
    positions = rows - centre
    judges = [
        ResidualJudge(
            fitted,
            Mahalanobis(covariance, fold),
            NeighbourDistance(positions, centre, covariance.others(fold)),
            trusted[fold],
        )
        for fold, fitted in enumerate(reducers)
    ]
    distances = _own(judges, residuals, folds, lambda judge: judge.residual_measure)
    beside = _own(judges, rows, folds, lambda judge: judge.position_measure)
    weight = _position_weight(distances, beside)
    for judge in judges:
        judge.position_weight = weight
    return Panel(folds, _calibrated(judges, distances + weight * beside, folds))


def fit_likelihood_panel(reducer, X, folds):
    """Reducers that each see all folds but one, and the mean row of those folds."""
    reducers = fit_reducers(reducer, X, folds)
    means = [X[folds.of_rows != fold].mean(axis=0) for fold in range(folds.n_folds)]
    return Panel(folds, [LikelihoodJudge(*pair) for pair in zip(reducers, means, strict=True)])


def fit_reducers(reducer, X, folds):
    """For every fold a reducer that has not seen its rows, all of the size of the first."""
    first, *others = (X[folds.of_rows != fold] for fold in range(folds.n_folds))
    fitted = fit_reducer(clone(reducer), first)
    sized = of_one_size(reducer, fitted)
    return [fitted, *(fit_reducer(clone(sized), rows) for rows in others)]


def _held_out(reducers, X, folds):
    """Each row as the reducer makes it that has not seen it."""
    rows = np.empty(X.shape)
    for fold, fitted in enumerate(reducers):
        rows[folds.of_rows == fold] = reconstructed(fitted, X[folds.of_rows == fold])
    return rows


def _own(judges, values, folds, measure):
    """What the measure of every judge says of its own fold."""
    scores = np.empty(len(values))
    for fold, judge in enumerate(judges):
        own = folds.of_rows == fold
        scores[own] = measure(judge).contributions(values[own]).sum(axis=1)
    return scores


def _position_weight(distances, beside):
    usual = quartile_distance(beside)
    return _POSITION_WEIGHT * quartile_distance(distances) / usual if usual > 0 else 0.0


def _calibrated(judges, scores, folds):
    """The judges, on one scale."""
    for judge, scale in zip(
        judges, scales_of_judges(scores, folds.of_rows, folds.n_folds), strict=True
    ):
        judge.scale = float(scale)
    return judges


def _deviation(X):
    """Standard deviation of rows, over all columns."""
    return float(np.sqrt(np.mean(np.var(X, axis=0, dtype=np.float64))))


def check_likelihood(reducer):
    """Raise TypeError unless ``score_samples`` is a log-likelihood."""
    last = reducer
    while hasattr(last, "steps"):
        last = last.steps[-1][1]
    # Autoencoders without one score rows by their reconstruction error.
    is_error = hasattr(last, "reconstruct") and not hasattr(last, "log_likelihood")
    if is_error or not hasattr(last, "score_samples"):
        raise TypeError(
            "scoring='likelihood' needs a reducer whose score_samples is a log-likelihood, and "
            f"that of {type(last).__name__} is {'an error' if is_error else 'missing'}; use PCA or "
            "VariationalAutoencoder, or another scoring, such as 'mahalanobis'."
        )
