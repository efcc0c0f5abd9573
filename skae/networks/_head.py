"""A head that predicts from the code: its first weights, and its numpy twin."""

from dataclasses import replace
from typing import TypeVar

import numpy as np

from skae.networks import _names as names
from skae.networks._activations import NUMPY_ACTIVATIONS
from skae.networks._dense import glorot_weights, reader_shapes
from skae.networks._network import Network
from skae.numerics import Array, Weights

# Of hidden layers that read the code, in a head as in a critic.
READER_ACTIVATION = "gelu"

AnyNetwork = TypeVar("AnyNetwork", bound=Network)


def with_head(
    network: AnyNetwork, hidden_layer_sizes: tuple[int, ...], n_predicted: int
) -> AnyNetwork:
    """The same network with a head on its code."""
    return replace(network, head_layer_sizes=hidden_layer_sizes, n_predicted=n_predicted)


def without_head(weights: Weights) -> tuple[Weights, Weights]:
    """The weights of an autoencoder, and apart from them those of its head."""
    own = {name: w for name, w in weights.items() if not name.startswith(names.HEAD)}
    return own, {name: w for name, w in weights.items() if name.startswith(names.HEAD)}


def random_head(network: Network, rng: np.random.Generator) -> Weights:
    """Glorot uniform kernels and zero biases of the head of a network that has one, float32."""
    sizes = network.head_layer_sizes
    assert sizes is not None
    shapes = reader_shapes("head", network.n_components, sizes, network.n_predicted)
    return glorot_weights(shapes, rng)


def predictions(head: Weights, code: Array) -> Array:
    """Outputs of a head of these weights for a code, in the code's dtype."""
    activate = NUMPY_ACTIVATIONS[READER_ACTIVATION]
    n_hidden = len(head) // 2 - 1
    for i in range(1, n_hidden + 1):
        layer = names.hidden("head", i)
        kernel, bias = head[names.kernel(layer)], head[names.bias(layer)]
        code = activate(code @ kernel.astype(code.dtype) + bias.astype(code.dtype))
    layer = names.output("head")
    kernel, bias = head[names.kernel(layer)], head[names.bias(layer)]
    outputs: Array = code @ kernel.astype(code.dtype) + bias.astype(code.dtype)
    return outputs
