"""One network of those that the shards have trained in a round."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from skae.numerics import Array, Weights

# Values of an array that are averaged at a time.
_AT_A_TIME = 2**14


def weighted_mean(arrays: list[Array], shares: list[float]) -> Array:
    """Mean of arrays in float64, in their order; of integers the first."""
    if len(arrays) == 1 or not np.issubdtype(arrays[0].dtype, np.floating):
        return arrays[0]
    mean = np.empty(arrays[0].size, arrays[0].dtype)
    flat = [array.ravel() for array in arrays]
    total, part = np.empty((2, min(mean.size, _AT_A_TIME)))
    # What is made on the way stays in the cache.
    for first in range(0, mean.size, _AT_A_TIME):
        here = slice(first, first + _AT_A_TIME)
        n = len(mean[here])
        total[:n] = 0.0
        for array, share in zip(flat, shares, strict=True):
            np.multiply(array[here], share, out=part[:n], dtype=np.float64)
            total[:n] += part[:n]
        mean[here] = total[:n]
    return mean.reshape(arrays[0].shape)


def shortened(memory: Sequence[Array | None]) -> list[Array | None]:
    """Numbers in single precision as half as many bits (bfloat16), all else as it is.

    What optimizers know are means over many steps, whose third digit is chance; they are two
    thirds of what rounds carry.
    """
    return [None if array is None else _shortened(array) for array in memory]


def lengthened(memory: Sequence[Array | None]) -> list[Array | None]:
    """What was ``shortened``, in single precision again."""
    return [None if array is None else _lengthened(array) for array in memory]


def _shortened(array: Array) -> Array:
    if array.dtype != np.float32 or not array.ndim:
        return array
    # The upper bits, rounded to the nearest and at a tie to even.
    bits = np.ascontiguousarray(array).view(np.uint32)
    return ((bits + (0x7FFF + ((bits >> 16) & 1))) >> 16).astype(np.uint16)


def _lengthened(array: Array) -> Array:
    # Nothing else that a program knows is of this type.
    return (array.astype(np.uint32) << 16).view(np.float32) if array.dtype == np.uint16 else array


def mean_memory(
    memories: Sequence[Sequence[Any]], shares: list[float]
) -> tuple[list[Array | None], list[list[Array | None]]]:
    """What optimizers know: means of numbers, and counts and generators, which each has its own.

    Each list has None in the place of what is in the other.
    """
    is_mean = [np.issubdtype(array.dtype, np.floating) for array in memories[0]]
    places = zip(is_mean, zip(*memories, strict=True), strict=True)
    shared = [weighted_mean(list(arrays), shares) if mean else None for mean, arrays in places]
    own = [
        [None if mean else array for mean, array in zip(is_mean, memory, strict=True)]
        for memory in memories
    ]
    return shared, own


def mean_weights(weights: list[Weights], shares: list[float]) -> Weights:
    """Mean of the weights of several networks, by name."""
    return {name: weighted_mean([each[name] for each in weights], shares) for name in weights[0]}


def stepped(
    before: Weights, mean: Weights, velocity: Weights, momentum: float
) -> tuple[Weights, Weights]:
    """The step from ``before`` to ``mean`` with Nesterov's momentum, and the velocity after it.

    The difference that a round makes is the gradient of an outer optimizer, whose rate is 1
    (Douillard et al. 2023).
    """
    if not momentum:
        return mean, velocity
    moved, gained = dict(mean), {}
    for name, old in before.items():
        if np.issubdtype(old.dtype, np.floating):
            step = mean[name].astype(np.float64) - old
            gained[name] = step + momentum * velocity.get(name, np.zeros(()))
            moved[name] = (old + step + momentum * gained[name]).astype(old.dtype)
    return moved, gained
