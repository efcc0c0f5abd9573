"""Nonlinear paths as Keras layers, in blocks: one for each hidden layer, and a last one.

Block ``i`` of an encoder and the block of the same place from the end of the decoder undo each
other's shapes: they can be trained alone.
"""

from collections.abc import Sequence
from typing import Any

import keras

from skae.networks import Network
from skae.objectives import Tensor

# Said at every layer, so that a global dtype policy of the user's neither matters nor is read.
DTYPE = "float32"


class Path:
    """Blocks of layers, applied one after the other.

    Parameters
    ----------
    blocks : list of list of keras.layers.Layer
    """

    def __init__(self, blocks: Sequence[list[keras.layers.Layer]]) -> None:
        self.blocks = [Block(layers) for layers in blocks]

    def __call__(self, inputs: Tensor) -> Tensor:
        for block in self.blocks:
            inputs = block(inputs)
        return inputs


class Block:
    """Layers, applied one after the other.

    Parameters
    ----------
    layers : list of keras.layers.Layer
    """

    def __init__(self, layers: list[keras.layers.Layer]) -> None:
        self.layers = layers

    def __call__(self, inputs: Tensor, training: bool | None = None) -> Tensor:
        for layer in self.layers:
            inputs = layer(inputs, training=training)
        return inputs


def glorot() -> keras.initializers.Initializer:
    """Glorot & Bengio's (2010) initialiser.

    The seed only satisfies it: every fit draws its own weights. Without one it would draw a seed
    from Python's global generator.
    """
    return keras.initializers.GlorotUniform(seed=0)


def dense(units: int, name: str, **options: Any) -> keras.layers.Layer:
    """A fully connected layer."""
    return keras.layers.Dense(units, dtype=DTYPE, name=name, kernel_initializer=glorot(), **options)


def dropout(network: Network, name: str) -> list[keras.layers.Layer]:
    """A list of one dropout layer, or of none."""
    if not network.dropout:
        return []
    # The seed only satisfies the layer: every fit sets the state of its generator.
    return [keras.layers.Dropout(network.dropout, seed=0, dtype=DTYPE, name=name)]


def reshape(shape: tuple[int | None, ...], name: str) -> keras.layers.Layer:
    """A layer that gives rows another shape."""
    return keras.layers.Reshape(shape, dtype=DTYPE, name=name)
