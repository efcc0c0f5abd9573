"""The evidence lower bound (Kingma & Welling 2014), per feature and in nats.

Its parts are written once for any array namespace with numpy's names, for training and scoring.
"""

import functools
import math

from skae.networks import Columns
from skae.objectives._likelihoods import SURPRISES, Noise, bounded, gaussian_surprise
from skae.objectives._network_view import (
    Batch,
    Namespace,
    RandomDraws,
    Scalars,
    Tensor,
    Terms,
    VariantView,
)
from skae.objectives._objective import Objective
from skae.objectives._priors import LogDensity, prior_log_density

_LOG_TWO_PI = math.log(2.0 * math.pi)


def normal_divergence(xp: Namespace, mean: Tensor, log_variance: Tensor) -> Tensor:
    """Kullback-Leibler divergence of each unit's normal distribution from the standard one."""
    return 0.5 * (xp.square(mean) + xp.exp(log_variance) - 1.0 - log_variance)


def posterior_log_density(
    xp: Namespace, log_variance: Tensor, draws: Tensor | None = None
) -> Tensor:
    """Log density of each row's posterior at ``mean + deviation * draws``.

    Without draws it is the mean over all that there may be: both have one gradient.
    """
    squares = 1.0 if draws is None else xp.square(draws)
    return -0.5 * xp.sum(squares + log_variance + _LOG_TWO_PI, axis=1)


def _prior_of(network: VariantView, prior: str | None) -> LogDensity:
    # Pseudo-inputs are encoded as rows are when they are scored.
    encode = network.at_rest().encode_distribution
    return prior_log_density(network.ops, prior, network.prior(), encode)


def drawn_code(network: VariantView, rows: Tensor, random: RandomDraws) -> Tensor:
    """A draw from the distribution of each row's code."""
    ops = network.ops
    mean, log_variance = network.encode_distribution(rows)
    deviation = ops.exp(0.5 * bounded(ops, log_variance))
    return mean + deviation * random.normal(ops.shape(mean))


def _count_values(network: VariantView, targets: Tensor) -> Tensor:
    """Features of each row that have a value, over which the error is a mean too."""
    ops, columns = network.ops, network.columns
    if columns is not None:
        # A column is known where its first feature is.
        targets = ops.take(targets, columns.starts, axis=1)
    elif not network.masks_missing:
        return targets.shape[1]
    is_present = ops.cast(ops.logical_not(ops.isnan(targets)), "float32")
    return ops.maximum(ops.sum(is_present, axis=1), 1.0)


def variational(
    likelihood: str, n_importance_samples: int = 1, prior: str | None = None
) -> Objective:
    """The objective of rows that lie around the output in some way.

    Parameters
    ----------
    likelihood : str
        ``"gaussian"`` of one trained variance, ``"bernoulli"``, ``"columns"`` of a table, or a key
        of ``SURPRISES``.
    n_importance_samples : int
        Draws of the code of each row in a step, whose likelihoods are averaged (Burda et al. 2016).
    prior : {"mixture", "vamp", "flow"} or None
        What is learned of the distribution of the code, whose divergence is then found by the
        draws themselves; None for a standard normal, which has it in closed form.
    """
    return _objective(likelihood, n_importance_samples, prior)


@functools.cache
def _objective(likelihood: str, n_samples: int, prior: str | None) -> Objective:
    # The same function each time: compiled programs are found by it.
    def lower_bound(
        network: VariantView, batch: Batch, scalars: Scalars, random: RandomDraws
    ) -> Terms:
        ops = network.ops
        mean, log_variance = network.encode_distribution(batch["rows"])
        log_variance = bounded(ops, log_variance)
        code = mean + ops.exp(0.5 * log_variance) * random.normal(ops.shape(mean))
        if prior is None:
            divergence = ops.sum(normal_divergence(ops, mean, log_variance), axis=1)
        else:
            divergence = posterior_log_density(ops, log_variance) - _prior_of(network, prior)(code)
        n_values = _count_values(network, batch["targets"])
        surprise = mean_surprise(network, likelihood, batch["targets"], code)
        return {"reconstruction": surprise, "kl": divergence / n_values}

    def importance_weighted_bound(
        network: VariantView, batch: Batch, scalars: Scalars, random: RandomDraws
    ) -> Terms:
        ops = network.ops
        mean, log_variance = network.encode_distribution(batch["rows"])
        log_variance = bounded(ops, log_variance)
        divergence = ops.sum(normal_divergence(ops, mean, log_variance), axis=1)
        mean, log_variance, targets = (
            ops.repeat(each, n_samples, axis=0) for each in (mean, log_variance, batch["targets"])
        )
        draws = random.normal(ops.shape(mean))
        code = mean + ops.exp(0.5 * log_variance) * draws
        if prior is None:
            # Prior over posterior: the constants and the Jacobian of the draw cancel.
            ratio = 0.5 * ops.sum(ops.square(draws) + log_variance - ops.square(code), axis=1)
        else:
            log_prior = _prior_of(network, prior)(code)
            ratio = log_prior - posterior_log_density(ops, log_variance, draws)
            found = posterior_log_density(ops, log_variance) - log_prior
            divergence = ops.mean(ops.reshape(found, (-1, n_samples)), axis=1)
        n_values = _count_values(network, targets)
        surprise = mean_surprise(network, likelihood, targets, code) * n_values
        log_weights = ops.reshape(scalars["beta"] * ratio - surprise, (-1, n_samples))
        bound = ops.logsumexp(log_weights, axis=1) - math.log(n_samples)
        n_values = _count_values(network, batch["targets"])
        # What the bound has beside the divergence, so that the terms add up to it.
        left = -bound - scalars["beta"] * divergence
        return {"reconstruction": left / n_values, "kl": divergence / n_values}

    function = lower_bound if n_samples == 1 else importance_weighted_bound
    return Objective(function, ("reconstruction", "kl"), (("kl", "beta"),), is_random=True)


def mean_surprise(network: VariantView, likelihood: str, targets: Tensor, code: Tensor) -> Tensor:
    """Negative log-likelihood of each row given its code, a value that it has."""
    ops, output = network.ops, network.decode(code)
    if likelihood == "bernoulli":
        return network.error(targets, output)
    if likelihood == "gaussian":
        error = network.error(targets, output)
        return gaussian_surprise(ops, error, bounded(ops, network.log_noise_variance()))
    if likelihood == "columns":
        return _surprise_of_columns(network, targets, output)
    noise, present = Noise(*network.noise()), None
    if network.masks_missing:
        is_missing = ops.isnan(targets)
        present = ops.cast(ops.logical_not(is_missing), "float32")
        targets = ops.where(is_missing, 0.0, targets)
    surprises = SURPRISES[likelihood](ops, targets, output, noise)
    if present is None:
        return ops.mean(surprises, axis=1)
    return ops.sum(surprises * present, axis=1) / ops.maximum(ops.sum(present, axis=1), 1.0)


def _surprise_of_columns(network: VariantView, targets: Tensor, output: Tensor) -> Tensor:
    """Numbers are normal with a variance each, flags and categories drawn by their logits."""
    ops, columns = network.ops, network.columns
    assert columns is not None
    errors, present = network.column_errors(targets, output)
    log_variance = bounded(ops, network.log_noise_variance())
    surprises = column_surprises(ops, columns, errors, present, log_variance)
    return ops.sum(surprises, axis=1) / ops.maximum(ops.sum(present, axis=1), 1.0)


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
