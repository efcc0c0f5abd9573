"""Networks as Keras functional models. Loaded on first use only: it imports Keras."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from skae.backend._blocks import DTYPE, Block, Path, dense, glorot
from skae.backend._class_paths import path_of_classes
from skae.backend._convolutional_paths import convolutional_paths
from skae.backend._critic_of_rows import critic_of_rows
from skae.backend._custom_paths import custom_paths
from skae.backend._dense_paths import dense_paths
from skae.backend._identity import build_of_activation
from skae.backend._layers import HideMissing, KeepLargest, MissingWhere
from skae.backend._recurrent_paths import recurrent_paths
from skae.backend._restoring import restoring_models
from skae.backend._sparse_layers import IdleUnits, JumpReLU, KeepLargestOfBatch, UnitDense
from skae.networks import (
    READER_ACTIVATION,
    Network,
    ResidualNetwork,
    check_build,
    names,
)
from skae.numerics import Array, Weights
from skae.objectives import COUNTS, Tensor

# Each takes networks of its own kind.
_PATHS: dict[str, Callable[[Any], tuple[Path, Path]]] = {
    "convolutional": convolutional_paths,
    "custom": custom_paths,
    "dense": dense_paths,
    "recurrent": recurrent_paths,
}
# What makes a code of preactivations, in this order.
_CODE_LAYERS = (
    "code_activation",
    "jump_relu",
    "keep_largest_of_batch",
    "keep_largest",
    "idle_units",
)


@dataclass(frozen=True)
class KerasNetwork:
    """A network built, in scaled units.

    Attributes
    ----------
    encoder, decoder : keras.Model
        Of flattened rows; a variational encoder gives mean and log variance side by side.
    paths : tuple of Path
        The nonlinear paths of the two; without hidden layers they have no blocks.
    critic, head : keras.Model or None
        Models that read the code; the critic may read rows instead.
    noise : keras.Variable or None
        Log variance of the rows around the output.
    column_weights : keras.Variable or None
        How much each column of a table counts.
    output_units, least_noise : keras.Variable or None
        What the decoder's outputs are multiplied by, and the smallest variances around them.
    prior : dict of keras.Variable
        What is learned of the distribution of the code, by name.
    preactivations : keras.Model or None
        The encoder before what makes its code sparse.
    code_layers : tuple of keras.layers.Layer
        What the encoder does after that.
    scope : str
        What a ``keras.name_scope`` of the caller puts before all names.
    """

    encoder: keras.Model
    decoder: keras.Model
    paths: tuple[Path, Path]
    critic: keras.Model | None
    head: keras.Model | None
    noise: keras.Variable | None
    scope: str = ""
    column_weights: keras.Variable | None = None
    output_units: keras.Variable | None = None
    least_noise: keras.Variable | None = None
    prior: dict[str, keras.Variable] = field(default_factory=dict)
    preactivations: keras.Model | None = None
    code_layers: tuple[keras.layers.Layer, ...] = ()

    @property
    def readers(self) -> list[keras.Model]:
        """Critic and head, where there are any."""
        return [model for model in (self.critic, self.head) if model is not None]

    def decode(self, code: Tensor, training: bool) -> Tensor:
        """Output of a code, in scaled units."""
        output = self.decoder(code, training=training)
        if self.output_units is None:
            return output
        return output * keras.ops.convert_to_tensor(self.output_units)

    def variables(self) -> dict[str, keras.Variable]:
        """All that is trained, and all that is kept beside it, by name; without generators."""
        named: dict[str, keras.Variable] = {}
        for half, model in (("encoder", self.encoder), ("decoder", self.decoder)):
            inner = [layer for layer in model.layers if isinstance(layer, keras.Model)]
            mine = {id(variable) for layer in inner for variable in layer.variables}
            named |= {self._name(v): v for v in model.variables if id(v) not in mine}
            # The paths of a user's own models are numbered anew at every build.
            others = [v for layer in inner for v in layer.variables]
            named |= {f"{half}_network/{i}/{v.name}": v for i, v in enumerate(others)}
        named |= {self._name(v): v for model in self.readers for v in model.variables}
        if self.noise is not None:
            named[names.NOISE] = self.noise
        if self.column_weights is not None:
            named[names.COLUMN_WEIGHTS] = self.column_weights
        if self.output_units is not None:
            named[names.OUTPUT_UNITS] = self.output_units
        if self.least_noise is not None:
            named[names.LEAST_NOISE] = self.least_noise
        named |= self.prior
        return {name: v for name, v in named.items() if not _is_generator(v)}

    def _name(self, variable: keras.Variable) -> str:
        return str(variable.path).removeprefix(self.scope)

    def generators(self) -> list[keras.Variable]:
        """States of the random generators of layers."""
        models = [self.encoder, self.decoder, *self.readers]
        return [v for model in models for v in model.variables if _is_generator(v)]


def _is_generator(variable: keras.Variable) -> bool:
    return bool(variable.path.endswith("seed_generator_state"))


def build(network: Network) -> KerasNetwork:
    """A network in Keras, without trained weights.

    Returns
    -------
    built : KerasNetwork
        For a dense network its variables are named as in ``network.parameter_shapes()``.
    """
    if network.build is not None and network.kind != "custom":
        check_build(network.build, build_of_activation(network.activation))
    has_paths = network.kind in _PATHS and (network.hidden_layer_sizes or network.kind == "custom")
    paths = _PATHS[network.kind](network) if has_paths else (Path([]), Path([]))
    critic = head = noise = column_weights = output_units = least_noise = None
    if network.critic_layer_sizes is not None:
        critic = (
            critic_of_rows(network, network.critic_layer_sizes)
            if network.criticises_rows
            else _reader("critic", network, network.critic_layer_sizes, 1)
        )
    if network.head_layer_sizes is not None:
        head = _reader("head", network, network.head_layer_sizes, network.n_predicted)
    if network.has_noise:
        noise = keras.Variable("zeros", shape=network.noise_shape, dtype=DTYPE, name="log_variance")
    if network.columns is not None:
        column_weights = keras.Variable(
            "ones", shape=(network.columns.n_columns,), dtype=DTYPE, trainable=False
        )
    if network.has_output_units:
        shape = (network.n_features,)
        output_units = keras.Variable("ones", shape=shape, dtype=DTYPE, trainable=False)
        least_noise = keras.Variable("zeros", shape=shape, dtype=DTYPE, trainable=False)
    probe = keras.Variable("zeros", shape=(), dtype=DTYPE, name="probe")
    encoder, decoder = _halves(network, paths)
    return KerasNetwork(
        encoder,
        decoder,
        paths,
        critic,
        head,
        noise,
        probe.path.removesuffix("probe"),
        column_weights,
        output_units,
        least_noise,
        {
            name: keras.Variable("zeros", shape=shape, dtype=DTYPE, name="prior")
            for name, shape in network.prior_shapes().items()
        },
        *_opened(network, encoder),
    )


def _halves(network: Network, paths: tuple[Path, Path]) -> tuple[keras.Model, keras.Model]:
    if isinstance(network, ResidualNetwork):
        return restoring_models(network)
    return (
        _half("encoder", network, network.n_features, network.code_width, paths[0]),
        _half("decoder", network, network.n_components, network.n_features, paths[1]),
    )


def _half(name: str, network: Network, n_inputs: int, n_outputs: int, path: Path) -> keras.Model:
    n_classes = network.n_classes
    inputs = given = keras.Input((n_inputs + n_classes,), dtype=DTYPE, name=f"{name}_input")
    classes = None
    if n_classes:
        given, classes = inputs[:, :n_inputs], inputs[:, n_inputs:]
    outputs = []
    if path.blocks:
        outputs.append(
            path(given) if classes is None else path_of_classes(path, name, given, classes)
        )
    if network.has_linear_path:
        rows = given
        if network.is_masked and name == "encoder":
            rows = HideMissing(dtype=DTYPE, name="encoder_observed")(given)
        is_dictionary = name == "decoder" and network.has_unit_atoms
        outputs.append(_linear(n_outputs, f"{name}_linear", is_dictionary=is_dictionary)(rows))
    if network.has_linear_path and classes is not None:
        outputs.append(dense(n_outputs, names.class_linear(name), use_bias=False)(classes))
    output = outputs[0]
    if len(outputs) > 1:
        output = keras.layers.Add(name=f"{name}_sum", dtype=DTYPE)(outputs)
    if name == "encoder":
        output = _finish_code(network, output)
    return keras.Model(inputs, output, name=name)


def _linear(units: int, name: str, *, is_dictionary: bool) -> keras.layers.Layer:
    if not is_dictionary:
        return dense(units, name)
    return UnitDense(units, dtype=DTYPE, name=name, kernel_initializer=glorot())


def _opened(
    network: Network, encoder: keras.Model
) -> tuple[keras.Model | None, tuple[keras.layers.Layer, ...]]:
    """The encoder before the layers that make its code sparse, and those layers."""
    found = {layer.name: layer for layer in encoder.layers}
    layers = tuple(found[name] for name in _CODE_LAYERS if name in found)
    if not (layers and (network.counts_idle or network.code_threshold)):
        return None, ()
    return keras.Model(encoder.input, layers[0].input, name="preactivations"), layers


def _finish_code(network: Network, code: Tensor) -> Tensor:
    if network.code_activation != "linear":
        activation = network.code_activation
        code = keras.layers.Activation(activation, dtype=DTYPE, name="code_activation")(code)
    if network.code_threshold == "jump":
        code = JumpReLU(dtype=DTYPE, name="jump_relu")(code)
    elif network.code_threshold == "batch":
        assert network.n_active is not None
        keep = KeepLargestOfBatch(network.n_active, dtype=DTYPE, name="keep_largest_of_batch")
        code = keep(code)
    elif network.n_active is not None:
        code = KeepLargest(network.n_active, dtype=DTYPE, name="keep_largest")(code)
    if network.counts_idle:
        code = IdleUnits(dtype=DTYPE, name="idle_units")(code)
    return code


def _reader(name: str, network: Network, sizes: tuple[int, ...], n_outputs: int) -> keras.Model:
    """A dense model of the code."""
    code = keras.Input((network.n_components,), dtype=DTYPE, name=f"{name}_input")
    layers = [
        dense(units, f"{name}_hidden_{i}", activation=READER_ACTIVATION)
        for i, units in enumerate(sizes, 1)
    ]
    output = Block([*layers, dense(n_outputs, f"{name}_output")])(code)
    return keras.Model(code, output, name=name)


def with_weights(network: Network, weights: Weights) -> KerasNetwork:
    """A network in scaled units with these weights, as a ``KerasNetwork``."""
    built = build(network)
    for name, variable in built.variables().items():
        variable.assign(weights[name])
    return built


def in_input_units(
    network: Network,
    weights: Weights,
    mean: Array,
    scale: float,
    output_activation: str | None,
    mask_value: float | None,
    whitening: tuple[Array, Array] | None = None,
) -> tuple[keras.Model, keras.Model]:
    """Encoder and decoder with trained weights, from and to the units of the rows.

    Centring and dividing are two layers: as one multiplication and one sum, rows near 1e6 would
    lose their digits in float32.
    """
    built = with_weights(network, weights)
    rows = keras.Input((network.n_features,), dtype=DTYPE, name="rows")
    inputs = rows
    is_log = network.likelihood in COUNTS
    if network.is_masked and mask_value is not None and not np.isnan(mask_value):
        inputs = MissingWhere(mask_value, network.sample_shape, dtype=DTYPE, name="padding")(rows)
    if is_log:
        inputs = keras.ops.log1p(inputs)
    centred = _affine(1.0, -mean, "centre")(inputs)
    scaled = _affine(1.0 / scale, 0.0, "scale")(centred)
    if whitening is not None:
        scaled = _fixed(whitening[0], "whiten")(scaled)
    code = built.encoder(scaled)
    if network.is_variational:
        code = code[:, : network.n_components]
    code_input = keras.Input((network.n_components,), dtype=DTYPE, name="code")
    if network.restores:
        # The code is the restored row, in the units of the rows.
        code = _affine(1.0, mean, "uncentre")(_affine(scale, 0.0, "unscale")(code))
        return (
            keras.Model(rows, code, name="encoder"),
            keras.Model(code_input, built.decoder(code_input), name="decoder"),
        )
    output = built.decoder(code_input)
    if network.has_output_units:
        output = _affine(weights[names.OUTPUT_UNITS], 0.0, "output_units")(output)
    if whitening is not None:
        output = _fixed(whitening[1], "unwhiten")(output)
    if output_activation is not None:
        output = keras.layers.Activation(output_activation, dtype=DTYPE, name="output_activation")(
            output
        )
    if is_log:
        output = keras.layers.Activation("exponential", dtype=DTYPE, name="mean")(output)
    else:
        output = _affine(1.0, mean, "uncentre")(_affine(scale, 0.0, "unscale")(output))
    return keras.Model(rows, code, name="encoder"), keras.Model(code_input, output, name="decoder")


def _fixed(matrix: Array, name: str) -> keras.layers.Layer:
    """A multiplication by a matrix that is not trained."""
    layer = keras.layers.Dense(
        matrix.shape[1], use_bias=False, trainable=False, dtype=DTYPE, name=name
    )
    layer.build((None, matrix.shape[0]))
    layer.set_weights([matrix])
    return layer


def _affine(scale: float | Array, offset: float | Array, name: str) -> keras.layers.Layer:
    factor, shift = (
        value.tolist() if isinstance(value, np.ndarray) else float(value)
        for value in (scale, offset)
    )
    return keras.layers.Rescaling(factor, shift, dtype=DTYPE, name=name)
