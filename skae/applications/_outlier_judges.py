"""Fitted reducers that judge rows: an anomaly score for each, and a share of it for every column.

A judge is one reducer and what it has learnt from rows it has not seen. A panel is a judge for
every fold, of which the one that has not seen a row decides.
"""

import numpy as np
from sklearn.base import clone

from skae.applications._outlier_folds import NEW
from skae.applications._reducers import fit_reducer, reconstructed

# Chosen on the tables of `python -m benchmarks.applications --outliers`: 1 is best for tables of
# few columns, 0 for images of one digit.
_POSITION_WEIGHT = 0.25


class ResidualJudge:
    """A reducer, the measure of what it leaves, and that of how far it moves from the mean row.

    A reducer may reconstruct rows well that lie far beyond all others: the second measure, where
    there is one, sees those.
    """

    def __init__(self, reducer, mean, residual_measure, position_measure):
        self.reducer, self.mean = reducer, mean
        self.residual_measure, self.position_measure = residual_measure, position_measure

    def contributions(self, X):
        """What each column adds to the anomaly score of its row."""
        rows = reconstructed(self.reducer, X)
        contributions = self.residual_measure.contributions(X - rows)
        if self.position_measure is None:
            return contributions
        position = self.position_measure.contributions(rows - self.mean)
        return contributions + _POSITION_WEIGHT * position

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


def fit_residual_panel(reducer, new_residual_measure, new_position_measure, X, folds):
    """Reducers that each see all folds but one, and what is usual in those folds."""
    masks, reducers = _fit_reducers(reducer, X, folds)
    means = [X[seen].mean(axis=0, dtype=np.float64) for seen in masks]
    residuals, positions = np.empty(X.shape), np.empty(X.shape)
    for fitted, seen, mean in zip(reducers, masks, means, strict=True):
        rows = reconstructed(fitted, X[~seen])
        residuals[~seen], positions[~seen] = X[~seen] - rows, rows - mean
    deviation = float(np.sqrt(np.mean(np.var(X, axis=0, dtype=np.float64))))

    # What is known of seen rows comes from other reducers, that have not seen them.
    def learn(new_measure, values, seen):
        return None if new_measure is None else new_measure().fit(values[seen], deviation)

    judges = [
        ResidualJudge(
            fitted,
            mean,
            learn(new_residual_measure, residuals, seen),
            learn(new_position_measure, positions, seen),
        )
        for fitted, mean, seen in zip(reducers, means, masks, strict=True)
    ]
    return Panel(folds, judges)


def fit_likelihood_panel(reducer, X, folds):
    """Reducers that each see all folds but one, and the mean row of those folds."""
    masks, reducers = _fit_reducers(reducer, X, folds)
    means = [X[seen].mean(axis=0) for seen in masks]
    return Panel(folds, [LikelihoodJudge(*pair) for pair in zip(reducers, means, strict=True)])


def _fit_reducers(reducer, X, folds):
    masks = [folds.of_rows != fold for fold in range(folds.n_folds)]
    return masks, [fit_reducer(clone(reducer), X[seen]) for seen in masks]


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
