"""Measures of residuals: a share of the anomaly score of a row for every column.

A measure learns from residuals of rows that their reducer has not seen, around zero and not around
their mean: a reducer that is wrong on average is wrong.
"""

import numpy as np
from sklearn.covariance import ledoit_wolf
from sklearn.neighbors import NearestNeighbors

from skae.numerics import Array, Bools

# Least spread of a column, relative to that of all columns.
_MIN_SPREAD = 0.1
# Deviations of a column beyond which a residual says no more of its covariance.
_CUT = 3.0
# With fewer, a row at the thin end of a small table would seem odd.
_N_NEIGHBOURS = 20
# Neighbours are looked for among so many rows: more only take longer.
_MAX_NEIGHBOURHOOD = 2000


class SquaredError:
    """Mean squared residual."""

    def contributions(self, residuals: Array) -> Array:
        """Return what each residual adds to the anomaly score of its row."""
        contributions: Array = residuals**2 / residuals.shape[1]
        return contributions


class Mahalanobis:
    """Squared Mahalanobis distance from zero.

    Parameters
    ----------
    precision : ndarray of shape (n_features, n_features)
        Inverse of the second moments of residuals.
    """

    def __init__(self, precision: Array) -> None:
        self.precision = precision

    def contributions(self, residuals: Array) -> Array:
        """Return what each residual adds to the anomaly score of its row."""
        contributions: Array = residuals * (residuals @ self.precision)
        return contributions


def coarse_precision(residuals: Array, floor: float) -> Array:
    """Return the inverse of Ledoit and Wolf's covariance, in which small directions count little.

    Parameters
    ----------
    residuals : ndarray of shape (n_samples, n_features)
    floor : float
        Least variance: a direction that reducers leave nothing in would make each residual a sum
        of the others.
    """
    covariance, _ = ledoit_wolf(residuals, assume_centered=True)
    covariance[np.diag_indices_from(covariance)] += floor
    return np.linalg.inv(covariance)


class TopFeatures:
    """Mean of the largest squares of residuals, each judged given those beside it.

    Of a residual ``r[j]``, ``(precision @ r)[j] / precision[j, j]`` is what the others do not
    predict. It is counted in spreads: fourth roots of the mean fourth power, over that of a
    standard normal. These are deviations, and larger for columns with long tails, such as a pixel
    that is rarely on. The precision is that of Ledoit and Wolf's shrunk covariance of residuals cut
    at three deviations of their column, as a few large ones say little of how columns go together.
    """

    def __init__(self, residuals: Array, floor: float, fraction: float) -> None:
        self.fraction = fraction
        most = _CUT * np.sqrt(np.mean(residuals**2, axis=0))
        self.precision = coarse_precision(np.clip(residuals, -most, most), floor)
        unexpected = residuals @ self.precision
        typical = np.mean(unexpected**2 / np.diag(self.precision)) * np.diag(self.precision)
        # Where everything is reconstructed, all that is left is rounding.
        rounding = max(floor, np.finfo(float).tiny) * np.diag(self.precision) ** 2
        spread = np.sqrt(np.mean(unexpected**4, axis=0) / 3)
        self.variances = spread + _MIN_SPREAD**2 * typical + rounding

    def contributions(self, residuals: Array) -> Array:
        """Return what each residual adds to the anomaly score of its row."""
        squares = (residuals @ self.precision) ** 2 / self.variances
        n_top = self.n_top(residuals.shape[1])
        rest = np.argpartition(squares, -n_top, axis=1)[:, :-n_top]
        np.put_along_axis(squares, rest, 0.0, axis=1)
        contributions: Array = squares / n_top
        return contributions

    def n_top(self, n_features: int) -> int:
        """Return how many residuals count of so many."""
        return int(np.ceil(self.fraction * n_features))


class NeighbourDistance:
    """Distance of a reconstruction from the nearest twenty of normal rows, root mean square.

    Reconstructions lie on a surface of few dimensions, where neighbours tell what is usual also if
    normal rows form groups, and noise in all other directions does not count.

    Parameters
    ----------
    positions : ndarray of shape (n_samples, n_features)
        Reconstructions, less ``centre``, of rows that their reducer has not seen.
    centre : ndarray of shape (n_features,)
    is_known : ndarray of bool of shape (n_samples,)
        Which of them to look for neighbours among.
    """

    def __init__(self, positions: Array, centre: Array, is_known: Bools) -> None:
        self.positions, self.centre = positions, centre
        known = np.flatnonzero(is_known)
        places = np.linspace(0, len(known) - 1, min(len(known), _MAX_NEIGHBOURHOOD))
        self.known = known[places.astype(int)]

    @property
    def n_neighbours(self) -> int:
        """How many of those known count."""
        return min(_N_NEIGHBOURS, len(self.known))

    def contributions(self, rows: Array) -> Array:
        """Return what each column of reconstructions adds to the distance of its row."""
        centred, known = rows - self.centre, self.positions[self.known]
        # Trees are no faster for few neighbours in many columns, and are not made of plain arrays.
        finder = NearestNeighbors(n_neighbors=self.n_neighbours, algorithm="brute").fit(known)
        neighbours = finder.kneighbors(centred, return_distance=False)
        squares = np.mean([(centred - known[nth]) ** 2 for nth in neighbours.T], axis=0)
        distances = np.sqrt(squares.sum(axis=1, keepdims=True))
        contributions: Array = np.divide(
            squares, distances, out=np.zeros(rows.shape), where=distances > 0
        )
        return contributions
