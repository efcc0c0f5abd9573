"""Residuals of sequences of different lengths, for measures that want all of them equally long.

What is not there is filled in by what is usual: to learn from, draws from the distribution of the
missing residuals given those beside them; to judge, their expectation, under which a squared
Mahalanobis distance is exactly that of the residuals that are there, and its shares are zero
elsewhere. Scores are then brought to the number of columns, and Mahalanobis distances to what is
usual for rows of that length, which the reducer may find harder or easier than others: scores do
not follow the length.
"""

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.stats import chi2

# A covariance of two columns counts as if so many rows beside those that hold both had none.
_PRIOR_ROWS = 10
# Smallest variance along any direction, relative to the mean of all.
_MIN_VARIANCE = 1e-3
# Rows that count, in medians of the mean square of a row.
_UNUSUAL = 10.0
# Rows of about the same length whose median is what is usual for it.
_ROWS_A_LENGTH = 50


class WithPadding:
    """A measure of residuals that judges rows by the values that are there.

    Parameters
    ----------
    measure : object with ``fit`` and ``contributions``
        For rows of which all values are there. Where it has a ``precision``, that says what is
        expected of those that are not; otherwise they are expected to be zero.
    seed : int
        Of the draws.
    n_top : int, optional
        How many of the largest contributions count; None means all of them.
    """

    def __init__(self, measure, seed, n_top=None):
        self.measure, self.seed, self.n_top = measure, seed, n_top

    def fit(self, residuals, deviation):
        """Learn what is usual; NaN means that a value is not there."""
        self.measure.fit(drawn(residuals, self.seed), deviation)
        # Squared errors have units, in which their means are to stay.
        self.usual = None
        if hasattr(self.measure, "precision"):
            scores = self.contributions(residuals).sum(axis=1)
            self.usual = _usual_by_length(scores, np.sum(~np.isnan(residuals), axis=1))
        return self

    def contributions(self, residuals):
        """What each residual adds to the anomaly score of its row; nothing where it is NaN."""
        is_padding = np.isnan(residuals)
        precision = getattr(self.measure, "precision", None)
        contributions = self.measure.contributions(expected(residuals, precision))
        n_columns = residuals.shape[1]
        n_there = np.maximum(n_columns - is_padding.sum(axis=1), 1)
        usual = np.array([_usual_sum(n, self.n_top) for n in range(1, n_columns + 1)])
        factors = usual[-1] / usual[n_there - 1]
        if self.usual is not None:
            factors /= np.interp(n_there, *self.usual)
        return np.where(is_padding, 0.0, contributions) * factors[:, np.newaxis]


def _usual_by_length(scores, n_there):
    """Lengths, and the median score of rows of about each relative to that of all; or None."""
    order = np.argsort(n_there, kind="stable")
    n_groups = len(order) // _ROWS_A_LENGTH
    if n_groups < 2:
        return None
    groups = np.array_split(order, n_groups)
    lengths = np.array([n_there[group].mean() for group in groups])
    medians = np.array([np.median(scores[group]) for group in groups])
    # Rows of one length may fill several groups.
    lengths, of_groups = np.unique(lengths, return_inverse=True)
    medians = np.bincount(of_groups, medians) / np.bincount(of_groups)
    overall = np.median(scores)
    return (lengths, medians / overall) if overall > 0 and medians.min() > 0 else None


def _usual_sum(n_values, n_top):
    """What the largest of so many squares of standard normal values sum to, on average."""
    if n_top is None:
        return float(n_values)
    # Blom's approximation of the mean of order statistics.
    places = np.arange(n_values, 0, -1)[:n_top]
    return chi2.ppf((places - 0.375) / (n_values + 0.25), 1).sum()


def drawn(residuals, seed):
    """Residuals with draws in place of NaN, from a normal distribution given the others."""
    if not np.isnan(residuals).any():
        return residuals
    covariance = pairwise_covariance(residuals)
    normal = np.random.default_rng(seed).standard_normal(residuals.shape)
    filled = normal @ np.linalg.cholesky(covariance).T
    for rows, there in _patterns(residuals):
        # Matheron's rule: a draw from all, moved by what the known ones tell.
        moved = residuals[np.ix_(rows, there)] - filled[np.ix_(rows, there)]
        factor = cho_factor(covariance[np.ix_(there, there)])
        filled[rows] += cho_solve(factor, moved.T).T @ covariance[there]
        filled[np.ix_(rows, there)] = residuals[np.ix_(rows, there)]
    return filled


def expected(residuals, precision):
    """Residuals with what the others let expect in place of NaN; zero without a precision."""
    filled = np.where(np.isnan(residuals), 0.0, residuals)
    if precision is None:
        return filled
    for rows, there in _patterns(residuals):
        if there.all():
            continue
        factor = cho_factor(precision[np.ix_(~there, ~there)])
        known = filled[np.ix_(rows, there)] @ precision[np.ix_(there, ~there)]
        filled[np.ix_(rows, ~there)] = -cho_solve(factor, known.T).T
    return filled


def pairwise_covariance(residuals):
    """Second moments around zero, of each two columns by the rows that hold both."""
    there = ~np.isnan(residuals)
    values = np.where(there, residuals, 0.0)
    usual = _is_usual(values, there)
    there, values = there[usual].astype(np.float64), values[usual]
    counts, sums = there.T @ there, values.T @ values
    variances = np.diag(sums) / np.maximum(np.diag(counts), 1.0)
    mean = variances.sum() / max(np.count_nonzero(np.diag(counts)), 1) or 1.0
    covariance = sums / (counts + _PRIOR_ROWS)
    # Of columns that no row holds nothing is known but what is usual for others.
    np.fill_diagonal(covariance, np.where(np.diag(counts) > 0, variances, mean))
    lengths, directions = np.linalg.eigh(covariance)
    return (directions * np.maximum(lengths, _MIN_VARIANCE * mean)) @ directions.T


def _is_usual(values, there):
    # Each in units of its column: those that only long rows hold may well be larger.
    squares = np.ma.masked_array(values**2, ~there)
    units = np.ma.median(squares, axis=0).filled(1.0)
    relative = (squares / np.where(units > 0, units, 1.0)).mean(axis=1).filled(0.0)
    return relative <= _UNUSUAL * np.median(relative)


def _patterns(residuals):
    """Rows that miss the same values, and which those hold."""
    patterns, of_rows = np.unique(~np.isnan(residuals), axis=0, return_inverse=True)
    order = np.argsort(of_rows, kind="stable")
    ends = np.cumsum(np.bincount(of_rows, minlength=len(patterns)))
    return zip(np.split(order, ends[:-1]), patterns, strict=True)
