"""A user's own Keras models: made in float32, and refused where part of them would not count."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import keras


@contextmanager
def layers_in_float32() -> Iterator[None]:
    """Layers that do not say their type get float32, whatever the user's global policy.

    Keras keeps that policy for each thread: nobody else sees it change.
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def check_own_model(model: keras.Model) -> None:
    """Refuse what training would pass over.

    Parameters
    ----------
    model : keras.Model

    Raises
    ------
    ValueError
        For penalties of layers, and for inputs or weights in half precision.
    """
    for tensor in model.inputs:
        _check_type(f"an input ({tensor.name})", tensor.dtype)
    for variable in model.trainable_variables:
        _check_type(f"a weight ({variable.path})", variable.dtype)
        if getattr(variable, "regularizer", None) is not None:
            _refuse_penalty(f"a regularizer of {variable.path}")
    for layer in _all_layers(model):
        if getattr(layer, "activity_regularizer", None) is not None:
            _refuse_penalty(f"an activity_regularizer of {layer.name}")


def _check_type(what: str, dtype: Any) -> None:
    if str(dtype) in ("float16", "bfloat16"):
        raise ValueError(
            f"network= made {what} of type {dtype}, but networks train in float32. Leave the type "
            "of layers out, or say 'mixed_float16', and make inputs by keras.Input(shape, "
            "dtype='float32') where keras.config.floatx() is another."
        )


def _refuse_penalty(what: str) -> NoReturn:
    raise ValueError(
        f"network= made {what}, but penalties of layers are no part of the loss here. Leave it "
        "out, and use optimizer=keras.optimizers.AdamW(weight_decay=...), SparseAutoencoder or "
        "ContractiveAutoencoder."
    )


def _all_layers(model: keras.Model) -> Iterator[keras.layers.Layer]:
    for layer in model.layers:
        yield layer
        if isinstance(layer, keras.Model):
            yield from _all_layers(layer)
