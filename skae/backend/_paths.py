"""Nonlinear paths as Keras layers, in blocks: one for each hidden layer, and a last one.

Block ``i`` of an encoder and the block of the same place from the end of the decoder undo each
other's shapes: they can be trained alone.
"""

import keras

from skae.backend._layers import Gate, HideMissing, LastState
from skae.backend._own_models import check_own_model, layers_in_float32

# Said at every layer, so that a global dtype policy of the user's neither matters nor is read.
DTYPE = "float32"


class Path:
    """Blocks of layers, applied one after the other.

    Parameters
    ----------
    blocks : list of list of keras.layers.Layer
    """

    def __init__(self, blocks):
        self.blocks = [Block(layers) for layers in blocks]

    def __call__(self, inputs):
        for block in self.blocks:
            inputs = block(inputs)
        return inputs


class Block:
    """Layers, applied one after the other.

    Parameters
    ----------
    layers : list of keras.layers.Layer
    """

    def __init__(self, layers):
        self.layers = layers

    def __call__(self, inputs, training=None):
        for layer in self.layers:
            inputs = layer(inputs, training=training)
        return inputs


def glorot():
    """Glorot & Bengio's (2010) initialiser.

    The seed only satisfies it: every fit draws its own weights. Without one it would draw a seed
    from Python's global generator.
    """
    return keras.initializers.GlorotUniform(seed=0)


def dense(units, name, **options):
    """A fully connected layer."""
    return keras.layers.Dense(units, dtype=DTYPE, name=name, kernel_initializer=glorot(), **options)


def dropout(network, name):
    """A list of one dropout layer, or of none."""
    if not network.dropout:
        return []
    # The seed only satisfies the layer: every fit sets the state of its generator.
    return [keras.layers.Dropout(network.dropout, seed=0, dtype=DTYPE, name=name)]


def dense_paths(network):
    """Fully connected encoder and decoder."""
    return tuple(_dense_path(network, *half) for half in network.halves)


def _dense_path(network, half, n_inputs, n_outputs, sizes):
    blocks = [
        [
            dense(units, f"{half}_hidden_{i}", activation=network.activation),
            *dropout(network, f"{half}_dropout_{i}"),
        ]
        for i, units in enumerate(sizes, 1)
    ]
    readout = dense(n_outputs, f"{half}_nonlinear", use_bias=not network.has_linear_path)
    return Path([*blocks, [readout]])


