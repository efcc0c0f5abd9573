"""The covariance of residuals: shrunk no more than other folds bear out, and by usual rows only.

A residual direction that hardly varies is where a small deviation shows, unless few rows or the
differences between reducers make it look smaller than it is. Both are seen in rows of one fold
under the covariance of the others: the shrinkage under which those are likeliest is taken.
"""

import numpy as np
from scipy.linalg import null_space

from skae.applications.outliers._axes import column_floors, principal_axes
from skae.numerics import Array, Bools, Integers

_SHRINKAGES = 10.0 ** np.arange(-13, 0.1, 0.5)
# Rows are unusual whose squared Mahalanobis distance is so many quartile distances above the upper
# quartile: of normal rows fewer than one in ten thousand, whatever their number of columns.
_UNUSUAL = 20.0
# A quartile distance is no less than this share of the median: many rows may be equal.
_MIN_QUARTILE_DISTANCE = 0.25
# The median of squares of normal draws, and its relative error for a single draw.
_MEDIAN_OF_SQUARES = 0.4549
_ERROR_OF_MEDIAN = 2.33
# An axis is unlike others where rows of a fold vary more than other rows by so many such errors.
_CHANCE = 4.0
# Weight of the rows, against their residuals, in finding these axes.
_SHARE_OF_ROWS = 0.1
# Fewer rows say nothing of single axes.
_MIN_ROWS = 50
# More rows than this are no outliers but a part of the table.
_MAX_SHARE = 0.1
_MAX_ROUNDS = 5


