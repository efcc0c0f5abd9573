"""Convolutional paths."""

import math
from typing import Any

import keras

from skae.backend._blocks import DTYPE, Path, dense, dropout, glorot, reshape
from skae.networks import ConvolutionalNetwork


def convolutional_paths(network: ConvolutionalNetwork) -> tuple[Path, Path]:
    """Convolutions that halve every axis, and a decoder that undoes each."""
    filters, n_hidden = network.hidden_layer_sizes, len(network.hidden_layer_sizes)
    encoder = [
        [*_shrinking(network, f"encoder_hidden_{i}", units), *dropout(network, f"encoder_drop_{i}")]
        for i, units in enumerate(filters, 1)
    ]
    encoder[0].insert(0, reshape(network.sample_shape, "encoder_shape"))
    encoder.append(
        [
            keras.layers.Flatten(data_format="channels_last", dtype=DTYPE, name="encoder_flat"),
            dense(network.code_width, "encoder_nonlinear", use_bias=not network.has_linear_path),
        ]
    )
    inner_shape = (*network.sizes[-1], filters[-1])
    decoder = [
        [
            dense(math.prod(inner_shape), "decoder_hidden_1", activation=network.activation),
            reshape(inner_shape, "decoder_shape"),
            *dropout(network, "decoder_drop_1"),
        ]
    ]
    for i, units in enumerate(filters[-2::-1], 2):
        name, size = f"decoder_hidden_{i}", network.sizes[n_hidden + 1 - i]
        decoder.append(
            [
                *_growing(network, name, units, size, activation=network.activation),
                *dropout(network, f"decoder_drop_{i}"),
            ]
        )
    channels, axes = network.sample_shape[-1], network.sizes[0]
    readout = _growing(
        network, "decoder_nonlinear", channels, axes, use_bias=not network.has_linear_path
    )
    flat = keras.layers.Flatten(data_format="channels_last", dtype=DTYPE, name="decoder_flat")
    return Path(encoder), Path([*decoder, [*readout, flat]])


def _along_axes(
    network: ConvolutionalNetwork, kind: tuple[str, str], name: str, *args: Any, **options: Any
) -> keras.layers.Layer:
    """A layer of Keras for as many axes as the network has."""
    layer = getattr(keras.layers, f"{kind[0]}{network.n_axes}D{kind[1]}")
    return layer(*args, dtype=DTYPE, name=name, **options)


def _convolution(
    network: ConvolutionalNetwork,
    kind: tuple[str, str],
    name: str,
    filters: int,
    strides: int,
    **options: Any,
) -> keras.layers.Layer:
    return _along_axes(
        network,
        kind,
        name,
        filters,
        network.kernel_size,
        strides=strides,
        padding="same",
        data_format="channels_last",
        kernel_initializer=glorot(),
        **options,
    )


def _shrinking(network: ConvolutionalNetwork, name: str, filters: int) -> list[keras.layers.Layer]:
    """Layers that halve every axis, rounding up."""
    strides = 1 if network.pooling else 2
    layers = [
        _convolution(network, ("Conv", ""), name, filters, strides, activation=network.activation)
    ]
    if network.pooling:
        kind = (f"{network.pooling.capitalize()}Pooling", "")
        layers.append(
            _along_axes(
                network, kind, f"{name}_pool", 2, padding="same", data_format="channels_last"
            )
        )
    return layers


def _growing(
    network: ConvolutionalNetwork, name: str, filters: int, size: tuple[int, ...], **options: Any
) -> list[keras.layers.Layer]:
    """Layers that double every axis and crop it to its size."""
    if network.pooling:
        repeat = {} if network.n_axes == 1 else {"data_format": "channels_last"}
        layers = [
            _along_axes(network, ("UpSampling", ""), f"{name}_repeat", 2, **repeat),
            _convolution(network, ("Conv", ""), name, filters, 1, **options),
        ]
    else:
        layers = [_convolution(network, ("Conv", "Transpose"), name, filters, 2, **options)]
    surplus = [(0, -wanted % 2) for wanted in size]
    if any(end for _, end in surplus):
        crop = surplus[0] if network.n_axes == 1 else tuple(surplus)
        data_format = {} if network.n_axes == 1 else {"data_format": "channels_last"}
        layers.append(_along_axes(network, ("Cropping", ""), f"{name}_crop", crop, **data_format))
    return layers
