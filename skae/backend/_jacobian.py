"""The code of rows and its derivative by them."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import keras

from skae.networks import Network
from skae.objectives import Tensor

if TYPE_CHECKING:
    from skae.backend._models import KerasNetwork

# ``gradient(function, x)``: the derivative at x of the sum of what a function returns.
Gradient = Callable[[Callable[[Tensor], Tensor], Tensor], Tensor]


def encode_with_jacobian(
    network: Network, built: "KerasNetwork", rows: Tensor, gradient: Gradient
) -> tuple[Tensor, Tensor]:
    """Code of scaled rows, and the encoder's Jacobian at each of them, without dropout.

    For a dense network the chain rule, for all rows at once and from the code back to the rows: a
    code is narrower than a row. For others one reverse pass over each row as many times as it has
    components, each copy for one of them.

    Parameters
    ----------
    network : Network
    built : KerasNetwork
    rows : tensor of shape (n, n_features)
    gradient : Gradient

    Returns
    -------
    code : tensor of shape (n, n_components)
    jacobian : tensor of shape (n, n_components, n_features)
    """
    if network.kind == "dense":
        return _dense_jacobian(network, built.encoder, rows, gradient)
    ops, k = keras.ops, network.n_components
    n_rows = ops.shape(rows)[0]
    copies = ops.repeat(rows, k, axis=0)
    chosen = ops.tile(ops.eye(k), (n_rows, 1))
    jacobian = gradient(lambda x: built.encoder(x, training=False) * chosen, copies)
    jacobian = ops.reshape(jacobian, (n_rows, k, network.n_features))
    return built.encoder(rows, training=False), jacobian


def _dense_jacobian(
    network: Network, encoder: keras.Model, rows: Tensor, gradient: Gradient
) -> tuple[Tensor, Tensor]:
    ops, activate = keras.ops, keras.activations.get(network.activation)
    hidden, slopes, kernels = rows, [], []
    for i in range(1, len(network.hidden_layer_sizes) + 1):
        layer = encoder.get_layer(f"encoder_hidden_{i}")
        before = ops.matmul(hidden, layer.kernel) + layer.bias
        hidden = activate(before)
        slopes.append(gradient(activate, before))
        kernels.append(layer.kernel)
    jacobian: Tensor = 0.0
    if kernels:
        jacobian = ops.transpose(encoder.get_layer("encoder_nonlinear").kernel)[None]
        for kernel, factor in zip(kernels[::-1], slopes[::-1], strict=True):
            jacobian = ops.matmul(jacobian * factor[:, None, :], ops.transpose(kernel))
    if network.has_linear_path:
        linear = ops.transpose(encoder.get_layer("encoder_linear").kernel)[None]
        jacobian = jacobian + ops.broadcast_to(
            linear, (ops.shape(rows)[0], network.n_components, network.n_features)
        )
    return encoder(rows, training=False), jacobian