class HeldOutCovariance:
    """Second moments of residuals around zero, for each fold by the rows of the others.

    Parameters
    ----------
    residuals : ndarray of shape (n_samples, n_features)
        Each by a reducer that has not seen the row.
    of_rows : ndarray of shape (n_samples,)
        Fold of each row.
    rows : ndarray of shape (n_samples, n_features)
        The rows themselves, centred.
    floor : float
        Least variance of a residual.

    Attributes
    ----------
    shrinkage : float
        Weight of the identity, times the mean variance, against that of the second moments.
    is_usual : ndarray of bool of shape (n_samples,)
        Rows that are learnt from. Those far beyond all others are not.
    precisions : list of ndarray of shape (n_features, n_features)
        For every fold the inverse of the covariance by the usual rows of the others, wider along
        axes where the reducer of this fold leaves more than theirs.
    """

    def __init__(self, residuals: Array, of_rows: Integers, rows: Array, floor: float) -> None:
        self.residuals, self.of_rows, self.rows = residuals, of_rows, rows
        folds = range(max(of_rows) + 1)
        self.floor = floor
        self.column_floors = column_floors(rows)
        self.is_usual = np.full(len(residuals), True)
        for _ in range(_MAX_ROUNDS):
            self.unlike = [self._find_unlike(fold) for fold in folds]
            self.shrinkage = self._likeliest()
            self.precisions = [self._precision(fold) for fold in folds]
            before, self.is_usual = self.is_usual, self._find_usual()
            if np.array_equal(before, self.is_usual):
                break

    def others(self, fold: int) -> Bools:
        """Return a mask of the usual rows of other folds."""
        is_other: Bools = self.is_usual & (self.of_rows != fold)
        return is_other

    def _precision(self, fold: int) -> Array:
        residuals = self.residuals[self.others(fold)]
        covariance = (1 - self.shrinkage) * (residuals.T @ residuals) / len(residuals)
        covariance[np.diag_indices_from(covariance)] += (
            self.shrinkage * np.mean(residuals**2) + self.floor + self.column_floors
        )
        unlike, excess = self.unlike[fold]
        covariance += unlike * excess @ unlike.T
        variances, axes = np.linalg.eigh(covariance)
        precision: Array = axes / variances @ axes.T
        return precision

    def _likeliest(self) -> float:
        """Return the largest shrinkage that is not less likely than the best beyond its error.

        The likelihood is that of the rows of each fold, given those of the others. The choice may
        lose one standard error over the folds, as for the size of a tree.
        """
        directions = self._varying_directions()
        folds = np.unique(self.of_rows)
        likelihoods = np.array([self._log_likelihoods(directions, fold) for fold in folds])
        losses = likelihoods[:, [np.argmax(likelihoods.sum(axis=0))]] - likelihoods
        errors = np.std(losses, axis=0, ddof=1) * np.sqrt(len(folds)) if len(folds) > 1 else 0.0
        return float(_SHRINKAGES[losses.sum(axis=0) <= errors].max())

    def _varying_directions(self) -> Array:
        """Return an orthonormal basis of the directions in which any residual has a length.

        A column that is constant in ``fit`` would be the likelier the less is shrunk, and one in
        other units would decide for all others.
        """
        residuals = np.where(self.column_floors > 0, 0.0, self.residuals[self.is_usual])
        variances, directions = principal_axes(residuals)
        return directions[:, variances > 10 * self.floor]

    def _log_likelihoods(self, directions: Array, fold: int) -> Array:
        """Return the log-likelihood of the usual rows of a fold for every shrinkage.

        A constant is left out.
        """
        unlike = self.unlike[fold][0]
        if unlike.shape[1]:
            directions = directions @ null_space(unlike.T @ directions)
        residuals = self.residuals @ directions
        others, own = self.others(fold), self.is_usual & (self.of_rows == fold)
        if residuals.shape[1] == 0 or not own.any() or not others.any():
            return np.zeros(len(_SHRINKAGES))
        variances, axes = principal_axes(residuals[others])
        rows = residuals[own] @ axes
        squares = np.mean(rows**2, axis=0)
        beside = max(np.mean(np.sum(residuals[own] ** 2, axis=1)) - squares.sum(), 0.0)
        n_beside, mean = residuals.shape[1] - len(variances), np.mean(residuals[others] ** 2)
        terms = []
        for shrinkage in _SHRINKAGES:
            rest = shrinkage * mean + self.floor
            shrunk = (1 - shrinkage) * variances + rest
            along = np.sum(np.log(shrunk) + squares / shrunk)
            terms.append(along + n_beside * np.log(rest) + beside / rest)
        likelihoods: Array = -own.sum() / 2 * np.array(terms)
        return likelihoods

    def _find_unlike(self, fold: int) -> tuple[Array, Array]:
        """Find axes along which rows of a fold vary more than by chance, and by how much more."""
        own, others = self.residuals[self.of_rows == fold], self.others(fold)
        if len(own) < _MIN_ROWS:
            return np.zeros((own.shape[1], 0)), np.zeros(0)
        # Residuals alone do not tell axes along which reducers leave nothing from those along which
        # nothing varies; the rows do.
        beside = _SHARE_OF_ROWS * self.rows[others]
        _, axes = principal_axes(np.concatenate([self.residuals[others], beside]))
        own, usual = own @ axes, np.mean((self.residuals[others] @ axes) ** 2, axis=0) + self.floor
        # Medians are taken, as outliers of the fold must not make themselves usual.
        scales = np.median(own**2, axis=0) / (_MEDIAN_OF_SQUARES * usual)
        is_unlike = scales > 1 + _CHANCE * _ERROR_OF_MEDIAN / np.sqrt(len(own))
        return axes[:, is_unlike], ((scales - 1) * usual)[is_unlike]

    def _find_usual(self) -> Bools:
        """Find rows that are not far beyond all others, by the covariance of other folds."""
        distances = np.empty(len(self.residuals))
        for fold in np.unique(self.of_rows):
            own = self.of_rows == fold
            residuals = self.residuals[own]
            distances[own] = np.sum(residuals * (residuals @ self.precisions[fold]), axis=1)
        median, upper = np.quantile(distances, [0.5, 0.75])
        unit = max(upper - median, _MIN_QUARTILE_DISTANCE * median)
        is_unusual = distances > upper + _UNUSUAL * unit
        is_usual: Bools = ~(is_unusual & (is_unusual.mean() <= _MAX_SHARE))
        return is_usual
