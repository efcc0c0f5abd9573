"""How wrong a model is about each column of a table."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from skae.model import Model, as_rows
from skae.networks import names
from skae.numerics import Array
from skae.objectives import column_surprises
from skae.tabular._sharpness import best_factors

# Rows looked at together: what is needed between is small.
BLOCK = 8192


@dataclass(frozen=True)
class UsualErrors:
    """How wrong a model is about the columns of some rows, in the mean of those known of each.

    Attributes
    ----------
    losses : ndarray of shape (n_columns,)
        Negative log densities in nats, or errors in shares.
    deviations : ndarray of shape (n_numbers,)
        Root mean squared errors of numbers, in units of their features.
    sharpness : ndarray of shape (n_features,)
        Factors of logits, with which levels are drawn.
    """

    losses: Array
    deviations: Array
    sharpness: Array

    @classmethod
    def of(cls, model: Model, features: Array, sample_weight: Array | None = None) -> "UsualErrors":
        """Those of some rows."""
        columns = model.network.columns
        assert columns is not None
        weight = np.ones(len(features)) if sample_weight is None else sample_weight
        scaled, output = _scaled_and_output(model, features)
        losses, present = _losses(model, scaled, output)
        n = columns.n_numbers
        made = as_rows(columns, model.scaling, output)[:, :n]
        squares = weight @ np.nan_to_num(np.square(features[:, :n] - made))
        totals = np.maximum(weight @ present, np.finfo(float).tiny)
        factors = best_factors(columns, scaled, output.astype(np.float64), sample_weight)
        return cls(weight @ losses / totals, np.sqrt(squares / totals[:n]), factors)


def column_losses(model: Model, features: Array) -> tuple[Array, Array]:
    """Negative log density in nats, or error in shares, of each column, and where it is known.

    Parameters
    ----------
    model : Model
    features : ndarray of shape (n, n_features)

    Returns
    -------
    losses, present : ndarrays of shape (n, n_columns)
    """
    return _losses(model, *_scaled_and_output(model, features))


def _scaled_and_output(model: Model, features: Array) -> tuple[Array, Array]:
    return model.scaling.apply(features), model.decode_scaled(model.encode(features))


def _losses(model: Model, scaled: Array, output: Array) -> tuple[Array, Array]:
    errors, present = model.column_errors(scaled, output)
    if not model.network.has_noise:
        return errors * model.weights[names.COLUMN_WEIGHTS], present
    columns = model.network.columns
    assert columns is not None
    losses = column_surprises(np, columns, errors, present, model.log_noise_variance)
    return losses, present


def losses_given_codes(model: Model, features: Array, code: Array) -> Array:
    """Surprise of the known values of one row, given each of some codes; shape (n_codes,)."""
    columns = model.network.columns
    assert columns is not None
    scaled = model.scaling.apply(features)
    has_noise = model.network.has_noise
    noise = model.log_noise_variance if has_noise else np.zeros(columns.n_numbers)

    def surprises(some: Array) -> Array:
        errors, present = model.column_errors(scaled, model.decode_scaled(some))
        total: Array = column_surprises(np, columns, errors, present, noise).sum(axis=1)
        return total

    return in_blocks(surprises, code)


def in_blocks(function: Callable[[Array], Array], rows: Array) -> Array:
    """A function of rows, of a few of them at a time: what it needs between is small."""
    parts = [function(rows[start : start + BLOCK]) for start in range(0, len(rows), BLOCK)]
    return np.concatenate(parts)
