"""What residuals say about a row: a share of its anomaly score for every column.

A measure is fitted to residuals of rows that their reducer has not seen, around zero and not
around their mean: a reducer that is wrong on average is wrong.
"""

import numpy as np
from sklearn.covariance import ledoit_wolf

# Deviation, relative to that of the rows, that training in single precision cannot go below.
_ROUNDING = 1e-5
# Spread that no column's falls below, relative to that of all columns.
_MIN_SPREAD = 0.1


class SquaredError:
    """Mean squared residual."""

    def fit(self, residuals, deviation):
        """Learn what is usual: nothing."""
        return self

    def contributions(self, residuals):
        """What each residual adds to the anomaly score of its row."""
        return residuals**2 / residuals.shape[1]


class Mahalanobis:
    """Squared Mahalanobis distance from zero, with a shrunk covariance."""

    def fit(self, residuals, deviation):
        """Learn the covariance; ``deviation`` is that of the rows, over all columns."""
        covariance, _ = ledoit_wolf(residuals, assume_centered=True)
        # A code as long as the rows leaves nothing.
        covariance[np.diag_indices_from(covariance)] += (_ROUNDING * deviation) ** 2
        self.precision = np.linalg.inv(covariance)
        return self

    def contributions(self, residuals):
        """What each residual adds to the anomaly score of its row."""
        return residuals * (residuals @ self.precision)


class TopFeatures(Mahalanobis):
    """Mean of the largest squares of residuals, each judged given those beside it.

    Of a residual ``r[j]``, ``(precision @ r)[j] / precision[j, j]`` is what the others do not
    predict. It is counted in spreads: fourth roots of the mean fourth power, over that of a
    standard normal. These are deviations, and larger for columns with long tails, such as a pixel
    that is rarely on.
    """

    def __init__(self, fraction):
        self.fraction = fraction

    def fit(self, residuals, deviation):
        """Learn the covariance, and the spread of every column given the others."""
        super().fit(residuals, deviation)
        unexpected = residuals @ self.precision
        typical = np.mean(unexpected**2 / np.diag(self.precision)) * np.diag(self.precision)
        self.variances = np.sqrt(np.mean(unexpected**4, axis=0) / 3) + _MIN_SPREAD**2 * typical
        return self

    def contributions(self, residuals):
        """What each residual adds to the anomaly score of its row."""
        squares = (residuals @ self.precision) ** 2 / self.variances
        n_top = int(np.ceil(self.fraction * residuals.shape[1]))
        rest = np.argpartition(squares, -n_top, axis=1)[:, :-n_top]
        np.put_along_axis(squares, rest, 0.0, axis=1)
        return squares / n_top
