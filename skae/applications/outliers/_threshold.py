"""Thresholds of the anomaly score, where nobody says how many outliers there are."""

from typing import Literal

import numpy as np

from skae.numerics import Array

# Quartile distances beyond the quartile: Tukey's fence where scores are symmetric.
_FENCE = 3.0
# A quantile that a tenth of outliers does not reach, and steps beyond it, of those from the upper
# quartile to it: 3 % of an exponential tail are beyond so many, 5 % of one that falls by a power.
_HIGH, _EXPONENTIAL, _POWER = 0.85, 3.0, 2.0
# The fence is farther by this number over that of the rows: quartiles of few rows are uncertain,
# and so are covariances learnt from few. Chosen on 30 to 400 normal rows of 3 to 10 columns.
_UNCERTAIN_ROWS = 20
# For few kinds of rows: the share of rows that are rare, and the ratio of scores that is a gap.
_MAX_SHARE = 0.05
_MIN_RATIO = 2.0


def threshold_of(
    scores: Array, contamination: float | Literal["auto"], has_few_kinds: bool
) -> float:
    """Return the anomaly score above which rows are outliers.

    Parameters
    ----------
    scores : ndarray of shape (n_samples,)
        Anomaly scores; higher is more abnormal.
    contamination : float or "auto"
        Share of rows above the threshold, or what the scores themselves say.
    has_few_kinds : bool
        Whether the widest gap says more than quartiles.
    """
    if contamination == "auto":
        return widest_gap(scores) if has_few_kinds else fence(scores)
    # Below this quantile a new score lies with just this probability.
    return -float(np.quantile(-scores, contamination, method="weibull"))


def fence(scores: Array) -> float:
    """Return three times its distance from the median beyond the upper quartile, or more.

    It is farther where scores have a long tail, by what lies between the quartile and a higher
    quantile: tails that fall exponentially or by a power are followed beyond that. And it is
    farther for few rows.

    Parameters
    ----------
    scores : ndarray of shape (n_samples,)
        Anomaly scores; higher is more abnormal.
    """
    median, upper, high = np.quantile(scores, [0.5, 0.75, _HIGH])
    farther = 1 + _UNCERTAIN_ROWS / len(scores)
    fences = [upper + _FENCE * farther * (upper - median)]
    fences.append(high + _EXPONENTIAL * farther * (high - upper))
    if upper > 0:
        fences.append(high * (high / upper) ** (_POWER * farther))
    return float(max(fences))


def widest_gap(scores: Array) -> float:
    """Return a threshold in the widest gap, by ratio, between the scores of few rows.

    For few kinds of rows, whose quartiles say nothing: they move from one kind to another with a
    single row. Without a score twice the one before it, nothing is an outlier.

    Parameters
    ----------
    scores : ndarray of shape (n_samples,)
        Anomaly scores, not negative; higher is more abnormal.
    """
    scores = np.sort(scores)
    upper = scores[int(np.ceil((1 - _MAX_SHARE) * len(scores))) - 1 :]
    # Any score above zero is infinitely many times one of zero.
    ratios = np.where(upper[1:] > 0, np.inf, 0.0)
    np.divide(upper[1:], upper[:-1], out=ratios, where=upper[:-1] > 0)
    if len(ratios) == 0 or ratios.max() < _MIN_RATIO:
        return float(upper[-1] * _MIN_RATIO)
    widest = np.argmax(ratios)
    return float(np.sqrt(upper[widest] * upper[widest + 1]))
