"""The evidence lower bound (Kingma & Welling 2014), per feature and in nats.

Its parts are written once for any array namespace with numpy's names, for training and scoring.
"""

import math

from skae.networks import Columns
from skae.objectives._network_view import (
    Batch,
    Namespace,
    NetworkView,
    RandomDraws,
    Scalars,
    Tensor,
    Terms,
)
from skae.objectives._objective import Objective

_LOG_TWO_PI = math.log(2.0 * math.pi)
# Log variances are kept in this range: e**15 is as good as infinite for rows of variance 1.
_MOST_LOG_VARIANCE = 15.0


def bounded(xp: Namespace, log_variance: Tensor) -> Tensor:
    """A log variance whose exponential is a sensible number."""
    return xp.clip(log_variance, -_MOST_LOG_VARIANCE, _MOST_LOG_VARIANCE)


def normal_divergence(xp: Namespace, mean: Tensor, log_variance: Tensor) -> Tensor:
    """Kullback-Leibler divergence of each unit's normal distribution from the standard one."""
    return 0.5 * (xp.square(mean) + xp.exp(log_variance) - 1.0 - log_variance)


def gaussian_surprise(xp: Namespace, squared_error: Tensor, log_variance: Tensor) -> Tensor:
    """Negative log density of a value this far from its mean."""
    return 0.5 * (_LOG_TWO_PI + log_variance + squared_error * xp.exp(-log_variance))


def _drawn_code(network: NetworkView, batch: Batch, random: RandomDraws) -> tuple[Tensor, Tensor]:
    """A draw from each row's posterior, and its divergence from the prior a feature."""
    code, divergence = _code_and_divergence(network, batch, random)
    return code, divergence / _count_values(network, batch["targets"])


def _code_and_divergence(
    network: NetworkView, batch: Batch, random: RandomDraws
) -> tuple[Tensor, Tensor]:
    ops, rows = network.ops, batch["rows"]
    mean, log_variance = network.encode_distribution(rows)
    log_variance = bounded(ops, log_variance)
    code = mean + ops.exp(0.5 * log_variance) * random.normal(ops.shape(mean))
    return code, ops.sum(normal_divergence(ops, mean, log_variance), axis=1)


def _count_values(network: NetworkView, targets: Tensor) -> Tensor:
    """Features of each row that have a value, over which the error is a mean too."""
    ops = network.ops
    if not network.masks_missing:
        return targets.shape[1]
    is_present = ops.cast(ops.logical_not(ops.isnan(targets)), "float32")
    return ops.maximum(ops.sum(is_present, axis=1), 1.0)


def gaussian(network: NetworkView, batch: Batch, scalars: Scalars, random: RandomDraws) -> Terms:
    """Rows are normal around the output, with one variance that is trained."""
    ops = network.ops
    code, divergence = _drawn_code(network, batch, random)
    error = network.error(batch["targets"], network.decode(code))
    log_variance = bounded(ops, network.log_noise_variance())
    return {"reconstruction": gaussian_surprise(ops, error, log_variance), "kl": divergence}


def bernoulli(network: NetworkView, batch: Batch, scalars: Scalars, random: RandomDraws) -> Terms:
    """Values are probabilities, or zeros and ones, around the output."""
    code, divergence = _drawn_code(network, batch, random)
    return {
        "reconstruction": network.error(batch["targets"], network.decode(code)),
        "kl": divergence,
    }


def of_columns(network: NetworkView, batch: Batch, scalars: Scalars, random: RandomDraws) -> Terms:
    """Numbers are normal with a variance each, flags and categories drawn by their logits."""
    ops, columns = network.ops, network.columns
    assert columns is not None
    code, divergence = _code_and_divergence(network, batch, random)
    errors, present = network.column_errors(batch["targets"], network.decode(code))
    log_variance = bounded(ops, network.log_noise_variance())
    surprises = column_surprises(ops, columns, errors, present, log_variance)
    n_known = ops.maximum(ops.sum(present, axis=1), 1.0)
    return {
        "reconstruction": ops.sum(surprises, axis=1) / n_known,
        "kl": divergence / n_known,
    }


def column_surprises(
    xp: Namespace, columns: Columns, errors: Tensor, present: Tensor, log_variance: Tensor
) -> Tensor:
    """Negative log density of each column, given squared errors of numbers and cross-entropies.

    Parameters
    ----------
    xp : namespace
    columns : Columns
    errors, present : tensors of shape (n, n_columns)
    log_variance : tensor of shape (n_numbers,)
    """
    n = columns.n_numbers
    if not n:
        return errors
    numbers = gaussian_surprise(xp, errors[:, :n], log_variance) * present[:, :n]
    return xp.concatenate([numbers, errors[:, n:]], axis=1)


_TERMS, _STRENGTHS = ("reconstruction", "kl"), (("kl", "beta"),)
VARIATIONAL = {
    "bernoulli": Objective(bernoulli, _TERMS, _STRENGTHS, is_random=True),
    "columns": Objective(of_columns, _TERMS, _STRENGTHS, is_random=True),
    "gaussian": Objective(gaussian, _TERMS, _STRENGTHS, is_random=True),
}
