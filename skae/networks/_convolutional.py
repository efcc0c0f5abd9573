"""The convolutional network: sequences, images or volumes, halved by each hidden layer."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import ClassVar

import numpy as np

from skae.networks import _names as names
from skae.networks._activations import OF_ONE_VALLEY, RISING
from skae.networks._channels import (
    ChannelGroup,
    hidden_layers,
    makes,
    makes_transposed,
    reads,
)
from skae.networks._in_place import activate_in_place
from skae.networks._maps import convolved, grown, pooled, repeated
from skae.networks._numpy_twin import TwinnedNetwork
from skae.numerics import Array, Weights, product

# Of a row that has places: positions along each, and values at each position.
PLACES = (2, 3, 4)
OF_PLACES = "(length, channels), (height, width, channels) or (depth, height, width, channels)"


@dataclass(frozen=True, kw_only=True)
class ConvolutionalNetwork(TwinnedNetwork):
    """Convolutions that halve every axis, and a decoder that doubles them again.

    An odd size is rounded up on the way in and cropped on the way out, so any size comes back.

    Attributes
    ----------
    kernel_size : tuple of int
        One size for every axis.
    pooling : {"max", "average"} or None
        None strides the convolutions and transposes them in the decoder; else they are followed by
        pooling, and in the decoder come after repeating each value.
    """

    kernel_size: tuple[int, ...]
    pooling: str | None = None

    kind: ClassVar[str] = "convolutional"
    auto_sizes: ClassVar[tuple[int, ...]] = (32, 64)
    row_axes: ClassVar[tuple[int, ...]] = PLACES
    row_shape: ClassVar[str] = OF_PLACES
    takes_classes: ClassVar[bool] = True
    # On an H200: 8 s more to compile, and 2.7 ms saved of each step. On processors XLA is slow at
    # convolutions.
    xla_from_steps_on_gpu: ClassVar[float] = 4000
    departs_from_pca: ClassVar[bool] = True
    # XLA never pays: on two cores it made a step of two 3 x 3 layers take 47 ms instead of 6.

    @property
    def n_axes(self) -> int:
        """1 for sequences, 2 for images, 3 for volumes."""
        return len(self.sample_shape) - 1

    @property
    def sizes(self) -> tuple[tuple[int, ...], ...]:
        """Size of every axis before the first hidden layer, and after each."""
        sizes = [self.sample_shape[:-1]]
        for _ in self.hidden_layer_sizes:
            sizes.append(tuple(-(-size // 2) for size in sizes[-1]))
        return tuple(sizes)

    @classmethod
    def hidden_axes(cls, sample_shape: tuple[int, ...]) -> list[int]:
        """Maps, and the units from which a decoder grows them."""
        return [1 + len(sample_shape), 2]

    def channel_groups(self, weights: Weights) -> list[ChannelGroup]:
        """Filters of each layer of either half; the decoder's first are units of all places."""
        return list(self._channel_groups())

    def _channel_groups(self) -> Iterator[ChannelGroup]:
        n_hidden, n_places = len(self.hidden_layer_sizes), prod(self.sizes[-1])
        for place, layer, following in hidden_layers(self, "encoder"):
            n_tiles = n_places if place == n_hidden - 1 else 1
            yield ChannelGroup(place, makes(layer), reads(following, -2, n_tiles))
        grows, axis = (makes, -2) if self.pooling else (makes_transposed, -1)
        for place, layer, following in hidden_layers(self, "decoder"):
            is_first = place == n_hidden - 1
            writers = makes(layer, n_places) if is_first else grows(layer)
            yield ChannelGroup(place, writers, reads(following, axis))

    @property
    def widest_layer(self) -> int:
        """The most values any layer holds for one row."""
        widest = super().widest_layer
        for axes, filters in zip(self.sizes, self.hidden_layer_sizes, strict=False):
            n_values = filters
            for size in axes:
                n_values *= size
            widest = max(widest, n_values)
        return widest

    def _nonlinear(self, half: str, weights: Weights, inputs: Array, columns: slice) -> Array:
        if half == "encoder":
            return self._shrunk(weights, inputs, columns)
        return self._grown(weights, inputs)[:, columns]

    def _shrunk(self, weights: Weights, rows: Array, columns: slice) -> Array:
        """Code of rows by the nonlinear path."""
        maps = rows.reshape(-1, *self.sample_shape)
        for i in range(1, len(self.hidden_layer_sizes) + 1):
            layer = names.hidden("encoder", i)
            kernel, bias = weights[names.kernel(layer)], weights[names.bias(layer)]
            maps = convolved(maps, kernel, bias, stride=1 if self.pooling else 2)
            maps = self._activated_and_pooled(maps)
        layer = names.nonlinear("encoder")
        code = product(maps.reshape(len(maps), -1), weights[names.kernel(layer)][:, columns])
        if names.bias(layer) in weights:
            code += weights[names.bias(layer)][columns]
        return code

    def _activated_and_pooled(self, maps: Array) -> Array:
        if self.pooling == "max" and self.activation in RISING:
            return activate_in_place(self.activation, pooled(maps, "max"))
        if self.pooling == "max" and self.activation in OF_ONE_VALLEY:
            # The largest value is that of the largest place, or of the least one.
            ends = [pooled(maps, kind) for kind in ("min", "max")]
            return np.maximum(*(activate_in_place(self.activation, end) for end in ends))
        maps = activate_in_place(self.activation, maps)
        return pooled(maps, self.pooling) if self.pooling else maps

    def _grown(self, weights: Weights, code: Array) -> Array:
        """Rows of a code by the nonlinear path."""
        layer = names.hidden("decoder", 1)
        inner = product(code, weights[names.kernel(layer)])
        maps = activate_in_place(self.activation, inner, weights[names.bias(layer)])
        maps = maps.reshape(-1, *self.sizes[-1], self.hidden_layer_sizes[-1])
        for i, sizes in enumerate(self.sizes[-2:0:-1], 2):
            maps = self._doubled(names.hidden("decoder", i), weights, maps, sizes)
            maps = activate_in_place(self.activation, maps)
        maps = self._doubled(names.nonlinear("decoder"), weights, maps, self.sizes[0])
        return maps.reshape(len(maps), -1)

    def _doubled(self, layer: str, weights: Weights, maps: Array, sizes: tuple[int, ...]) -> Array:
        kernel, bias = weights[names.kernel(layer)], weights.get(names.bias(layer))
        if self.pooling is None:
            return grown(maps, kernel, bias, sizes)
        doubled = tuple(2 * size for size in maps.shape[1:-1])
        return _cropped(convolved(repeated(maps, doubled), kernel, bias), sizes)


def _cropped(maps: Array, sizes: tuple[int, ...]) -> Array:
    return np.ascontiguousarray(maps[(slice(None), *(slice(size) for size in sizes))])
