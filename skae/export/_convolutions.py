"""Convolutional layers, with channels before axes as ONNX has them."""

import itertools
import math
from typing import Any

import numpy as np

from skae.export._layers import activation_of, affine
from skae.export._tensor import Tensor
from skae.networks import ConvolutionalNetwork, names
from skae.numerics import Array, Weights

Axes = tuple[int, ...]


def convolutional_path(
    network: ConvolutionalNetwork, weights: Weights, half: str, inputs: Tensor
) -> Tensor:
    """Output of the nonlinear path of the encoder or the decoder."""
    return (_encoder if half == "encoder" else _decoder)(network, weights, inputs)


def _encoder(network: ConvolutionalNetwork, weights: Weights, rows: Tensor) -> Tensor:
    activate, maps = activation_of(network.activation), channels_first(rows, network.sample_shape)
    for i in range(1, len(network.hidden_layer_sizes) + 1):
        strides = 1 if network.pooling else 2
        maps = activate(convolved(weights, names.hidden("encoder", i), maps, strides))
        if network.pooling:
            maps = pooled(network.pooling, maps)
    return affine(weights, names.nonlinear("encoder"), flat(maps))


def _decoder(network: ConvolutionalNetwork, weights: Weights, code: Tensor) -> Tensor:
    activate, n_hidden = activation_of(network.activation), len(network.hidden_layer_sizes)
    hidden = activate(affine(weights, names.hidden("decoder", 1), code))
    maps = channels_first(hidden, (*network.sizes[-1], network.hidden_layer_sizes[-1]))
    for i in range(2, n_hidden + 1):
        maps = _grown(network, weights, names.hidden("decoder", i), maps)
        maps = cropped(activate(maps), network.sizes[n_hidden + 1 - i])
    maps = _grown(network, weights, names.nonlinear("decoder"), maps)
    return flat(cropped(maps, network.sizes[0]))


def _grown(network: ConvolutionalNetwork, weights: Weights, layer: str, maps: Tensor) -> Tensor:
    """Twice as large along every axis."""
    if network.pooling:
        return convolved(weights, layer, repeated(maps))
    return transposed(weights, layer, maps)


def channels_first(rows: Tensor, sample_shape: Axes) -> Tensor:
    """Flattened rows as maps of shape (n, n_channels, *axes)."""
    n_axes = len(sample_shape) - 1
    shaped = rows.reshape(-1, *sample_shape)
    return shaped.transpose(0, n_axes + 1, *range(1, n_axes + 1))


def flat(maps: Tensor) -> Tensor:
    """Maps as rows, as Keras flattens them: channels last."""
    _, n_channels, *axes = maps.shape
    last = maps.transpose(0, *range(2, maps.ndim), 1)
    return last.reshape(-1, math.prod(int(size or 0) for size in axes) * int(n_channels or 0))


def convolved(
    weights: Weights, layer: str, maps: Tensor, strides: int = 1, *, padded: bool = True
) -> Tensor:
    """Output of a convolution before its activation; of the size of maps where they are padded."""
    kernel = weights[names.kernel(layer)]
    *size, _, n_filters = kernel.shape
    axes = _axes_of(maps)
    pads = [_padding(n, k, strides) for n, k in zip(axes, size, strict=True)]
    if not padded:
        pads = [(0, 0)] * len(size)
    shape = tuple(
        (n + sum(pad) - k) // strides + 1 for n, k, pad in zip(axes, size, pads, strict=True)
    )
    return maps.op(
        "Conv",
        _filters_first(kernel),
        *_bias(weights, layer),
        kernel_shape=size,
        strides=[strides] * len(size),
        pads=_in_order(pads),
        shape=(None, n_filters, *shape),
    )


def transposed(weights: Weights, layer: str, maps: Tensor) -> Tensor:
    """Output of a transposed convolution, twice as large along every axis."""
    kernel = weights[names.kernel(layer)]
    *size, n_filters, _ = kernel.shape
    pads = [((k - 2) // 2, k - 2 - (k - 2) // 2) if k > 1 else (0, 0) for k in size]
    return maps.op(
        "ConvTranspose",
        _filters_first(kernel),
        *_bias(weights, layer),
        kernel_shape=size,
        strides=[2] * len(size),
        pads=_in_order(pads),
        output_padding=[1 if k == 1 else 0 for k in size],
        shape=(None, n_filters, *(2 * n for n in _axes_of(maps))),
    )


def pooled(kind: str, maps: Tensor, size: Axes | None = None, strides: int = 2) -> Tensor:
    """Largest or mean values of neighbours, of as many as there are at an edge."""
    axes = _axes_of(maps)
    size = size or (2,) * len(axes)
    pads = [_padding(n, k, strides) for n, k in zip(axes, size, strict=True)]
    options: dict[str, Any] = {"count_include_pad": 0} if kind == "average" else {}
    return maps.op(
        {"average": "AveragePool", "max": "MaxPool"}[kind],
        kernel_shape=list(size),
        strides=[strides] * len(axes),
        pads=_in_order(pads),
        shape=(*maps.shape[:2], *(-(-n // strides) for n in axes)),
        **options,
    )


def repeated(maps: Tensor) -> Tensor:
    """Every value twice along every axis."""
    axes = _axes_of(maps)
    return maps.op(
        "Resize",
        # There is no region of interest, and no name for nothing that all readers know.
        np.zeros(0, np.float32),
        np.array([1, 1, *[2] * len(axes)], np.float32),
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
        shape=(*maps.shape[:2], *(2 * n for n in axes)),
    )


def cropped(maps: Tensor, axes: Axes) -> Tensor:
    """Maps without what is beyond a size."""
    return maps[(slice(None), slice(None), *(slice(0, n) for n in axes))]


def mirrored(maps: Tensor, margins: Axes) -> Tensor:
    """Maps that go on beyond their edges with what these mirror."""
    for axis, (margin, n) in enumerate(zip(margins, _axes_of(maps), strict=True), 2):
        places = np.pad(np.arange(n), margin, mode="symmetric")
        maps = maps[(*(slice(None),) * axis, places)]
    return maps


def _axes_of(maps: Tensor) -> Axes:
    return tuple(int(size or 0) for size in maps.shape[2:])


def _padding(n: int, size: int, strides: int) -> tuple[int, int]:
    """What Keras adds before and after an axis for ``padding="same"``."""
    total = max((-(-n // strides) - 1) * strides + size - n, 0)
    return total // 2, total - total // 2


def _in_order(pads: list[tuple[int, int]]) -> list[int]:
    return list(itertools.chain(*zip(*pads, strict=True)))


def _filters_first(kernel: Array) -> Array:
    """A kernel as ONNX has it, with the axes of an image last."""
    n_axes = kernel.ndim - 2
    return np.ascontiguousarray(kernel.transpose(n_axes + 1, n_axes, *range(n_axes)))


def _bias(weights: Weights, layer: str) -> list[Array]:
    bias = names.bias(layer)
    return [weights[bias]] if bias in weights else []
