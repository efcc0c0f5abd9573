"""Networks that restore, as Keras models: a linear filter and a correction of the row."""

from typing import Any

import keras

from skae.backend._blocks import DTYPE, dropout, glorot, reshape
from skae.backend._layers import Between, HideMissing, MarkMissing, Mirror, TakenOff
from skae.networks import ResidualNetwork, names
from skae.objectives import Tensor

_LEVEL_UNITS = 16
# A logit: the share of the filter is .95.
_FOLLOWED_AT_START = 3.0


def restoring_models(network: ResidualNetwork) -> tuple[keras.Model, keras.Model]:
    """An encoder that gives the restored row, and a decoder that gives what it gets."""
    inputs = keras.Input((network.n_features,), dtype=DTYPE, name="encoder_input")
    seen = HideMissing(dtype=DTYPE, name="encoder_seen")(inputs) if network.fills else inputs
    rows = reshape(network.sample_shape, "encoder_shape")(seen)
    read = [rows]
    if network.fills:
        with_gaps = reshape(network.sample_shape, "encoder_gaps")(inputs)
        read = [MarkMissing(dtype=DTYPE, name="encoder_marked")(with_gaps)]
    if network.reads_contrast:
        mean = _smoothed(network, rows, "encoder_mean")
        read.append(keras.layers.Subtract(dtype=DTYPE, name="encoder_contrast")([rows, mean]))
    linear = rows
    if network.linear_path:
        size = network.filter_size
        mirrored = Mirror([n // 2 for n in size], dtype=DTYPE, name="encoder_mirror")(rows)
        linear = _layer(
            network, names.linear("encoder"), network.n_channels, size, padding="valid"
        )(mirrored)
    if network.reads_level and network.linear_path:
        level = _level(network, rows, linear)
        linear = _followed(network, rows, linear, level)
        read.append(level)
    joined = keras.layers.Concatenate(dtype=DTYPE, name="encoder_read")
    correction = _correction(network, read[0] if len(read) == 1 else joined(read))
    output = keras.layers.Add(name="encoder_sum", dtype=DTYPE)([linear, correction])
    flat = keras.layers.Flatten(data_format="channels_last", dtype=DTYPE, name="encoder_flat")
    code = keras.Input((network.n_features,), dtype=DTYPE, name="decoder_input")
    same = keras.layers.Activation("linear", dtype=DTYPE, name="decoder_same")(code)
    return keras.Model(inputs, flat(output), name="encoder"), keras.Model(
        code, same, name="decoder"
    )


def _level(network: ResidualNetwork, rows: Tensor, linear: Tensor) -> Tensor:
    """One channel: how much the filter takes off in each neighbourhood."""
    difference = TakenOff(dtype=DTYPE, name="encoder_taken_off")([rows, linear])
    return _smoothed(network, difference, "encoder_level")


def _smoothed(network: ResidualNetwork, maps: Tensor, name: str) -> Tensor:
    """Means of the neighbourhoods of every place, of those places that there are."""
    mean = getattr(keras.layers, f"AveragePooling{network.n_axes}D")
    options = {"strides": 1, "padding": "same", "data_format": "channels_last", "dtype": DTYPE}
    # One axis after the other takes a tenth of the time.
    for axis, n in enumerate(network.around_size):
        size = tuple(n if i == axis else 1 for i in range(network.n_axes))
        maps = mean(size, name=f"{name}_{axis}", **options)(maps)
    return maps


def _followed(network: ResidualNetwork, rows: Tensor, linear: Tensor, level: Tensor) -> Tensor:
    """Between the row and the filter, by the level of noise; nearly the filter at the start."""
    hidden = _layer(network, "encoder_level_hidden", _LEVEL_UNITS, 1, activation="relu")
    share = _layer(
        network,
        "encoder_level_share",
        network.n_channels,
        1,
        activation="sigmoid",
        bias_initializer=keras.initializers.Constant(_FOLLOWED_AT_START),
    )
    given = share(hidden(level))
    return Between(dtype=DTYPE, name="encoder_followed")([rows, linear, given])


def _correction(network: ResidualNetwork, rows: Tensor) -> Tensor:
    """Output of the nonlinear path."""
    build = _same_size if network.kind == "residual" else _u_shape
    last = _layer(
        network,
        names.nonlinear("encoder"),
        network.n_channels,
        network.kernel_size,
        use_bias=network.has_biases,
    )
    return last(build(network, rows))


def _same_size(network: ResidualNetwork, rows: Tensor) -> Tensor:
    for i, filters in enumerate(network.hidden_layer_sizes, 1):
        rows = _hidden(network, f"encoder_hidden_{i}", filters, rows)
    return rows


def _u_shape(network: ResidualNetwork, rows: Tensor) -> Tensor:
    first, *others = network.hidden_layer_sizes
    rows, skipped = _hidden(network, "encoder_hidden_1", first, rows), []
    for i, filters in enumerate(others, 2):
        skipped.append(rows)
        rows = _shrunk(network, f"encoder_shrink_{i}", filters, rows)
        rows = _hidden(network, f"encoder_hidden_{i}", filters, rows)
    for i, skip in enumerate(reversed(skipped), len(others) + 2):
        rows = _grown(network, f"encoder_grow_{i}", rows, skip)
        rows = keras.layers.Add(name=f"encoder_skip_{i}", dtype=DTYPE)([rows, skip])
        rows = _hidden(network, f"encoder_hidden_{i}", skip.shape[-1], rows)
    return rows


def _hidden(network: ResidualNetwork, name: str, filters: int, rows: Tensor) -> Tensor:
    options: dict[str, Any] = {"activation": network.activation, "use_bias": network.has_biases}
    rows = _layer(network, name, filters, network.kernel_size, **options)(rows)
    for drop in dropout(network, f"{name}_drop"):
        rows = drop(rows)
    return rows


def _shrunk(network: ResidualNetwork, name: str, filters: int, rows: Tensor) -> Tensor:
    """Half as large along every axis, rounded up."""
    if network.pooling is None:
        options: dict[str, Any] = {"activation": network.activation, "use_bias": network.has_biases}
        return _layer(network, name, filters, 2, strides=2, **options)(rows)
    pool = getattr(keras.layers, f"{network.pooling.capitalize()}Pooling{network.n_axes}D")
    options = {"padding": "same", "data_format": "channels_last", "dtype": DTYPE}
    return pool(2, name=name, **options)(rows)


def _grown(network: ResidualNetwork, name: str, rows: Tensor, skip: Tensor) -> Tensor:
    """Twice as large along every axis, cropped to the size of what is added."""
    filters = skip.shape[-1]
    options: dict[str, Any] = {"use_bias": network.has_biases}
    if network.pooling is None:
        grow = _layer(network, name, filters, 2, transposed=True, strides=2, **options)
        rows = grow(rows)
    else:
        repeat = {} if network.n_axes == 1 else {"data_format": "channels_last"}
        layer = getattr(keras.layers, f"UpSampling{network.n_axes}D")
        rows = layer(2, dtype=DTYPE, name=f"{name}_repeat", **repeat)(rows)
        rows = _layer(network, name, filters, network.kernel_size, **options)(rows)
    axes = range(1, network.n_axes + 1)
    surplus = [(0, rows.shape[axis] - skip.shape[axis]) for axis in axes]
    if not any(after for _, after in surplus):
        return rows
    crop = getattr(keras.layers, f"Cropping{network.n_axes}D")
    options = {} if network.n_axes == 1 else {"data_format": "channels_last"}
    by = surplus[0] if network.n_axes == 1 else surplus
    return crop(by, dtype=DTYPE, name=f"{name}_crop", **options)(rows)


def _layer(
    network: ResidualNetwork,
    name: str,
    filters: int,
    size: int | tuple[int, ...],
    *,
    transposed: bool = False,
    padding: str = "same",
    **options: Any,
) -> keras.layers.Layer:
    """A convolution along as many axes as rows have."""
    layer = getattr(keras.layers, f"Conv{network.n_axes}D{'Transpose' if transposed else ''}")
    return layer(
        filters,
        size,
        padding=padding,
        data_format="channels_last",
        kernel_initializer=glorot(),
        dtype=DTYPE,
        name=name,
        **options,
    )
