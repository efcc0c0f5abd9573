"""Paths that are a user's own Keras models."""

import inspect
from typing import Any

import keras

from skae.backend._blocks import DTYPE, Path, reshape
from skae.backend._identity import build_of
from skae.backend._layers import Gate
from skae.backend._own_models import check_own_model, layers_in_float32
from skae.networks import Build, Builder, CustomNetwork, check_build


def custom_paths(network: CustomNetwork) -> tuple[Path, Path]:
    """The user's encoder and decoder, brought to flattened rows.

    Raises
    ------
    ValueError
        If what the builder returned has other shapes than it was asked for.
    """
    encoder, decoder = _made_for(network)
    if network.build is not None:
        check_build(network.build, build_of(encoder, decoder))
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
    into = reshape(_shape_of(encoder.input_shape), "encoder_shape")
    out = reshape((network.n_features,), "decoder_flat")
    return Path([[into, encoder, *gates[0]]]), Path([[decoder, out, *gates[1]]])


def own_build(network: CustomNetwork) -> Build:
    """What the user's function builds now."""
    return build_of(*_made_for(network))


def _made_for(network: CustomNetwork) -> tuple[keras.Model, keras.Model]:
    asked = (network.sample_shape, network.hidden_layer_sizes, network.activation)
    encoder, decoder = _made(network.builder, network.code_width, *asked)
    if network.is_variational:
        decoder = _made(network.builder, network.n_components, *asked)[1]
    return encoder, decoder


def _made(
    builder: Builder,
    n_components: int,
    sample_shape: tuple[int, ...],
    hidden_layer_sizes: tuple[int, ...],
    activation: Any,
) -> tuple[keras.Model, keras.Model]:
    if isinstance(builder.make, keras.layers.Layer):
        raise ValueError(
            f"network={builder.make!r} is a model, but every fit needs new ones. Pass a function "
            "(sample_shape, n_components, hidden_layer_sizes, activation) that returns an encoder "
            "and a decoder."
        )
    arguments = (sample_shape, n_components, hidden_layer_sizes, activation)
    try:
        with layers_in_float32():
            made = builder(*arguments)
    except Exception as error:
        if _takes(builder.make, arguments):
            error.add_note(f"network={builder.make!r} raised this when it was asked to build.")
            raise
        raise ValueError(
            f"network={builder.make!r} should be a function (sample_shape, n_components, "
            "hidden_layer_sizes, activation) that returns an encoder and a decoder, or have a "
            f"method build that does, but it cannot be called with these four: {error}."
        ) from error
    is_pair = isinstance(made, tuple | list) and len(made) == 2
    if not is_pair or not all(map(_is_model_of_known_shape, made)):
        raise ValueError(
            "network= should return two Keras models, an encoder and a decoder, each made by "
            "keras.Model(inputs, outputs) or by keras.Sequential with a keras.Input, but returned "
            f"{made!r}."
        )
    for model in made:
        check_own_model(model)
    encoder, decoder = made
    return encoder, decoder


def _takes(make: Any, arguments: tuple[Any, ...]) -> bool:
    try:
        inspect.signature(getattr(make, "build", make)).bind(*arguments)
    except (TypeError, ValueError):
        return False
    return True


def _is_model_of_known_shape(model: Any) -> bool:
    return isinstance(model, keras.Model) and hasattr(model, "input_shape")


def _shape_of(shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
    return tuple(shape[1:])
