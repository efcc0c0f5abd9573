"""Reconstruct from a code in which few units are active.

Keeping the ``k`` largest activations needs no term: it is part of the network.
"""

from skae.objectives._network_view import (
    Batch,
    Namespace,
    NetworkView,
    RandomDraws,
    Scalars,
    Tensor,
    Terms,
)
from skae.objectives._objective import RECONSTRUCTION, Objective

# Mean activations are kept this far from 0 and 1, where the divergence is infinite.
_MARGIN = 1e-6


def l1(network: NetworkView, batch: Batch, scalars: Scalars, random: RandomDraws) -> Terms:
    """The error, and the mean absolute activation of each row's code."""
    ops, code = network.ops, network.encode(batch["rows"])
    return {
        "reconstruction": network.error(batch["targets"], network.decode(code)),
        "sparsity": ops.mean(ops.abs(code), axis=1),
    }


def kl(network: NetworkView, batch: Batch, scalars: Scalars, random: RandomDraws) -> Terms:
    """The error, and how far each unit's mean activation in the batch is from its target (Ng 2011).

    The divergence is a property of the batch: every row of it carries the same value.
    """
    ops, code = network.ops, network.encode(batch["rows"])
    weights = batch["weights"] / ops.maximum(ops.sum(batch["weights"]), 1e-30)
    mean = ops.clip(ops.sum(code * weights[:, None], axis=0), _MARGIN, 1.0 - _MARGIN)
    divergence = bernoulli_divergence(ops, scalars["target_activation"], mean)
    return {
        "reconstruction": network.error(batch["targets"], network.decode(code)),
        "sparsity": ops.mean(divergence) * ops.ones_like(weights),
    }


def bernoulli_divergence(xp: Namespace, target: Tensor, mean: Tensor) -> Tensor:
    """Kullback-Leibler divergence in nats between Bernoulli variables of these means."""
    return target * xp.log(target / mean) + (1 - target) * xp.log((1 - target) / (1 - mean))


_STRENGTHS = (("sparsity", "sparsity_weight"),)
SPARSE = {
    "kl": Objective(kl, ("reconstruction", "sparsity"), _STRENGTHS),
    "l1": Objective(l1, ("reconstruction", "sparsity"), _STRENGTHS),
    "topk": RECONSTRUCTION,
}