def convolutional_paths(network):
    """Convolutions that halve every axis, and a decoder that undoes each."""
    filters, n_hidden = network.hidden_layer_sizes, len(network.hidden_layer_sizes)
    encoder = [
        [*_shrinking(network, f"encoder_hidden_{i}", units), *dropout(network, f"encoder_drop_{i}")]
        for i, units in enumerate(filters, 1)
    ]
    encoder[0].insert(0, _reshape(network.sample_shape, "encoder_shape"))
    encoder.append(
        [
            keras.layers.Flatten(data_format="channels_last", dtype=DTYPE, name="encoder_flat"),
            dense(network.code_width, "encoder_nonlinear", use_bias=not network.has_linear_path),
        ]
    )
    inner_shape = (*network.sizes[-1], filters[-1])
    n_inner = 1
    for size in inner_shape:
        n_inner *= size
    decoder = [
        [
            dense(n_inner, "decoder_hidden_1", activation=network.activation),
            _reshape(inner_shape, "decoder_shape"),
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


def _reshape(shape, name):
    return keras.layers.Reshape(shape, dtype=DTYPE, name=name)


def _along_axes(network, kind, name, *args, **options):
    """A layer of Keras for as many axes as the network has."""
    layer = getattr(keras.layers, f"{kind[0]}{network.n_axes}D{kind[1]}")
    return layer(*args, dtype=DTYPE, name=name, **options)


def _convolution(network, kind, name, filters, strides, **options):
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


def _shrinking(network, name, filters):
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


def _growing(network, name, filters, size, **options):
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


def recurrent_paths(network):
    """Recurrent layers to a last state, and back from the code repeated at every timestep."""
    sizes, (n_timesteps, n_channels) = network.hidden_layer_sizes, network.sample_shape
    encoder = [
        [
            _recurrent(network, f"encoder_hidden_{i}", units),
            *dropout(network, f"encoder_dropout_{i}"),
        ]
        for i, units in enumerate(sizes, 1)
    ]
    encoder[0].insert(0, _reshape(network.sample_shape, "encoder_shape"))
    if network.is_masked:
        encoder[0].insert(1, HideMissing(dtype=DTYPE, name="encoder_mask"))
    encoder.append(
        [
            LastState(network.bidirectional, dtype=DTYPE, name="encoder_state"),
            dense(network.code_width, "encoder_nonlinear", use_bias=not network.has_linear_path),
        ]
    )
    decoder = [
        [
            _recurrent(network, f"decoder_hidden_{i}", units),
            *dropout(network, f"decoder_dropout_{i}"),
        ]
        for i, units in enumerate(sizes[::-1], 1)
    ]
    decoder[0].insert(0, keras.layers.RepeatVector(n_timesteps, dtype=DTYPE, name="decoder_repeat"))
    decoder.append(
        [
            dense(n_channels, "decoder_nonlinear", use_bias=not network.has_linear_path),
            keras.layers.Flatten(data_format="channels_last", dtype=DTYPE, name="decoder_flat"),
        ]
    )
    return Path(encoder), Path(decoder)


def _recurrent(network, name, units):
    kind = keras.layers.LSTM if network.cell == "lstm" else keras.layers.GRU
    options = {
        "return_sequences": True,
        "activation": network.activation,
        "kernel_initializer": glorot(),
        "recurrent_initializer": keras.initializers.Orthogonal(seed=0),
        # cuDNN refuses gaps between timesteps, and XLA cannot compile it.
        "use_cudnn": False,
        "dtype": DTYPE,
    }
    if not network.bidirectional:
        return kind(units, name=name, **options)
    cell = kind(units, **options, name="cell")
    both = keras.layers.Bidirectional(cell, dtype=DTYPE, name=name)
    # Older versions of Keras make the two anew from a configuration that does not hold it.
    both.forward_layer.use_cudnn = both.backward_layer.use_cudnn = False
    return both


def custom_paths(network):
    """The user's encoder and decoder, brought to flattened rows.

    Raises
    ------
    ValueError
        If what the builder returned has other shapes than it was asked for.
    """
    asked = (network.sample_shape, network.hidden_layer_sizes, network.activation)
    encoder, decoder = _made(network.builder, network.code_width, *asked)
    if network.is_variational:
        decoder = _made(network.builder, network.n_components, *asked)[1]
    rows = ((network.n_features,), network.sample_shape)
    given, expected = _shape_of(encoder.input_shape), [str(shape) for shape in rows]
    if given not in rows:
        raise ValueError(
            f"network= made an encoder whose input has the shape {given}, but a row has the shape "
            f"{' or, flattened, '.join(dict.fromkeys(expected[::-1]))}. Build it for the "
            "sample_shape that it is called with."
        )
    if _shape_of(encoder.output_shape) != (network.code_width,):
        raise ValueError(
            f"network= made an encoder whose output has the shape "
            f"{_shape_of(encoder.output_shape)}, but was asked for n_components="
            f"{network.code_width}. A variational encoder is asked for two values a component."
        )
    if _shape_of(decoder.input_shape) != (network.n_components,):
        raise ValueError(
            f"network= made a decoder whose input has the shape {_shape_of(decoder.input_shape)}, "
            f"but was asked for n_components={network.n_components}."
        )
    given = _shape_of(decoder.output_shape)
    if given not in rows:
        raise ValueError(
            f"network= made a decoder whose output has the shape {given}, but a row has the shape "
            f"{' or, flattened, '.join(dict.fromkeys(expected[::-1]))}."
        )
    gates = [
        [Gate(dtype=DTYPE, name=f"{half}_gate")] if network.linear_path else []
        for half in ("encoder", "decoder")
    ]
    into = _reshape(_shape_of(encoder.input_shape), "encoder_shape")
    out = _reshape((network.n_features,), "decoder_flat")
    return Path([[into, encoder, *gates[0]]]), Path([[decoder, out, *gates[1]]])


def _made(builder, n_components, sample_shape, hidden_layer_sizes, activation):
    if isinstance(builder.make, keras.layers.Layer):
        raise ValueError(
            f"network={builder.make!r} is a model, but every fit needs new ones. Pass a function "
            "(sample_shape, n_components, hidden_layer_sizes, activation) that returns an encoder "
            "and a decoder."
        )
    with layers_in_float32():
        made = builder(sample_shape, n_components, hidden_layer_sizes, activation)
    is_pair = isinstance(made, tuple | list) and len(made) == 2
    if not is_pair or not all(map(_is_model_of_known_shape, made)):
        raise ValueError(
            "network= should return two Keras models, an encoder and a decoder, each made by "
            "keras.Model(inputs, outputs) or by keras.Sequential with a keras.Input, but returned "
            f"{made!r}."
        )
    for model in made:
        check_own_model(model)
    return made


def _is_model_of_known_shape(model):
    return isinstance(model, keras.Model) and hasattr(model, "input_shape")


def _shape_of(shape):
    return tuple(shape[1:])


PATHS = {
    "convolutional": convolutional_paths,
    "custom": custom_paths,
    "dense": dense_paths,
    "recurrent": recurrent_paths,
}
