"""Channels of hidden layers: the weights that make each, and those that read it.

A channel is a filter of a convolution, or a unit of a dense or a recurrent layer. Encoder and
decoder mirror each other's sizes, so that as many go from the layer of the same place in either.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from skae.networks import _names as names
from skae.numerics import Array, Integers, Weights

if TYPE_CHECKING:
    from skae.networks._network import Network


@dataclass(frozen=True)
class ChannelAxis:
    """An axis of a weight along which channels lie.

    Attributes
    ----------
    name : str
    axis : int
        Counted from the end.
    n_tiles : int
        How often all channels follow each other along it: once for each place of a map that was
        flattened, for each gate, or for each direction.
    """

    name: str
    axis: int
    n_tiles: int = 1

    def tiled(self, array: Array) -> Array:
        """The array with channels along the first axis."""
        n_channels = array.shape[self.axis] // self.n_tiles
        first = np.moveaxis(array, self.axis, 0)
        split = first.reshape(self.n_tiles, n_channels, *first.shape[1:])
        return np.moveaxis(split, 1, 0)

    def kept(self, array: Array, places: Integers) -> Array:
        """The array with the channels of these places alone."""
        n_channels = array.shape[self.axis] // self.n_tiles
        along = (n_channels * np.arange(self.n_tiles)[:, None] + places).ravel()
        return np.ascontiguousarray(np.take(array, along, axis=self.axis))


@dataclass(frozen=True)
class ChannelGroup:
    """Channels that go together: those of one layer, or of layers whose outputs are added.

    Attributes
    ----------
    layer : int
        Place in the network's ``hidden_layer_sizes``.
    writers, readers : tuple of ChannelAxis
        Of the weights that make them, and of those that multiply them. A weight that a network
        may lack, such as a bias, is named too.
    """

    layer: int
    writers: tuple[ChannelAxis, ...]
    readers: tuple[ChannelAxis, ...]


def without_channels(
    network: "Network", weights: Weights, kept: Sequence[tuple[ChannelGroup, Integers]]
) -> tuple["Network", Weights]:
    """A network of fewer channels, with the weights of those that are left.

    Parameters
    ----------
    network : Network
    weights : dict of ndarray
    kept : sequence of (ChannelGroup, ndarray of int)
        For every group the places of the channels that stay, ascending; as many in all groups of
        a layer.
    """
    weights, sizes = dict(weights), list(network.hidden_layer_sizes)
    for group, places in kept:
        sizes[group.layer] = len(places)
        for each in (*group.writers, *group.readers):
            if each.name in weights:
                weights[each.name] = each.kept(weights[each.name], places)
    return replace(network, hidden_layer_sizes=tuple(sizes)), weights


def makes(layer: str, n_tiles: int = 1) -> tuple[ChannelAxis, ...]:
    """Axes of the weights that make the channels of a dense layer, or of a convolution."""
    return (
        ChannelAxis(names.kernel(layer), -1, n_tiles),
        ChannelAxis(names.bias(layer), -1, n_tiles),
    )


def makes_transposed(layer: str) -> tuple[ChannelAxis, ...]:
    """Axes of the weights that make the channels of a transposed convolution."""
    return (ChannelAxis(names.kernel(layer), -2), ChannelAxis(names.bias(layer), -1))


def reads(layer: str, axis: int = -2, n_tiles: int = 1) -> tuple[ChannelAxis, ...]:
    """The axis of the kernel of a layer that reads the channels of the layer before it."""
    return (ChannelAxis(names.kernel(layer), axis, n_tiles),)


def hidden_layers(network: "Network", half: str) -> list[tuple[int, str, str]]:
    """Of each hidden layer its place among the sizes, its name and that of the next layer."""
    n_hidden = len(network.hidden_layer_sizes)
    places = range(n_hidden) if half == "encoder" else range(n_hidden)[::-1]
    hidden = [names.hidden(half, i + 1) for i in range(n_hidden)]
    return list(zip(places, hidden, [*hidden[1:], names.nonlinear(half)], strict=True))


def chained(network: "Network", half: str) -> Iterator[ChannelGroup]:
    """Groups of layers each of which reads the one before it, and no other."""
    for place, layer, following in hidden_layers(network, half):
        yield ChannelGroup(place, makes(layer), reads(following))
