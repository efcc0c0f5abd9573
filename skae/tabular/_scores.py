"""How wrong a model is about each column of a table."""

from collections.abc import Callable

import numpy as np

from skae.model import Model
from skae.networks import names
from skae.numerics import Array
from skae.objectives import column_surprises

# Rows looked at together.
_BLOCK = 8192


def column_losses(model: Model, features: Array) -> Array:
    """Negative log density in nats, or error in shares, of each column; shape (n, n_columns)."""
    return in_blocks(lambda rows: _column_losses(model, rows), features)


def _column_losses(model: Model, features: Array) -> Array:
    scaled = model.scaling.apply(features)
    output = model.decode_scaled(model.encode(features))
    columns = model.network.columns
    assert columns is not None
    errors, present = model.column_errors(scaled, output)
    if not model.network.has_noise:
        weighted: Array = errors * model.weights[names.COLUMN_WEIGHTS]
        return weighted
    losses: Array = column_surprises(np, columns, errors, present, model.log_noise_variance)
    n = columns.n_numbers
    losses[:, :n] += present[:, :n] * np.log(model.scaling.scale[:n])
    return losses


def mean_losses(model: Model, features: Array, sample_weight: Array | None = None) -> Array:
    """Mean of ``column_losses`` over some rows; shape (n_columns,)."""
    means: Array = np.average(column_losses(model, features), axis=0, weights=sample_weight)
    return means


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


def residual_deviations(model: Model, features: Array, sample_weight: Array | None = None) -> Array:
    """Root mean squared error of each number over some rows, in its own unit."""
    columns = model.network.columns
    assert columns is not None
    n = columns.n_numbers
    weight = np.ones(len(features)) if sample_weight is None else sample_weight
    squares, totals = np.zeros(n), np.zeros(n)
    for start in range(0, len(features), _BLOCK):
        rows, counts = features[start : start + _BLOCK], weight[start : start + _BLOCK]
        errors = np.square(rows[:, :n] - model.reconstruct(rows)[:, :n])
        squares += counts @ np.nan_to_num(errors)
        totals += counts @ np.isfinite(errors)
    deviations: Array = np.sqrt(squares / np.maximum(totals, np.finfo(float).tiny))
    return deviations


def in_blocks(function: Callable[[Array], Array], rows: Array) -> Array:
    """A function of rows, of a few of them at a time: what it needs between is small."""
    parts = [function(rows[start : start + _BLOCK]) for start in range(0, len(rows), _BLOCK)]
    return np.concatenate(parts)
