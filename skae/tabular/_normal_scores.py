"""Numbers of any distribution as normal ones, and back exactly."""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from skae.numerics import Array

_MOST_KNOTS = 256
# Numbers whose order statistics correlate this much with those of a normal sample stay as they are
# (Shapiro & Francia 1972); 0.95 would be a triangle with two sides.
_NORMAL_ENOUGH = 0.97
_LEAST_VALUES = 20


@dataclass(frozen=True)
class NormalScores:
    """A line through points: values of rising rank, and the normal quantiles of their ranks.

    Values that many rows share have many ranks: they become the middle of these, and all of them
    become that value again.

    Attributes
    ----------
    values, scores : ndarray of shape (n_knots,)
        Rising.
    unit : float
        Slope of the line beyond its ends.
    """

    values: Array
    scores: Array
    unit: float

    @classmethod
    def of(cls, known: Array) -> "NormalScores | None":
        """That of some values; None where they are normal enough, or few."""
        values = np.sort(known)
        n = len(values)
        if len(np.unique(values)) < _LEAST_VALUES:
            return None
        scores = ndtri((np.arange(n) + 0.5) / n)
        if np.corrcoef(values, scores)[0, 1] ** 2 > _NORMAL_ENOUGH:
            return None
        knots = np.unique(np.linspace(0, n - 1, min(n, _MOST_KNOTS)).round().astype(int))
        return cls(values[knots], scores[knots], float(np.std(values)))

    def apply(self, values: Array) -> Array:
        """Normal scores; NaN stays."""
        upper = np.interp(values, self.values, self.scores)
        lower = -np.interp(-values, -self.values[::-1], -self.scores[::-1])
        below, above = np.fmin(values - self.values[0], 0), np.fmax(values - self.values[-1], 0)
        scores: Array = 0.5 * (upper + lower) + (below + above) / self.unit
        return np.where(np.isnan(values), np.nan, scores)

    def undo(self, scores: Array) -> Array:
        """Values of normal scores."""
        below, above = np.fmin(scores - self.scores[0], 0), np.fmax(scores - self.scores[-1], 0)
        values: Array = np.interp(scores, self.scores, self.values) + (below + above) * self.unit
        return values
