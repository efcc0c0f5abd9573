"""Rows of images mirrored and turned at random, for what has no upright."""

import functools
from dataclasses import replace

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


@functools.cache
def with_flips(objective: Objective, sample_shape: tuple[int, ...] | None) -> Objective:
    """An objective whose batches are mirrored along each axis at even odds, and turned.

    Axes are swapped where the first two are equally long. A batch is treated alike: another one
    comes soon.

    Parameters
    ----------
    objective : Objective
    sample_shape : tuple of int or None
        Of a row, with the channels last; None for a signal of one channel.
    """

    def of_flipped_rows(
        network: NetworkView, batch: Batch, scalars: Scalars, random: RandomDraws
    ) -> Terms:
        shape = sample_shape or (batch["rows"].shape[1], 1)
        flips = [random.uniform(()) < 0.5 for _ in shape]
        flipped = {
            name: _flipped(network.ops, batch[name], flips, shape) for name in ("rows", "targets")
        }
        return objective.function(network, {**batch, **flipped}, scalars, random)

    return replace(objective, function=of_flipped_rows, is_random=True)


def _flipped(
    ops: Namespace, rows: Tensor, flips: list[Tensor], sample_shape: tuple[int, ...]
) -> Tensor:
    *axes, _ = sample_shape
    images = ops.reshape(rows, (-1, *sample_shape))
    for axis, is_flipped in enumerate(flips[:-1], 1):
        images = ops.where(is_flipped, ops.flip(images, axis=axis), images)
    if len(axes) > 1 and axes[0] == axes[1]:
        images = ops.where(flips[-1], ops.swapaxes(images, 1, 2), images)
    return ops.reshape(images, ops.shape(rows))
