"""Reconstruct clean rows from corrupted ones (Vincent et al. 2008).

A corruption is a pure function ``(ops, batch, scalars, random) -> (n, n_features)``.
"""

import functools
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

# Sides of the squares that miss, in values.
_HOLE_SIZES = (1, 2, 4, 8)
# The highest level over the lowest that is told from it.
_MOST_UNLIKE = 20.0

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


@functools.cache
def holes(sample_shape: tuple[int, ...] | None) -> Corruption:
    """A corruption that makes squares of a row miss, at all channels: 1, 2, 4 or 8 wide.

    Parameters
    ----------
    sample_shape : tuple of int or None
        Of a row, with the channels last; None for a signal of one channel.
    """

    def make_holes(ops: Namespace, batch: Batch, scalars: Scalars, random: RandomDraws) -> Tensor:
        rows = batch["rows"]
        *axes, n_channels = sample_shape or (rows.shape[1], 1)
        n_rows, ones = ops.shape(rows)[0], (1,) * len(axes)
        share = ops.reshape(scalars["noise_level"], (-1, *ones))
        kind = ops.reshape(random.uniform((n_rows,)) * len(_HOLE_SIZES), (-1, *ones))
        is_lost = False
        for i, size in enumerate(_HOLE_SIZES):
            squares = random.uniform((n_rows, *(-(-n // size) for n in axes))) < share
            for axis, n in enumerate(axes, 1):
                squares = ops.take(ops.repeat(squares, size, axis=axis), ops.arange(n), axis=axis)
            is_mine = ops.logical_and(kind >= i, kind < i + 1)
            is_lost = ops.logical_or(is_lost, ops.logical_and(squares, is_mine))
        is_lost = ops.repeat(ops.reshape(is_lost, (n_rows, -1, 1)), n_channels, axis=2)
        return ops.where(ops.reshape(is_lost, (n_rows, -1)), float("nan"), rows)

    return make_holes


def any_level(ops: Namespace, n_rows: int, scalars: Scalars, random: RandomDraws) -> Tensor:
    """A level for each row, anywhere from ``noise_level`` to ``highest_level``.

    Returns
    -------
    level : tensor of shape (n_rows, 1)
    """
    lowest, highest = scalars["noise_level"], scalars["highest_level"]
    return lowest + (highest - lowest) * random.uniform((n_rows, 1))


def any_deviation(
    ops: Namespace, n_rows: int, scalars: Scalars, random: RandomDraws
) -> tuple[Tensor, Tensor]:
    """The deviation of each row's noise, drawn as in ``any_level``, and what its error counts.

    What noise leaves grows with its square. To matter as much as strong noise, weak noise is drawn
    more often and counts more, both by the inverse of its deviation: errors then weigh as by the
    inverse square, and those of a batch are alike (importance sampling, which leaves the least
    variance). Deviations below a twentieth of the highest are drawn and count as that one. The
    mean of what rows count is 1. The highest is not 0, with which there would be nothing to draw.

    Returns
    -------
    deviation, weight : tensors of shape (n_rows, 1)
    """
    lowest, highest = scalars["noise_level"], scalars["highest_level"]
    least = ops.maximum(lowest, highest / _MOST_UNLIKE)
    # Integrals of 1 / max(deviation, least), of which draws are even.
    below, above = (least - lowest) / least, ops.log(highest / least)
    drawn = (below + above) * random.uniform((n_rows, 1))
    is_below = drawn < below
    deviation = ops.where(is_below, lowest + least * drawn, least * ops.exp(drawn - below))
    # The integral of the inverse square over that of the inverse, which is 1 where there is one.
    n = below + above
    mean = ops.where(n > 0, (below + 1.0 - least / highest) / ops.where(n > 0, n, 1.0), 1.0)
    return deviation, least / ops.maximum(deviation, least) / mean


def _chosen(ops: Namespace, rows: Tensor, scalars: Scalars, random: RandomDraws) -> Tensor:
    return random.uniform(ops.shape(rows)) < scalars["noise_level"]


@functools.cache
def denoising(corrupt: Corruption) -> Objective:
    """Reconstruct rows that a corruption changes."""

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


@functools.cache
def denoising_of_any_level(corrupt: Corruption, *, weighs: bool) -> Objective:
    """Reconstruct rows that a corruption changes at a level that each row draws.

    Parameters
    ----------
    corrupt : callable
    weighs : bool
        Whether levels are deviations, and errors count by what such noise leaves.
    """

    def reconstruction_from_any_level(
        network: NetworkView, batch: Batch, scalars: Scalars, random: RandomDraws
    ) -> Terms:
        ops, rows = network.ops, batch["rows"]
        about = (ops, ops.shape(rows)[0], scalars, random)
        level, weight = any_deviation(*about) if weighs else (any_level(*about), None)
        corrupted = corrupt(ops, batch, {**scalars, "noise_level": level}, random)
        if network.masks_missing:
            is_missing = ops.isnan(rows)
            corrupted = ops.where(is_missing, rows, corrupted)
        output = network.decode(network.encode(corrupted))
        error = network.error(batch["targets"], output)
        return {"reconstruction": error if weight is None else error * weight[:, 0]}

    return Objective(reconstruction_from_any_level, ("reconstruction",), is_random=True)


@functools.cache
def filling(corrupt: Corruption) -> Objective:
    """Reconstruct rows of which a corruption makes values miss."""

    def reconstruction_with_holes(
        network: NetworkView, batch: Batch, scalars: Scalars, random: RandomDraws
    ) -> Terms:
        ops, rows = network.ops, batch["rows"]
        if "highest_level" in scalars:
            level = any_level(ops, ops.shape(rows)[0], scalars, random)
            scalars = {**scalars, "noise_level": level}
        output = network.decode(network.encode(corrupt(ops, batch, scalars, random)))
        return {"reconstruction": network.error(batch["targets"], output)}

    return Objective(reconstruction_with_holes, ("reconstruction",), is_random=True)


CORRUPTIONS: dict[str, Corruption] = {
    "gaussian": gaussian,
    "masking": masking,
    "salt_and_pepper": salt_and_pepper,
    "swap": swap,
}
DENOISING = {name: denoising(corrupt) for name, corrupt in CORRUPTIONS.items()}
