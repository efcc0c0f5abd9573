"""All of Keras and TensorFlow: networks built, trained and scored.

Importing this package loads neither; the gateway does at its first call.
"""

from skae.backend._callbacks import (
    LEFT_BY_FITS,
    KerasCallbackHooks,
    may_read_rows_held_out,
    steer_the_rate,
)
from skae.backend._gateway import (
    POOL,
    SCORERS,
    borrow_program,
    borrow_scorer,
    callbacks_to_call,
    check_activation,
    check_loss,
    is_on_gpu,
    models_in_input_units,
    on_this_device,
    optimizer_settings,
    random_weights,
    with_build,
)
from skae.backend._stored import StoredKeras, keras_is_imported, stored

__all__ = [
    "LEFT_BY_FITS",
    "POOL",
    "SCORERS",
    "KerasCallbackHooks",
    "StoredKeras",
    "borrow_program",
    "borrow_scorer",
    "callbacks_to_call",
    "check_activation",
    "check_loss",
    "is_on_gpu",
    "keras_is_imported",
    "may_read_rows_held_out",
    "models_in_input_units",
    "on_this_device",
    "optimizer_settings",
    "random_weights",
    "steer_the_rate",
    "stored",
    "with_build",
]
