"""Nonlinear paths whose first hidden layer is told the class of each row."""

import keras

from skae.backend._blocks import DTYPE, Path, dense
from skae.networks import names
from skae.objectives import Tensor


def path_of_classes(path: Path, half: str, inputs: Tensor, classes: Tensor) -> Tensor:
    """Output of a path, to whose first hidden layer a class adds a value for each unit or filter.

    Parameters
    ----------
    path : Path
        Its first hidden layer loses its activation to a layer of its own.
    half : {"encoder", "decoder"}
    inputs : tensor of shape (n_rows, n_inputs)
    classes : tensor of shape (n_rows, n_classes)
        Ones and zeros.
    """
    first, *others = path.blocks
    place = [layer.name for layer in first.layers].index(names.hidden(half, 1))
    told = first.layers[place]
    activation, told.activation = told.activation, keras.activations.linear
    name = f"{half}_class_activation"
    activate = keras.layers.Activation(activation, dtype=DTYPE, name=name)
    for layer in first.layers[: place + 1]:
        inputs = layer(inputs)
    units = inputs.shape[-1]
    added = dense(units, names.class_hidden(half), use_bias=False)(classes)
    if len(inputs.shape) > len(added.shape):
        # The same at every place of a feature map.
        shape = (*[1] * (len(inputs.shape) - 2), units)
        added = keras.layers.Reshape(shape, dtype=DTYPE, name=f"{half}_class_shape")(added)
    inputs = activate(keras.ops.add(inputs, added))
    for layer in first.layers[place + 1 :]:
        inputs = layer(inputs)
    first.layers.insert(place + 1, activate)
    for block in others:
        inputs = block(inputs)
    return inputs
