"""Channels of hidden layers: the weights that make each, and those that read it.

A channel is a filter of a convolution, or a unit of a dense or a recurrent layer. Encoder and
decoder mirror each other's sizes, so that as many go from the layer of the same place in either.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import prod

import numpy as np

from skae.networks import _names as names
from skae.networks._convolutional import ConvolutionalNetwork
from skae.networks._dense import DenseNetwork
from skae.networks._network import Network
from skae.networks._recurrent import RecurrentNetwork
from skae.networks._residual import ResidualNetwork, UNetwork
from skae.numerics import Array, Integers, Weights

_GATES = {"lstm": 4, "gru": 3}


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


def channel_groups(network: Network, weights: Weights) -> list[ChannelGroup]:
    """Groups of the channels of all hidden layers.

    Raises
    ------
    TypeError
        If the network is a user's own, whose layers nobody knows.
    """
    if isinstance(network, DenseNetwork):
        return [*_chain(network, "encoder", _dense), *_chain(network, "decoder", _dense)]
    if isinstance(network, ConvolutionalNetwork):
        return list(_convolutional(network))
    if isinstance(network, RecurrentNetwork):
        return list(_recurrent(network, weights))
    if isinstance(network, UNetwork):
        return list(_u_shaped(network))
    if isinstance(network, ResidualNetwork):
        return list(_chain(network, "encoder", _convolution))
    raise TypeError(f"channels of a {type(network).__name__}")


def without_channels(
    network: Network, weights: Weights, kept: Sequence[tuple[ChannelGroup, Integers]]
) -> tuple[Network, Weights]:
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


# What makes the channels of a layer, and what reads those of the layer before it


def _dense(layer: str, n_tiles: int = 1) -> tuple[ChannelAxis, ...]:
    return (
        ChannelAxis(names.kernel(layer), -1, n_tiles),
        ChannelAxis(names.bias(layer), -1, n_tiles),
    )


_convolution = _dense


def _transposed(layer: str) -> tuple[ChannelAxis, ...]:
    return (ChannelAxis(names.kernel(layer), -2), ChannelAxis(names.bias(layer), -1))


def _reads(layer: str, axis: int = -2, n_tiles: int = 1) -> tuple[ChannelAxis, ...]:
    return (ChannelAxis(names.kernel(layer), axis, n_tiles),)


def _layers(network: Network, half: str) -> list[tuple[int, str, str]]:
    """Of each hidden layer its place among the sizes, its name and that of the next layer."""
    n_hidden = len(network.hidden_layer_sizes)
    places = range(n_hidden) if half == "encoder" else range(n_hidden)[::-1]
    hidden = [names.hidden(half, i + 1) for i in range(n_hidden)]
    return list(zip(places, hidden, [*hidden[1:], names.nonlinear(half)], strict=True))


def _chain(
    network: Network, half: str, writers: Callable[[str], tuple[ChannelAxis, ...]]
) -> Iterator[ChannelGroup]:
    for place, layer, following in _layers(network, half):
        yield ChannelGroup(place, writers(layer), _reads(following))


def _convolutional(network: ConvolutionalNetwork) -> Iterator[ChannelGroup]:
    n_hidden, n_places = len(network.hidden_layer_sizes), prod(network.sizes[-1])
    for place, layer, following in _layers(network, "encoder"):
        n_tiles = n_places if place == n_hidden - 1 else 1
        yield ChannelGroup(place, _convolution(layer), _reads(following, -2, n_tiles))
    grows, axis = (_convolution, -2) if network.pooling else (_transposed, -1)
    for place, layer, following in _layers(network, "decoder"):
        is_first = place == n_hidden - 1
        writers = _dense(layer, n_places) if is_first else grows(layer)
        yield ChannelGroup(place, writers, _reads(following, axis))


def _recurrent(network: RecurrentNetwork, weights: Weights) -> Iterator[ChannelGroup]:
    """Units of both directions of the same place go together."""
    n_gates, n_directions = _GATES[network.cell], 2 if network.bidirectional else 1
    for half in ("encoder", "decoder"):
        for place, layer, following in _layers(network, half):
            own = [name for name in weights if name.startswith(names.all_of(layer))]
            read = [name for name in weights if name.startswith(names.all_of(following))]
            yield ChannelGroup(
                place,
                tuple(ChannelAxis(name, -1, n_gates) for name in own),
                (
                    *(ChannelAxis(name, -2) for name in own if name.endswith("recurrent_kernel")),
                    *(
                        ChannelAxis(name, -2, n_directions)
                        for name in read
                        if name.endswith("/kernel")
                    ),
                ),
            )


def _u_shaped(network: UNetwork) -> Iterator[ChannelGroup]:
    """Of each scale three groups: what is skipped to, what is shrunk, what is grown from."""
    n_scales = len(network.hidden_layer_sizes)
    layers = [names.hidden("encoder", i) for i in range(1, 2 * n_scales)]
    last = names.nonlinear("encoder")
    grows, axis = (_convolution, -2) if network.pooling else (_transposed, -1)
    for scale in range(n_scales):
        down, up = layers[scale], layers[-1 - scale]
        is_deepest = scale == n_scales - 1
        grown_to = f"encoder_grow_{2 * n_scales - scale}"
        beyond = _reads(last) if scale == 0 else _reads(grown_to, axis)
        if scale and not network.pooling:
            yield ChannelGroup(scale, _convolution(f"encoder_shrink_{scale + 1}"), _reads(down))
        if is_deepest:
            yield ChannelGroup(scale, _convolution(down), beyond)
            continue
        deeper = layers[scale + 1] if network.pooling else f"encoder_shrink_{scale + 2}"
        own = grows(f"encoder_grow_{2 * n_scales - 1 - scale}")
        yield ChannelGroup(scale, (*_convolution(down), *own), (*_reads(deeper), *_reads(up)))
        yield ChannelGroup(scale, _convolution(up), beyond)
