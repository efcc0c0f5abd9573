"""What the columns of a table say of each other linearly, in the units of the table."""

from dataclasses import dataclass

import numpy as np

from skae.numerics import Array, Bools
from skae.tabular._encoding import Encoding

# Variance of a direction of scaled rows, at least.
_LEAST_VARIANCE = 1e-3
# Deviation that a flag or a level is scaled by, however rare it is.
_LEAST_SCALE = 0.1
# Rounds of expectation and maximisation, where values are missing.
_N_ROUNDS = 5
# Holes of many rows are guessed at once, as many as fill so many values.
_VALUES_AT_ONCE = 2**22


@dataclass(frozen=True)
class LinearGuess:
    """A normal distribution of rows: values of numbers, not their scores; flags and levels.

    Whether values are missing is left out, as if it were never: where cells are missing at random,
    it would be so many features of noise.

    Attributes
    ----------
    centre, scale : ndarray of shape (n_features,)
    precision : ndarray of shape (n_features, n_features), float32
        Inverse covariance of what is centred and scaled.
    shares : ndarray of shape (n_features,)
        Between 0 and 1: what of the distance between a guess and the centre is not overfitted.
    """

    centre: Array
    scale: Array
    precision: Array
    shares: Array

    @classmethod
    def of(cls, encoding: Encoding, features: Array) -> "LinearGuess":
        """That of some rows, by expectation and maximisation where they have holes.

        Parameters
        ----------
        encoding : Encoding
        features : ndarray of shape (n, n_features)
            NaN where a value is missing.
        """
        rows, columns = _in_units(encoding, features), encoding.columns
        is_hole = np.isnan(rows)
        n_known = (~is_hole).sum(axis=0)
        nothing = _in_units(encoding, np.zeros((1, columns.n_features), np.float32))[0]
        centre = np.where(is_hole, 0.0, rows).sum(axis=0) / np.maximum(n_known, 1)
        centre = np.where(n_known > 0, centre, nothing)
        centred = np.where(is_hole, 0.0, rows - centre)
        scale = np.sqrt(np.square(centred).sum(axis=0) / np.maximum(n_known, 1))
        shares = slice(columns.n_numbers, None)
        scale[shares] = np.maximum(scale[shares], _LEAST_SCALE)
        scale[scale == 0] = 1.0
        covariance = _covariance(centred / scale, is_hole)
        precision = np.linalg.inv(covariance)
        # What of the variance of each feature the others explain, and would by chance alone.
        left = 1.0 / (np.diag(covariance) * np.diag(precision))
        explained = np.maximum(1.0 - left, np.finfo(float).tiny)
        by_chance = _n_free(encoding) / np.maximum(n_known, 1) * left
        kept = np.clip(1.0 - by_chance / explained, 0.0, 1.0)
        return cls(centre, scale, precision.astype(np.float32), kept)

    def rows(self, encoding: Encoding, features: Array) -> Array:
        """Values of numbers, flags and levels; holes are their means given what is known."""
        rows = _in_units(encoding, features)
        is_hole = np.isnan(rows)
        centred = np.where(is_hole, 0.0, (rows - self.centre) / self.scale)
        made = expected_given(self.precision.astype(np.float64), centred, is_hole)
        filled: Array = made * self.scale + self.centre
        n, limits = encoding.columns.n_numbers, encoding.numbers.values()
        least, most = [each.lowest for each in limits], [each.highest for each in limits]
        filled[:, :n] = np.clip(filled[:, :n], least, most)
        return filled

    def shrunk(self, rows: Array, columns: slice) -> Array:
        """Guesses of some columns, drawn to the centre by what is overfitted of them."""
        centre = self.centre[columns]
        nearer: Array = centre + self.shares[columns] * (rows - centre)
        return nearer


def _in_units(encoding: Encoding, features: Array) -> Array:
    rows = encoding.in_units(features)
    rows[:, encoding.flags_of_missing] = 0.0
    return rows


def _n_free(encoding: Encoding) -> int:
    """Number of features that do not follow from others by what they are."""
    columns = encoding.columns
    return columns.n_features - len(encoding.missing) - len(columns.level_slices)


def covariance_of_pairs(centred: Array, is_hole: Bools) -> Array:
    """Covariance of rows that are zero in their holes, of what is known of each pair."""
    known = (~is_hole).astype(np.float64)
    covariance: Array = centred.T @ centred / np.maximum(known.T @ known, 1.0)
    return covariance


def _covariance(centred: Array, is_hole: Bools) -> Array:
    """Covariance of rows that are zero in their holes, as likely as it gets."""
    covariance = covariance_of_pairs(centred, is_hole)
    # Few rows say little about many features, and those of pairs need not agree.
    covariance = _not_below(covariance, _LEAST_VARIANCE + len(covariance) / len(centred))
    for _ in range(_N_ROUNDS if is_hole.any() else 0):
        spread = np.zeros(covariance.shape)
        made = expected_given(np.linalg.inv(covariance), centred, is_hole, spread)
        covariance = _not_below((made.T @ made + spread) / len(made), _LEAST_VARIANCE)
    return covariance


def _not_below(covariance: Array, least: float) -> Array:
    """The covariance with no variance in any direction below ``least``."""
    values, axes = np.linalg.eigh(covariance)
    raised: Array = (axes * np.maximum(values, least)) @ axes.T
    return raised


def expected_given(
    precision: Array, centred: Array, is_hole: Bools, spread: Array | None = None
) -> Array:
    """Rows with the means of their holes.

    Parameters
    ----------
    precision : ndarray of shape (n_features, n_features)
        Inverse covariance of a normal distribution around zero.
    centred : ndarray of shape (n, n_features)
        Zero in holes.
    is_hole : ndarray of bool of shape (n, n_features)
    spread : ndarray of shape (n_features, n_features), optional
        To which the covariances of the holes of all rows are added.
    """
    made = centred.copy()
    pulls, n_holes = centred @ precision, is_hole.sum(axis=1)
    for n in np.unique(n_holes[n_holes > 0]):
        of_size, at_once = np.flatnonzero(n_holes == n), max(1, _VALUES_AT_ONCE // n**2)
        for start in range(0, len(of_size), at_once):
            some = of_size[start : start + at_once, np.newaxis]
            holes = np.nonzero(is_hole[some[:, 0]])[1].reshape(-1, n)
            pairs = holes[:, :, np.newaxis], holes[:, np.newaxis, :]
            covariances = np.linalg.inv(precision[pairs])
            made[some, holes] = -np.einsum("rij,rj->ri", covariances, pulls[some, holes])
            if spread is not None:
                np.add.at(spread, pairs, covariances)
    return made
