"""Reconstruct clean rows from corrupted ones (Vincent et al. 2008).

A corruption is a pure function ``(ops, batch, scalars, random) -> (n, n_features)``.
"""

from collections.abc import Callable

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

Corruption = Callable[[Namespace, Batch, Scalars, RandomDraws], Tensor]


def gaussian(ops: Namespace, batch: Batch, scalars: Scalars, random: RandomDraws) -> Tensor:
    """Add normal noise of deviation ``noise_level``."""
    rows = batch["rows"]
    return rows + scalars["noise_level"] * random.normal(ops.shape(rows))


def masking(ops: Namespace, batch: Batch, scalars: Scalars, random: RandomDraws) -> Tensor:
    """Replace a share of the values by the mean of their feature, which is 0 in scaled units."""
    rows = batch["rows"]
    return ops.where(_chosen(ops, rows, scalars, random), 0.0, rows)


def salt_and_pepper(ops: Namespace, batch: Batch, scalars: Scalars, random: RandomDraws) -> Tensor:
    """Replace a share of the values by the lowest or the highest of their feature, at even odds."""
    rows = batch["rows"]
    is_high = random.uniform(ops.shape(rows)) < 0.5
    extremes = ops.where(is_high, scalars["highest"], scalars["lowest"])
    return ops.where(_chosen(ops, rows, scalars, random), extremes, rows)


def swap(ops: Namespace, batch: Batch, scalars: Scalars, random: RandomDraws) -> Tensor:
    """Replace a share of the values by those of the same feature in another row of the batch."""
    rows, is_real = batch["rows"], batch["weights"] > 0
    n_rows = ops.shape(rows)[0]
    # Padding sorts last: the first places hold the real rows, mixed.
    mixed = ops.argsort(random.uniform((n_rows,)) + ops.where(is_real, 0.0, 1.0))
    n_real = ops.maximum(ops.sum(ops.cast(is_real, "int32")), 1)
    partners = ops.take(mixed, ops.arange(n_rows, dtype="int32") % n_real)
    others = ops.take(rows, partners, axis=0)
    return ops.where(_chosen(ops, rows, scalars, random), others, rows)


def _chosen(ops: Namespace, rows: Tensor, scalars: Scalars, random: RandomDraws) -> Tensor:
    return random.uniform(ops.shape(rows)) < scalars["noise_level"]


def _denoising(corrupt: Corruption) -> Objective:
    def reconstruction_from_corrupted(
        network: NetworkView, batch: Batch, scalars: Scalars, random: RandomDraws
    ) -> Terms:
        ops, rows = network.ops, batch["rows"]
        corrupted = corrupt(ops, batch, scalars, random)
        if network.masks_missing:
            # What is missing stays missing, and nothing else gets lost.
            untouched = ops.logical_or(ops.isnan(rows), ops.isnan(corrupted))
            corrupted = ops.where(untouched, rows, corrupted)
        output = network.decode(network.encode(corrupted))
        return {"reconstruction": network.error(batch["targets"], output)}

    return Objective(reconstruction_from_corrupted, ("reconstruction",), is_random=True)


CORRUPTIONS: dict[str, Corruption] = {
    "gaussian": gaussian,
    "masking": masking,
    "salt_and_pepper": salt_and_pepper,
    "swap": swap,
}
DENOISING = {name: _denoising(corrupt) for name, corrupt in CORRUPTIONS.items()}
