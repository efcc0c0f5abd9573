"""What networks compute, as graphs: from scaled rows to codes and back, in single precision."""

from collections.abc import Callable
from typing import Any

import numpy as np

from skae.export._convolutions import convolutional_path
from skae.export._layers import activation_of, affine
from skae.export._recurrences import recurrent_path
from skae.export._restoring import restored
from skae.export._tensor import Tensor, xp
from skae.networks import DenseNetwork, Network, names, unit_rows
from skae.numerics import Weights

# The nonlinear path of a half of a network: network, weights, half, inputs.
_PATHS: dict[str, Callable[[Any, Weights, str, Tensor], Tensor]] = {}


def encoded(network: Network, weights: Weights, rows: Tensor) -> Tensor:
    """Code of scaled rows in single precision; of a distribution its mean and log variance."""
    if network.restores:
        return restored(network, weights, rows)
    code = _half(network, weights, "encoder", rows)
    activated = activation_of(network.code_activation)(code)
    sparse: Tensor = _sparse(network, weights, activated)
    return sparse


def decoded(network: Network, weights: Weights, code: Tensor) -> Tensor:
    """Scaled output of a code in single precision."""
    if network.restores:
        return code
    if network.has_unit_atoms:
        kernel = names.kernel(names.linear("decoder"))
        weights = {**weights, kernel: unit_rows(weights[kernel])}
    output = _half(network, weights, "decoder", code)
    return output * weights[names.OUTPUT_UNITS] if network.has_output_units else output


def _half(network: Network, weights: Weights, half: str, inputs: Tensor) -> Tensor:
    parts = []
    if network.hidden_layer_sizes:
        parts.append(_PATHS[network.kind](network, weights, half, inputs))
    if network.has_linear_path:
        if network.is_masked and half == "encoder":
            inputs = xp.nan_to_num(inputs)
        parts.append(affine(weights, names.linear(half), inputs))
    return parts[0] if len(parts) == 1 else parts[0] + parts[1]


def _dense_path(network: DenseNetwork, weights: Weights, half: str, inputs: Tensor) -> Tensor:
    activate = activation_of(network.activation)
    for i in range(1, len(network.hidden_layer_sizes) + 1):
        inputs = activate(affine(weights, names.hidden(half, i), inputs))
    return affine(weights, names.nonlinear(half), inputs)


def _sparse(network: Network, weights: Weights, code: Tensor) -> Any:
    """A code of which some values are zero."""
    dtype = code.dtype
    if network.code_threshold == "jump":
        return code * (code > np.exp(weights[names.LOG_THRESHOLDS])).astype(dtype)
    if network.code_threshold == "batch":
        return code * (code >= weights[names.THRESHOLD]).astype(dtype)
    if network.n_active is None:
        return code
    graph, n_active = code.graph, network.n_active
    count = graph.constant(np.array([n_active], np.int64))
    values, places = graph.node("TopK", [code.name, count], 2, axis=1)
    zeros = code * np.float32(0)
    (name,) = graph.node("ScatterElements", [zeros.name, places, values], axis=1)
    return Tensor(graph, name, dtype, code.shape)


_PATHS |= {
    "convolutional": convolutional_path,
    "dense": _dense_path,
    "recurrent": recurrent_path,
}
