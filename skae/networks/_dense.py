"""The dense network: its shapes, its random weights and its numpy twin."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from skae.networks import _names as names
from skae.networks._activations import NUMPY_ACTIVATIONS, activate_units
from skae.networks._channels import ChannelGroup, chained
from skae.networks._conditional import class_shapes
from skae.networks._network import Network
from skae.networks._numpy_twin import NumpyTwin, finished_code
from skae.numerics import Array, Weights, empty_aligned

Shape = tuple[int, ...]
# Of the units of a code, where thresholds are trained.
FIRST_THRESHOLD = 0.5
# Rows of a kernel are divided by no less.
LEAST_NORM = 1e-12


@dataclass(frozen=True, kw_only=True)
class DenseNetwork(Network):
    """Fully connected hidden layers; see ``Network`` for the attributes."""

    kind: ClassVar[str] = "dense"
    sees_flat_rows: ClassVar[bool] = True
    takes_classes: ClassVar[bool] = True
    # Measured on two cores: XLA takes 0.3 s more to compile and saves 0.07 ms on the smallest
    # steps, up to a quarter of large ones. A single fit earns that back in 2000 steps or more, the
    # candidates and folds of a search in a few hundred.
    xla_from_steps: ClassVar[float] = 500
    # On an H200: 5 to 11 s more to compile, and 1.4 ms saved of each step, launches of kernels.
    xla_from_steps_on_gpu: ClassVar[float] = 4000
    is_cheap: ClassVar[bool] = True

    @property
    def halves(self) -> tuple[tuple[str, int, int, Shape], ...]:
        """``(name, n_inputs, n_outputs, hidden layer sizes)`` of the encoder and of the decoder."""
        sizes = self.hidden_layer_sizes
        return (
            ("encoder", self.n_features, self.code_width, sizes),
            ("decoder", self.n_components, self.n_features, sizes[::-1]),
        )

    def parameter_shapes(self) -> dict[str, Shape]:
        """Shape of every weight, in the order in which fits keep them."""
        shapes: dict[str, Shape] = {}
        for half, n_inputs, n_outputs, sizes in self.halves:
            shapes |= _hidden_shapes(half, n_inputs, sizes)
            if sizes:
                shapes[names.kernel(names.nonlinear(half))] = (sizes[-1], n_outputs)
            if sizes and not self.has_linear_path:
                shapes[names.bias(names.nonlinear(half))] = (n_outputs,)
            if self.has_linear_path:
                shapes[names.kernel(names.linear(half))] = (n_inputs, n_outputs)
                shapes[names.bias(names.linear(half))] = (n_outputs,)
        sizes = self.hidden_layer_sizes
        first = {"encoder": sizes[0], "decoder": sizes[-1]} if sizes else {}
        shapes |= class_shapes(self, first)
        if self.code_threshold == "jump":
            shapes[names.LOG_THRESHOLDS] = (self.n_components,)
        if self.code_threshold == "batch":
            shapes[names.THRESHOLD] = (1,)
        if self.counts_idle:
            shapes[names.IDLE] = (self.n_components,)
        if self.has_noise:
            shapes[names.NOISE] = self.noise_shape
        if self.has_output_units:
            shapes[names.OUTPUT_UNITS] = (self.n_features,)
            shapes[names.LEAST_NOISE] = (self.n_features,)
        if self.columns is not None:
            shapes[names.COLUMN_WEIGHTS] = (self.columns.n_columns,)
        if self.critic_layer_sizes is not None:
            shapes |= reader_shapes("critic", self.n_components, self.critic_layer_sizes, 1)
        if self.head_layer_sizes is not None:
            shapes |= reader_shapes(
                "head", self.n_components, self.head_layer_sizes, self.n_predicted
            )
        return shapes | self.prior_shapes()

    def channel_groups(self, weights: Weights) -> list[ChannelGroup]:
        """Units of each layer of either half."""
        return [*chained(self, "encoder"), *chained(self, "decoder")]

    def random_weights(self, rng: np.random.Generator) -> Weights:
        """Glorot uniform kernels (Glorot & Bengio 2010) and zero biases, float32."""
        weights = glorot_weights(self.parameter_shapes(), rng)
        if self.code_threshold == "jump":
            weights[names.LOG_THRESHOLDS][:] = np.log(FIRST_THRESHOLD)
        if self.has_output_units:
            weights[names.OUTPUT_UNITS][:] = 1.0
        return weights

    def scoring_dtype(self, dtype: np.dtype[Any]) -> np.dtype[Any]:
        """Rows are scored in their own precision."""
        return dtype

    @property
    def numpy_twin(self) -> NumpyTwin | None:
        """Itself, where numpy knows the activation."""
        is_known = not self.hidden_layer_sizes or self.activation in NUMPY_ACTIVATIONS
        return self if is_known else None

    def encode(self, weights: Weights, rows: Array) -> Array:
        """Code of scaled rows, in numpy and in the dtype of the weights."""
        code = self._forward("encoder", weights, rows, slice(self.n_components))
        return finished_code(self, weights, code)

    def encode_distribution(self, weights: Weights, rows: Array) -> list[Array]:
        """Mean and log variance of the code of scaled rows, for a variational network."""
        return np.split(self._forward("encoder", weights, rows), 2, axis=1)

    def decode(self, weights: Weights, code: Array) -> Array:
        """Scaled output of a code, in numpy and in the dtype of the weights."""
        if self.has_unit_atoms:
            kernel = names.kernel(names.linear("decoder"))
            weights = {**weights, kernel: unit_rows(weights[kernel])}
        output = self._forward("decoder", weights, code)
        return output * weights[names.OUTPUT_UNITS] if self.has_output_units else output

    def _forward(
        self, half: str, weights: Weights, inputs: Array, columns: slice = slice(None)
    ) -> Array:
        if not self.hidden_layer_sizes:
            return _linear(half, weights, inputs, columns)
        hidden = inputs
        for i in range(1, len(self.hidden_layer_sizes) + 1):
            kernel = weights[names.kernel(names.hidden(half, i))]
            units = empty_aligned((len(hidden), kernel.shape[1]), kernel.dtype)
            hidden = np.matmul(hidden, kernel, out=units)
            bias = weights[names.bias(names.hidden(half, i))]
            hidden = activate_units(self.activation, hidden, bias)
        nonlinear = hidden @ weights[names.kernel(names.nonlinear(half))][:, columns]
        if not self.has_linear_path:
            return nonlinear + weights[names.bias(names.nonlinear(half))][columns]
        output = _linear(half, weights, inputs, columns)
        output += nonlinear
        return output


def unit_rows(kernel: Array) -> Array:
    """Rows of a kernel divided by their norms, as the decoder of a dictionary reads them."""
    norms = np.sqrt(np.sum(kernel**2, axis=1, keepdims=True))
    rows: Array = kernel / np.maximum(norms, kernel.dtype.type(LEAST_NORM))
    return rows


def reader_shapes(name: str, n_inputs: int, sizes: Shape, n_outputs: int) -> dict[str, Shape]:
    """Shape of every weight of a dense model that reads the code."""
    shapes = _hidden_shapes(name, n_inputs, sizes)
    shapes[f"{name}_output/kernel"] = ((n_inputs, *sizes)[-1], n_outputs)
    shapes[f"{name}_output/bias"] = (n_outputs,)
    return shapes


def glorot_weights(shapes: Mapping[str, Shape], rng: np.random.Generator) -> Weights:
    """Glorot uniform kernels and zero biases, float32."""
    return {
        name: _glorot_uniform(rng, shape) if len(shape) == 2 else np.zeros(shape, np.float32)
        for name, shape in shapes.items()
    }


def _hidden_shapes(half: str, n_inputs: int, sizes: Shape) -> dict[str, Shape]:
    shapes: dict[str, Shape] = {}
    for i, (fan_in, units) in enumerate(zip((n_inputs, *sizes), sizes, strict=False), 1):
        shapes[names.kernel(names.hidden(half, i))] = (fan_in, units)
        shapes[names.bias(names.hidden(half, i))] = (units,)
    return shapes


def _linear(half: str, weights: Weights, inputs: Array, columns: slice) -> Array:
    layer = names.linear(half)
    output: Array = inputs @ weights[names.kernel(layer)][:, columns]
    output += weights[names.bias(layer)][columns]
    return output


def _glorot_uniform(rng: np.random.Generator, shape: Shape) -> Array:
    limit = np.sqrt(6.0 / sum(shape))
    return rng.uniform(-limit, limit, shape).astype(np.float32)
