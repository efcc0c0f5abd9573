"""Memory of variables that nobody will use again."""

from collections.abc import Iterable

import keras
import tensorflow as tf

# Smaller ones are left: they may still be read, as the learning rate is.
_LARGE = 2**16


def size_of(variables: Iterable[keras.Variable]) -> int:
    """Bytes of variables."""
    return sum(
        variable.value.shape.num_elements() * variable.value.dtype.size for variable in variables
    )


def release(variables: Iterable[keras.Variable]) -> None:
    """Empty large variables.

    TensorFlow never frees the graph of a loop, which holds the variables that it was traced with:
    three times the weights of every architecture that was ever trained.
    """
    for variable in variables:
        if size_of([variable]) >= _LARGE:
            empty = tf.zeros((0,), variable.value.dtype)
            tf.raw_ops.AssignVariableOp(resource=variable.value.handle, value=empty)
