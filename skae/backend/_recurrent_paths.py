"""Recurrent paths."""

import keras

from skae.backend._blocks import DTYPE, Path, dense, dropout, glorot, reshape
from skae.backend._layers import HideMissing, LastState
from skae.networks import RecurrentNetwork


def recurrent_paths(network: RecurrentNetwork) -> tuple[Path, Path]:
    """Recurrent layers to a last state, and back from the code repeated at every timestep."""
    sizes, (n_timesteps, n_channels) = network.hidden_layer_sizes, network.sample_shape
    encoder = [
        [
            _recurrent(network, f"encoder_hidden_{i}", units),
            *dropout(network, f"encoder_dropout_{i}"),
        ]
        for i, units in enumerate(sizes, 1)
    ]
    encoder[0].insert(0, reshape(network.sample_shape, "encoder_shape"))
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


def _recurrent(network: RecurrentNetwork, name: str, units: int) -> keras.layers.Layer:
    kind = keras.layers.LSTM if network.cell == "lstm" else keras.layers.GRU
    options = {
        "return_sequences": True,
        "activation": network.activation,
        "kernel_initializer": glorot(),
        "recurrent_initializer": keras.initializers.Orthogonal(seed=0),
        # Without one, cells draw it from Python's generator.
        "seed": 0,
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
