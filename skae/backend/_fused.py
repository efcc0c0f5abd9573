"""Activations of convolutional programs, each compiled into one pass over memory.

TensorFlow reads and writes a whole feature map for every product and sum of ``gelu`` and of its
derivative, which takes nearly as long as the convolutions. XLA is slow at convolutions but makes
one loop of what is elementwise: only that is given to it.
"""

from collections.abc import Callable

import keras
import tensorflow as tf

from skae.backend._models import KerasNetwork
from skae.networks import ConvolutionalNetwork
from skae.objectives import Tensor
from skae.training import ProgramSpec

Activation = Callable[[Tensor], Tensor]

# Those that TensorFlow computes in many operations. Where it has a kernel for the activation and
# one for its derivative (relu, elu, tanh), XLA is slower.
_COMPOSED: tuple[Activation, ...] = (keras.activations.gelu, keras.activations.silu)
# Values of the widest layer in a batch. Compiling takes as long as a few hundred steps save.
_LEAST_VALUES = 2**18


def fuse_activations(built: KerasNetwork, spec: ProgramSpec) -> None:
    """Let a program compute composed activations of large feature maps in one pass.

    Only the layers of a program are changed, which nobody saves: what a fit leaves is built anew.

    Parameters
    ----------
    built : KerasNetwork
    spec : ProgramSpec
    """
    if not pays(spec):
        return
    layers = [layer for path in built.paths for block in path.blocks for layer in block.layers]
    replacements = {activation: fused(activation) for activation in _COMPOSED}
    for layer in layers:
        activation = getattr(layer, "activation", None)
        if activation in _COMPOSED:
            layer.activation = replacements[activation]


def pays(spec: ProgramSpec) -> bool:
    """Whether a program has feature maps large enough, and does not compile them otherwise."""
    is_convolutional = isinstance(spec.network, ConvolutionalNetwork) and spec.tier == "graph"
    return is_convolutional and spec.batch_size * spec.network.widest_layer >= _LEAST_VALUES


def fused(activation: Activation) -> Activation:
    """An elementwise function and its derivative, each compiled with XLA inside any graph.

    The derivative is computed anew from the input: cheaper than writing and reading what the
    function had computed on its way. It can be derived again, as a contractive penalty does.

    Parameters
    ----------
    activation : callable
    """

    def values(inputs: Tensor) -> Tensor:
        return activation(inputs)

    def derivative(inputs: Tensor, upstream: Tensor) -> Tensor:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(inputs)
            outputs = activation(inputs)
        return tape.gradient(outputs, inputs, output_gradients=upstream)

    forward, backward = (
        tf.function(each, jit_compile=True, autograph=False) for each in (values, derivative)
    )

    def with_derivative(inputs: Tensor) -> tuple[Tensor, Activation]:
        return forward(inputs), lambda upstream: backward(inputs, upstream)

    differentiable = tf.custom_gradient(with_derivative)

    def apply(inputs: Tensor) -> Tensor:
        # Flat, as feature maps of several shapes have equally many values: that compiles once.
        return tf.reshape(differentiable(tf.reshape(inputs, [-1])), tf.shape(inputs))

    return apply
