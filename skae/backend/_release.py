"""Memory of programs that nobody will use again."""

import itertools
from collections.abc import Iterable

import keras
import tensorflow as tf
from tensorflow.python.eager import context

# Smaller ones are left: they may still be read, as the learning rate is.
_LARGE = 2**16
# Programs from one clearing of TensorFlow's kernels to the next, which those in use make anew.
_PROGRAMS_A_CLEARING = 16
_n_released = itertools.count(1)


def size_of(variables: Iterable[keras.Variable]) -> int:
    """Bytes of variables."""
    return sum(
        variable.value.shape.num_elements() * variable.value.dtype.size for variable in variables
    )


def release(variables: Iterable[keras.Variable]) -> None:
    """Empty large variables, and now and then let go what TensorFlow keeps for their shapes.

    A graph is freed when Python next looks for cycles, the variables are freed at once. Of every
    operation TensorFlow keeps a kernel for each shape of a variable: about 1 MB of a small
    architecture.
    """
    for variable in variables:
        if size_of([variable]) >= _LARGE:
            empty = tf.zeros((0,), variable.value.dtype)
            tf.raw_ops.AssignVariableOp(resource=variable.value.handle, value=empty)
    if next(_n_released) % _PROGRAMS_A_CLEARING == 0:
        context.context().clear_kernel_cache()
