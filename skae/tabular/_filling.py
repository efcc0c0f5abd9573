"""What a model of a table takes holes for, and how sure it can be of that."""

from dataclasses import dataclass

import numpy as np

from skae.model import Model
from skae.numerics import Array
from skae.tabular._encoding import Encoding
from skae.tabular._linear import LinearGuess, covariance_of_pairs, expected_given
from skae.tabular._sharpness import best_factors, logits_of

# Variance of a direction of features, at least.
_LEAST_VARIANCE = 1e-3
# Of a level that other columns say nothing for.
_LEAST_SHARE = 0.01
# Times that holes are filled with what the row with the last filling gives.
_N_ROUNDS = 2
# One cell is hidden in so many rows of the fit, at most, and so often.
_MOST_ROWS, _N_MASKS, _SEED = 1000, 8, 0


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
    scaled[:, encoding.flags_of_missing] = 0.0
    covariance = covariance_of_pairs(np.nan_to_num(scaled), np.isnan(scaled))
    values, axes = np.linalg.eigh(covariance)
    # Levels of a column add up to one, and few rows say little about many features.
    values = np.maximum(values, _LEAST_VARIANCE + len(values) / len(scaled))
    precision: Array = ((axes / values) @ axes.T).astype(np.float32)
    return precision


def _linear_guess(model: Model, precision: Array, features: Array) -> Array:
    """Rows whose holes are the means of a normal distribution, given what is known."""
    scaled = model.scaling.apply(features).astype(np.float64)
    is_hole = np.isnan(scaled)
    centred = np.where(is_hole, 0.0, scaled)
    made = expected_given(precision.astype(np.float64), centred, is_hole)
    rows: Array = model.scaling.undo(made)
    return rows


def _agreeing_rows(model: Model, encoding: Encoding, precision: Array, features: Array) -> Array:
    """Rows that agree with what fills their own holes: numbers, and shares of flags and levels.

    Holes are first what other columns say of them linearly: a wide code copies each column, and
    would come to that from the mean in hundreds of rounds only.
    """
    is_hole = np.isnan(features)
    rows = encoding.within_range(_linear_guess(model, precision, features))
    shares = slice(encoding.columns.n_numbers, None)
    rows[:, shares] = np.clip(rows[:, shares], _LEAST_SHARE, 1.0)
    for _ in range(_N_ROUNDS):
        known = np.where(is_hole, rows, features)
        known[:, encoding.flags_of_missing] = 0.0
        rows = encoding.within_range(model.reconstruct(known.astype(features.dtype)))
    return rows


def _filled_rows(
    model: Model, encoding: Encoding, precision: Array, linear: LinearGuess, features: Array
) -> tuple[Array, Array]:
    """Rows of the model, with shares of flags and levels averaged with a guess; and the guess."""
    rows = _agreeing_rows(model, encoding, precision, features)
    guess = linear.rows(encoding, features)
    shares = slice(encoding.columns.n_numbers, None)
    likely = guess.astype(rows.dtype)
    likely[:, shares] = np.clip(linear.shrunk(guess[:, shares], shares), _LEAST_SHARE, 1.0)
    for levels in encoding.columns.level_slices:
        likely[:, levels] /= likely[:, levels].sum(axis=1, keepdims=True)
    rows[:, shares] = (rows[:, shares] + likely[:, shares]) / 2.0
    return rows, guess


@dataclass(frozen=True)
class HoleErrors:
    """What fills holes, and how far known values are from it if their cells are hidden.

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
    linear : LinearGuess
        What is averaged with the rows of the model: the two are wrong in other ways.
    """

    deviations: Array
    sharpness: Array
    precision: Array
    linear: LinearGuess

    @classmethod
    def of(cls, model: Model, encoding: Encoding, features: Array) -> "HoleErrors":
        """Those of some rows of the fit."""
        columns, precision = encoding.columns, precision_of(model, encoding, features)
        linear = LinearGuess.of(encoding, features)
        some = features[:: -(-len(features) // _MOST_ROWS)]
        rng = np.random.default_rng(_SEED)
        owners = np.repeat(np.arange(columns.n_columns), columns.sizes)
        truths, found = [], []
        for _ in range(_N_MASKS):
            hidden = rng.integers(columns.n_columns, size=(len(some), 1)) == owners
            holed = np.where(hidden, np.nan, some)
            found.append(_filled_rows(model, encoding, precision, linear, holed)[0])
            truths.append(np.where(hidden, some, np.nan))
        truth, rows = np.concatenate(truths), np.concatenate(found)
        n = columns.n_numbers
        errors = np.square(truth[:, :n] - rows[:, :n])
        is_known = np.isfinite(errors)
        totals = np.maximum(is_known.sum(axis=0), 1)
        deviations = np.sqrt(np.where(is_known, errors, 0.0).sum(axis=0) / totals)
        target = truth - model.scaling.mean
        factors = best_factors(columns, target, logits_of(columns, rows))
        return cls(deviations, factors, precision, linear)

    def rows(self, model: Model, encoding: Encoding, features: Array) -> tuple[Array, Array]:
        """Rows of features without holes, and the values that their numbers are expected to have.

        Numbers of the rows are by the model alone; shares of flags and levels are averages.

        Parameters
        ----------
        model : Model
        encoding : Encoding
        features : ndarray of shape (n, n_features)
            NaN where a value is missing.
        """
        rows, guess = _filled_rows(model, encoding, self.precision, self.linear, features)
        numbers = slice(encoding.columns.n_numbers)
        expected = encoding.expected(rows[:, numbers], self.deviations)
        return rows, self.linear.shrunk((expected + guess[:, numbers]) / 2.0, numbers)
