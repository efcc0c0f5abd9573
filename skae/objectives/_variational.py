"""The evidence lower bound (Kingma & Welling 2014), per feature and in nats.

Its parts are written once for any array namespace with numpy's names, for training and scoring.
"""

import functools

from skae.networks import Columns
from skae.objectives._likelihoods import SURPRISES, Noise, bounded, gaussian_surprise
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


def normal_divergence(xp: Namespace, mean: Tensor, log_variance: Tensor) -> Tensor:
    """Kullback-Leibler divergence of each unit's normal distribution from the standard one."""
    return 0.5 * (xp.square(mean) + xp.exp(log_variance) - 1.0 - log_variance)


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


@functools.cache
def of_values(likelihood: str) -> Objective:
    """Objective of rows each of whose values has a log-likelihood of its own.

    Parameters
    ----------
    likelihood : str
        As a network names it.
    """

    def negative_bound(
        network: NetworkView, batch: Batch, scalars: Scalars, random: RandomDraws
    ) -> Terms:
        code, divergence = _code_and_divergence(network, batch, random)
        surprise, n_known = _row_surprises(network, likelihood, batch["targets"], code)
        return {"reconstruction": surprise / n_known, "kl": divergence / n_known}

    return Objective(negative_bound, _TERMS, _STRENGTHS, is_random=True)


def _row_surprises(
    network: NetworkView, likelihood: str, targets: Tensor, code: Tensor
) -> tuple[Tensor, Tensor]:
    """Negative log-likelihood of each row given its code, and how many of its values there are."""
    ops, n_known = network.ops, _count_values(network, targets)
    present = None
    if network.masks_missing:
        is_missing = ops.isnan(targets)
        present = ops.cast(ops.logical_not(is_missing), "float32")
        targets = ops.where(is_missing, 0.0, targets)
    noise = Noise(*network.noise())
    surprises = SURPRISES[likelihood](ops, targets, network.decode(code), noise)
    if present is not None:
        surprises = surprises * present
    return ops.sum(surprises, axis=1), n_known


_TERMS, _STRENGTHS = ("reconstruction", "kl"), (("kl", "beta"),)
VARIATIONAL = {
    "bernoulli": Objective(bernoulli, _TERMS, _STRENGTHS, is_random=True),
    "columns": Objective(of_columns, _TERMS, _STRENGTHS, is_random=True),
    "gaussian": Objective(gaussian, _TERMS, _STRENGTHS, is_random=True),
}
