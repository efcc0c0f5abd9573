"""How wrong a model is about each column of a table."""

import numpy as np

from skae.model import Model
from skae.networks import names
from skae.numerics import Array
from skae.objectives import bounded, column_surprises


def column_losses(model: Model, features: Array) -> Array:
    """Negative log density in nats, or error in shares, of each column; shape (n, n_columns)."""
    scaled = model.scaling.apply(features)
    output = model.decode_scaled(model.encode(features))
    columns = model.network.columns
    assert columns is not None
    errors, present = model.column_errors(scaled, output)
    if not model.network.has_noise:
        weighted: Array = errors * model.weights[names.COLUMN_WEIGHTS]
        return weighted
    log_variance = bounded(np, model.weights[names.NOISE].astype(np.float64))
    losses: Array = column_surprises(np, columns, errors, present, log_variance)
    n = columns.n_numbers
    losses[:, :n] += present[:, :n] * np.log(model.scaling.scale[:n])
    return losses


def losses_given_codes(model: Model, features: Array, code: Array) -> Array:
    """Surprise of the known values of each row, given its code; shape (n,)."""
    columns = model.network.columns
    assert columns is not None
    errors, present = model.column_errors(model.scaling.apply(features), model.decode_scaled(code))
    noise = np.zeros(columns.n_numbers)
    if model.network.has_noise:
        noise = bounded(np, model.weights[names.NOISE].astype(np.float64))
    losses: Array = column_surprises(np, columns, errors, present, noise).sum(axis=1)
    return losses


def residual_deviations(model: Model, features: Array) -> Array:
    """Root mean squared error of each number over some rows, in its own unit."""
    columns = model.network.columns
    assert columns is not None
    n = columns.n_numbers
    rows = model.reconstruct(features)[:, :n]
    squares = np.square(features[:, :n] - rows)
    n_known = np.maximum(np.isfinite(squares).sum(axis=0), 1)
    deviations: Array = np.sqrt(np.nansum(squares, axis=0) / n_known)
    return deviations
