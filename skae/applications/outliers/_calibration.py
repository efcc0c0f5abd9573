"""Judges made comparable: reducers of different folds may leave more or less of the same rows."""

import numpy as np
from scipy.stats import chi2

from skae.numerics import Array, Integers

# Medians of equal judges differ by chance: what 19 of 20 tables stay below is no difference.
_CHANCE = 0.95
# The spread of fewer scores is unknown.
_MIN_ROWS = 10
# The error of a median of normal draws is so many times that of their mean.
_MEDIAN_ERROR = 1.2533
_QUARTILE_OF_NORMAL = 0.6745


def quartile_distance(values: Array) -> float:
    """Return the upper quartile less the median.

    Where most values are equal, return the mean, which may be zero too.
    """
    median, upper = np.quantile(values, [0.5, 0.75])
    return float(upper - median if upper > median else np.mean(values))


def scales_of_judges(scores: Array, of_rows: Integers, n_folds: int) -> Array:
    """Return factors that give the scores of all folds one median, if they differ beyond chance.

    The factors are shrunk towards one by empirical Bayes, with a cautious estimate of how much true
    medians vary: those of a few rows each differ anyhow.

    Parameters
    ----------
    scores : ndarray of shape (n_samples,)
        Anomaly scores, not negative, each by the judge that has not seen the row.
    of_rows : ndarray of shape (n_samples,)
        Fold of each row.
    n_folds : int

    Returns
    -------
    scales : ndarray of shape (n_folds,)
    """
    parts = [scores[of_rows == fold] for fold in range(n_folds)]
    is_short = min(len(part) for part in parts) < _MIN_ROWS
    if n_folds < 2 or is_short or min(np.median(part) for part in parts) <= 0:
        return np.ones(n_folds)
    medians = np.log([np.median(part) for part in parts])
    spread = np.mean([_spread(part) for part in parts])
    errors = (_MEDIAN_ERROR * spread) ** 2 / np.array([len(part) for part in parts])
    by_chance = errors.mean() * chi2.ppf(_CHANCE, n_folds - 1) / (n_folds - 1)
    between = max(np.var(medians, ddof=1) - by_chance, 0.0)
    if between == 0:
        return np.ones(n_folds)
    factors: Array = np.exp(between / (between + errors) * (np.mean(medians) - medians))
    return factors


def _spread(scores: Array) -> float:
    """Return a robust standard deviation of logarithms."""
    lower, upper = np.quantile(scores, [0.25, 0.75])
    tiny = np.finfo(float).tiny
    return float(np.log(max(upper, tiny) / max(lower, tiny)) / (2 * _QUARTILE_OF_NORMAL))
