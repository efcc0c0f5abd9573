"""Networks that restore rows, in numpy: a linear filter and a correction of the row."""

from typing import TYPE_CHECKING

import numpy as np

from skae.networks import _names as names
from skae.networks._in_place import activate_in_place, sigmoid_in_place
from skae.networks._maps import convolved, grown, pooled, repeated, smoothed
from skae.numerics import Array, Weights

if TYPE_CHECKING:
    from skae.networks._residual import ResidualNetwork


def restored(network: "ResidualNetwork", weights: Weights, rows: Array) -> Array:
    """Restored rows, in float32.

    Parameters
    ----------
    network : ResidualNetwork
    weights : dict of ndarray
    rows : ndarray of shape (n_rows, n_features), float32
        Scaled.
    """
    maps = rows.reshape(-1, *network.sample_shape)
    read = maps
    if network.fills:
        is_missing = np.isnan(maps)
        maps = np.where(is_missing, maps.dtype.type(0), maps)
        read = np.concatenate([maps, is_missing.astype(maps.dtype)], axis=-1)
    if network.reads_contrast:
        contrast = maps - smoothed(maps, network.around_size)
        read = np.concatenate([read, contrast], axis=-1)
    linear = maps
    if network.linear_path:
        margins = [(size // 2, size // 2) for size in network.filter_size]
        mirrored = np.pad(maps, [(0, 0), *margins, (0, 0)], mode="symmetric")
        linear = _convolution(names.linear("encoder"), weights, mirrored, is_padded=False)
    if network.linear_path and network.reads_level:
        level = np.mean(np.abs(maps - linear), axis=-1, keepdims=True)
        level = smoothed(level, network.around_size)
        hidden = _convolution("encoder_level_hidden", weights, level)
        share = _convolution("encoder_level_share", weights, activate_in_place("relu", hidden))
        sigmoid_in_place(share)
        share *= linear - maps
        linear = share + maps
        read = np.concatenate([read, level], axis=-1)
    correct = _same_size if network.kind == "residual" else _u_shape
    correction = _convolution(names.nonlinear("encoder"), weights, correct(network, weights, read))
    correction += linear
    return correction.reshape(len(rows), -1)


def _same_size(network: "ResidualNetwork", weights: Weights, maps: Array) -> Array:
    for i in range(1, len(network.hidden_layer_sizes) + 1):
        maps = _hidden(network, names.hidden("encoder", i), weights, maps)
    return maps


def _u_shape(network: "ResidualNetwork", weights: Weights, maps: Array) -> Array:
    n_scales = len(network.hidden_layer_sizes)
    maps, skipped = _hidden(network, names.hidden("encoder", 1), weights, maps), []
    for i in range(2, n_scales + 1):
        skipped.append(maps)
        if network.pooling is None:
            maps = _hidden(network, f"encoder_shrink_{i}", weights, maps, stride=2)
        else:
            maps = pooled(maps, network.pooling)
        maps = _hidden(network, names.hidden("encoder", i), weights, maps)
    for i, skip in enumerate(reversed(skipped), n_scales + 1):
        maps = _grown(network, f"encoder_grow_{i}", weights, maps, skip.shape[1:-1])
        maps += skip
        maps = _hidden(network, names.hidden("encoder", i), weights, maps)
    return maps


def _hidden(
    network: "ResidualNetwork", layer: str, weights: Weights, maps: Array, *, stride: int = 1
) -> Array:
    maps = convolved(maps, weights[names.kernel(layer)], stride=stride)
    return activate_in_place(network.activation, maps, weights.get(names.bias(layer)))


def _grown(
    network: "ResidualNetwork", layer: str, weights: Weights, maps: Array, sizes: tuple[int, ...]
) -> Array:
    """Twice as large along every axis, cropped to the size of what is added."""
    if network.pooling is None:
        kernel, bias = weights[names.kernel(layer)], weights.get(names.bias(layer))
        return grown(maps, kernel, bias, sizes)
    doubled = repeated(maps, tuple(2 * size for size in maps.shape[1:-1]))
    maps = _convolution(layer, weights, doubled)
    return np.ascontiguousarray(maps[(slice(None), *(slice(size) for size in sizes))])


def _convolution(layer: str, weights: Weights, maps: Array, *, is_padded: bool = True) -> Array:
    kernel, bias = weights[names.kernel(layer)], weights.get(names.bias(layer))
    return convolved(maps, kernel, bias, is_padded=is_padded)
