"""What a user gives is tried out before anything is built with it, so that errors name it.

Loaded on first use only: it imports Keras.
"""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

# Units of the layer that an activation is tried on: even, so that halves are told by their shape.
_N_UNITS = 6


def check_activation(activation: Any, n_axes: Sequence[int]) -> None:
    """Refuse what no layer can be built with.

    Parameters
    ----------
    activation : str or callable
    n_axes : list of int
        Numbers of axes of what layers give, with that of the rows; none where only a user's network
        knows what becomes of the activation.

    Raises
    ------
    ValueError
        If Keras does not know the name, or the function does not return a tensor of the shape and
        type of the one that it gets.
    """
    shown = f"activation={activation!r}"
    # A user's own network may make an instance itself.
    if n_axes and isinstance(activation, type):
        raise ValueError(
            f"{shown} is a class, but a function of a tensor was expected. Pass an instance, such "
            f"as {activation.__name__}(), or a name such as 'relu'."
        )
    function = _found(activation, shown)
    for n in n_axes:
        shape = (*[None] * (n - 1), _N_UNITS)
        is_layer = isinstance(function, keras.layers.Layer)
        _check_call(
            _without_weights(function, shown, shape) if is_layer else function, shown, shape
        )


def _check_call(function: Any, shown: str, shape: tuple[int | None, ...]) -> None:
    given = tf.TensorSpec(shape, tf.float32)
    try:
        outputs = tf.function(function, autograph=False).get_concrete_function(given).outputs
    except Exception as error:
        raise ValueError(
            f"{shown} cannot be called with a tensor of shape {given.shape} alone: "
            f"{_said(error)}. An activation is a function of one tensor that Keras or TensorFlow "
            "can compile, such as 'gelu' or lambda x: keras.ops.maximum(x, 0.1 * x)."
        ) from error
    found = [(each.shape, each.dtype) for each in outputs]
    if len(found) != 1 or found[0][1] != tf.float32 or not _is_same(found[0][0], given.shape):
        raise ValueError(
            f"{shown} makes {_described(found)} of a tensor of shape {given.shape} and float32, "
            "but an activation keeps both. Use one that does, such as 'gelu', 'relu' or 'tanh', "
            "or build layers of other kinds with network=."
        )


def check_loss(loss: Any, n_features: int) -> bool:
    """Whether a loss has a value a row, not a value a feature; refuse what no step can lower.

    Raises
    ------
    ValueError
        If it cannot be compiled, or gives anything but a float32 a row, or one a value.
    """
    shown, given = f"loss={loss!r}", tf.TensorSpec((None, n_features), tf.float32)
    expected = (
        "A loss is a function of targets and outputs, two tensors of shape (n, n_features) in "
        "scaled units, and gives a value a row or a value a feature, such as "
        "lambda targets, outputs: keras.ops.square(targets - outputs)."
    )
    if isinstance(loss, type):
        raise ValueError(
            f"{shown} is a class. Pass an instance, such as {loss.__name__}(reduction=None) of "
            f"Keras, or a function. {expected}"
        )
    try:
        traced = tf.function(loss, autograph=False).get_concrete_function(given, given)
    except Exception as error:
        raise ValueError(f"{shown} cannot be called: {_said(error)}. {expected}") from error
    found = [(each.shape, each.dtype) for each in traced.outputs]
    fits = len(found) == 1 and found[0][1] == tf.float32
    shape = found[0][0] if fits else tf.TensorShape(None)
    fits = fits and shape.rank in (1, 2) and shape[0] is None and shape[-1] in (None, n_features)
    if not fits:
        raise ValueError(f"{shown} makes {_described(found)}. {expected}")
    if not _has_gradient(traced, given):
        raise ValueError(
            f"{shown} has no gradient at outputs, so that nothing would be learnt. Compute it from "
            "them by operations that have one: comparisons and rounding have none."
        )
    return bool(shape.rank == 1)


def _has_gradient(loss: Any, given: tf.TensorSpec) -> bool:
    found: list[Any] = []

    def derive(targets: Any, outputs: Any) -> None:
        with tf.GradientTape() as tape:
            tape.watch(outputs)
            values = loss(targets, outputs)
        found.append(tape.gradient(values, outputs))

    tf.function(derive, autograph=False).get_concrete_function(given, given)
    return found[0] is not None


def _found(activation: Any, shown: str) -> Any:
    try:
        return keras.activations.get(activation)
    except Exception:
        raise ValueError(
            f"{shown} is not the name of a Keras activation. Use one such as 'gelu', 'relu' or "
            "'tanh', or a function of a tensor."
        ) from None


def _without_weights(layer: Any, shown: str, shape: tuple[int | None, ...]) -> Any:
    """A copy of a layer; one with weights would carry those of a fit into the next."""
    try:
        copy = type(layer).from_config(layer.get_config())
        copy.build(shape)
    except Exception as error:
        raise ValueError(
            f"{shown} is a layer that cannot be copied: {_said(error)}. Give a function of a "
            "tensor."
        ) from error
    if copy.weights:
        raise ValueError(
            f"{shown} is a layer with weights, which all layers and fits would share. Give a "
            "function of a tensor, or build such layers with network=."
        )
    return copy


def _is_same(found: tf.TensorShape, expected: tf.TensorShape) -> bool:
    return bool(found.is_compatible_with(expected)) and found.rank == expected.rank


def _described(found: list[tuple[Any, Any]]) -> str:
    return " and ".join(f"{shape} of {dtype.name}" for shape, dtype in found) or "nothing"


def check_schedule(schedule: Any, made: Any, owner: Any = None) -> None:
    """Refuse a schedule of which training cannot ask a rate.

    Parameters
    ----------
    schedule : keras.optimizers.schedules.LearningRateSchedule
    made : KerasConfig
        Of it; every fit makes a new one.
    owner : keras.optimizers.Optimizer or None
        Whose learning rate it is, where that is an instance.

    Raises
    ------
    ValueError
        If it cannot be made again, or its first rate is no number that a step can be scaled by.
    """
    name = type(schedule).__name__
    shown = f"learning_rate={name}" + (f" of optimizer={type(owner).__name__}" if owner else "")
    try:
        copy = made.make()
    except Exception as error:
        raise ValueError(
            f"{shown}: every fit makes a new one from its configuration, but its "
            f"from_config() raised {_said(error)}. Let {name}.get_config() return all arguments "
            "of the constructor as plain values."
        ) from error
    step = keras.Variable(0, shape=(), dtype="int32", trainable=False, name="step")

    def first_rate() -> Any:
        return tf.cast(keras.ops.convert_to_tensor(copy(step)), tf.float32)

    try:
        rate = tf.function(first_rate, autograph=False).get_concrete_function()().numpy()
    except Exception as error:
        raise ValueError(
            f"{shown} cannot be asked for the rate of a step: {_said(error)}. Its "
            "__call__(step) gets a tensor, is compiled, and returns one number."
        ) from error
    if np.shape(rate) != () or not 0 <= float(rate) < np.inf:
        raise ValueError(
            f"{shown} gives {rate} for the first step, but a finite number that is "
            "not negative was expected."
        )


def _said(error: Exception) -> str:
    """An error in a line; Keras and TensorFlow write pages."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}({text[:200]}{'...' if len(text) > 200 else ''})"
