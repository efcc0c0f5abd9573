"""What a model of a table takes holes for, and how sure it can be of that."""

from dataclasses import dataclass

import numpy as np

from skae.model import Model
from skae.numerics import Array
from skae.tabular._encoding import Encoding
from skae.tabular._sharpness import best_factors, logits_of

# Variance of a direction of features, at least.
_LEAST_VARIANCE = 1e-3
# Of a level that other columns say nothing for.
_LEAST_SHARE = 0.01
# Times that holes are filled with what the row with the last filling gives.
_N_ROUNDS = 2
# One cell is hidden in so many rows of the fit, at most, and so often.
_MOST_ROWS, _N_MASKS, _SEED = 1000, 8, 0


def _flags(encoding: Encoding) -> slice:
    """The features that say whether a value is missing."""
    first_level = encoding.columns.first_level
    return slice(first_level - len(encoding.missing), first_level)


def precision_of(model: Model, encoding: Encoding, features: Array) -> Array:
    """Inverse covariance of scaled features, of what is known of each pair; (n_features,) * 2.

    Whether values are missing is left out, as if it were never: where cells are missing at random,
    it would be so many features of noise.

    Parameters
    ----------
    model : Model
    encoding : Encoding
    features : ndarray of shape (n, n_features)
        NaN where a value is missing.
    """
    scaled = model.scaling.apply(features).astype(np.float64)
    scaled[:, _flags(encoding)] = 0.0
    known = np.isfinite(scaled).astype(np.float64)
    scaled = np.nan_to_num(scaled)
    covariance = scaled.T @ scaled / np.maximum(known.T @ known, 1.0)
    values, axes = np.linalg.eigh(covariance)
    # Levels of a column add up to one, and few rows say little about many features.
    values = np.maximum(values, _LEAST_VARIANCE + len(values) / len(scaled))
    precision: Array = ((axes / values) @ axes.T).astype(np.float32)
    return precision


def _linear_guess(model: Model, precision: Array, features: Array) -> Array:
    """Rows whose holes are the means of a normal distribution, given what is known."""
    scaled = model.scaling.apply(features).astype(np.float64)
    is_hole = np.isnan(scaled)
    made = np.where(is_hole, 0.0, scaled)
    pulls = made @ precision
    for row in np.flatnonzero(is_hole.any(axis=1)):
        holes = np.flatnonzero(is_hole[row])
        block = precision[np.ix_(holes, holes)].astype(np.float64)
        made[row, holes] = -np.linalg.solve(block, pulls[row, holes])
    rows: Array = model.scaling.undo(made)
    return rows


def filled_rows(model: Model, encoding: Encoding, precision: Array, features: Array) -> Array:
    """Rows that agree with what fills their own holes: numbers, and shares of flags and levels.

    Holes are first what other columns say of them linearly: a wide code copies each column, and
    would come to that from the mean in hundreds of rounds only. Of levels, the shares by both are
    averaged, which is right more often than either.

    Parameters
    ----------
    model : Model
    encoding : Encoding
    precision : ndarray of shape (n_features, n_features)
        See ``precision_of``.
    features : ndarray of shape (n, n_features)
        NaN where a value is missing.
    """
    columns = encoding.columns
    is_hole = np.isnan(features)
    flags = _flags(encoding)
    guess = encoding.within_range(_linear_guess(model, precision, features))
    guess[:, columns.n_numbers :] = np.clip(guess[:, columns.n_numbers :], _LEAST_SHARE, 1.0)
    rows = guess
    for _ in range(_N_ROUNDS):
        known = np.where(is_hole, rows, features)
        known[:, flags] = 0.0
        rows = encoding.within_range(model.reconstruct(known.astype(features.dtype)))
    for levels in columns.level_slices:
        guess[:, levels] /= guess[:, levels].sum(axis=1, keepdims=True)
    rows[:, columns.n_numbers :] += guess[:, columns.n_numbers :]
    rows[:, columns.n_numbers :] /= 2.0
    return rows


@dataclass(frozen=True)
class HoleErrors:
    """How far known values are from what fills their cells, if these are hidden.

    Rows that hold a value reconstruct it better than rows that do not: errors of the one kind say
    nothing of the other.

    Attributes
    ----------
    deviations : ndarray of shape (n_numbers,)
        Root mean squared errors of numbers, in units of their features.
    sharpness : ndarray of shape (n_features,)
        Factors of logits under which hidden levels surprise least.
    precision : ndarray of shape (n_features, n_features), float32
        Inverse covariance of features, from which holes are guessed at first.
    """

    deviations: Array
    sharpness: Array
    precision: Array

    @classmethod
    def of(cls, model: Model, encoding: Encoding, features: Array) -> "HoleErrors":
        """Those of some rows of the fit."""
        columns, precision = encoding.columns, precision_of(model, encoding, features)
        some = features[:: -(-len(features) // _MOST_ROWS)]
        rng = np.random.default_rng(_SEED)
        owners = np.repeat(np.arange(columns.n_columns), columns.sizes)
        truths, found = [], []
        for _ in range(_N_MASKS):
            hidden = rng.integers(columns.n_columns, size=(len(some), 1)) == owners
            found.append(filled_rows(model, encoding, precision, np.where(hidden, np.nan, some)))
            truths.append(np.where(hidden, some, np.nan))
        truth, rows = np.concatenate(truths), np.concatenate(found)
        n = columns.n_numbers
        errors = np.square(truth[:, :n] - rows[:, :n])
        is_known = np.isfinite(errors)
        totals = np.maximum(is_known.sum(axis=0), 1)
        deviations = np.sqrt(np.where(is_known, errors, 0.0).sum(axis=0) / totals)
        target = truth - model.scaling.mean
        factors = best_factors(columns, target, logits_of(columns, rows))
        return cls(deviations, factors, precision)
