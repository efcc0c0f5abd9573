"""Rows restored in all their positions, mirrored and turned, of which the mean is taken."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from skae.networks import Network, ResidualNetwork
from skae.numerics import Array

if TYPE_CHECKING:
    from skae.model._scorers import Scorer, WeightsAs

# Axes that are mirrored, of images with their number first; and whether the first two are swapped.
_Position = tuple[tuple[int, ...], bool]


class PositionsScorer:
    """The scorer of a network that restores, asked in every position of the rows (Lim et al. 2017).

    Parameters
    ----------
    network : ResidualNetwork
        With positions.
    scorer_of : callable
        Gives the scorer of a network.
    """

    def __init__(self, network: ResidualNetwork, scorer_of: Callable[[Network], "Scorer"]) -> None:
        self._scorer_of = scorer_of
        self._network = replace(network, positions="one")
        self._swaps = network.positions == "all"

    def encode(self, weights_as: "WeightsAs", scaled: Array) -> Array:
        """The mean of restored rows, turned back."""
        images = scaled.reshape(-1, *self._network.sample_shape)
        total, positions = np.zeros(images.shape), list(self._positions())
        for position in positions:
            total += self._restored(weights_as, images, *position)
        mean: Array = (total / len(positions)).astype(scaled.dtype).reshape(scaled.shape)
        return mean

    def encode_distribution(self, weights_as: "WeightsAs", scaled: Array) -> list[Array]:
        """What the network says of one position, which is nothing."""
        return self._scorer_of(self._network).encode_distribution(weights_as, scaled)

    def decode(self, weights_as: "WeightsAs", code: Array) -> Array:
        """The rows themselves, which have been turned back."""
        return self._scorer_of(self._network).decode(weights_as, code)

    def _positions(self) -> Iterator[_Position]:
        axes = range(1, 1 + self._network.n_axes)
        for swapped in (False, True)[: 1 + self._swaps]:
            for mirrored in itertools.product((False, True), repeat=len(axes)):
                yield tuple(itertools.compress(axes, mirrored)), swapped

    def _restored(
        self, weights_as: "WeightsAs", images: Array, mirrored: tuple[int, ...], is_swapped: bool
    ) -> Array:
        turned = np.flip(images, mirrored)
        turned = np.swapaxes(turned, 1, 2) if is_swapped else turned
        scorer = self._scorer_of(self._network.of_shape(turned.shape[1:-1]))
        rows = np.ascontiguousarray(turned).reshape(len(images), -1)
        found = scorer.encode(weights_as, rows).reshape(turned.shape)
        found = np.swapaxes(found, 1, 2) if is_swapped else found
        restored: Array = np.flip(found, mirrored)
        return restored
