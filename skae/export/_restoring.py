"""Networks that restore rows: a linear filter plus a correction."""

from typing import Any

import numpy as np

from skae.export._convolutions import (
    channels_first,
    convolved,
    cropped,
    flat,
    mirrored,
    pooled,
    repeated,
    transposed,
)
from skae.export._layers import activation_of
from skae.export._tensor import Tensor, xp
from skae.networks import ResidualNetwork, names
from skae.numerics import Weights


def restored(network: Any, weights: Weights, rows: Tensor) -> Tensor:
    """Scaled rows, restored."""
    seen = xp.nan_to_num(rows) if network.fills else rows
    maps = channels_first(seen, network.sample_shape)
    read = maps
    if network.fills:
        given = channels_first(rows, network.sample_shape)
        read = xp.concatenate([maps, xp.isnan(given).astype(np.float32)], axis=1)
    if network.reads_contrast:
        read = xp.concatenate([read, maps - _smoothed(network, maps)], axis=1)
    linear = maps
    if network.linear_path:
        margins = tuple(n // 2 for n in network.filter_size)
        linear = convolved(weights, names.linear("encoder"), mirrored(maps, margins), padded=False)
    if network.reads_level and network.linear_path:
        level = _level(network, maps, linear)
        linear = maps + _share(weights, level) * (linear - maps)
        read = xp.concatenate([read, level], axis=1)
    build = _same_size if network.kind == "residual" else _u_shape
    correction = convolved(weights, names.nonlinear("encoder"), build(network, weights, read))
    return flat(linear + correction)


def _level(network: ResidualNetwork, maps: Tensor, linear: Tensor) -> Tensor:
    """How much the filter takes off in each neighbourhood."""
    return _smoothed(network, xp.mean(xp.abs(maps - linear), axis=1, keepdims=True))


def _smoothed(network: ResidualNetwork, maps: Tensor) -> Tensor:
    """Means of the neighbourhoods of every place."""
    for axis, n in enumerate(network.around_size):
        size = tuple(n if i == axis else 1 for i in range(network.n_axes))
        maps = pooled("average", maps, size, strides=1)
    return maps


def _share(weights: Weights, level: Tensor) -> Any:
    """How far to follow the filter, at each level."""
    hidden = activation_of("relu")(convolved(weights, "encoder_level_hidden", level))
    return activation_of("sigmoid")(convolved(weights, "encoder_level_share", hidden))


def _same_size(network: ResidualNetwork, weights: Weights, maps: Tensor) -> Tensor:
    for i in range(1, len(network.hidden_layer_sizes) + 1):
        maps = _hidden(network, weights, f"encoder_hidden_{i}", maps)
    return maps


def _u_shape(network: ResidualNetwork, weights: Weights, maps: Tensor) -> Tensor:
    n_scales = len(network.hidden_layer_sizes)
    maps, skipped = _hidden(network, weights, "encoder_hidden_1", maps), []
    for i in range(2, n_scales + 1):
        skipped.append(maps)
        if network.pooling is None:
            maps = _hidden(network, weights, f"encoder_shrink_{i}", maps, strides=2)
        else:
            maps = pooled(network.pooling, maps)
        maps = _hidden(network, weights, f"encoder_hidden_{i}", maps)
    for i, skip in enumerate(reversed(skipped), n_scales + 1):
        layer = f"encoder_grow_{i}"
        if network.pooling is None:
            maps = transposed(weights, layer, maps)
        else:
            maps = convolved(weights, layer, repeated(maps))
        maps = cropped(maps, tuple(int(n or 0) for n in skip.shape[2:])) + skip
        maps = _hidden(network, weights, f"encoder_hidden_{i}", maps)
    return maps


def _hidden(
    network: ResidualNetwork, weights: Weights, layer: str, maps: Tensor, strides: int = 1
) -> Tensor:
    activated: Tensor = activation_of(network.activation)(convolved(weights, layer, maps, strides))
    return activated
