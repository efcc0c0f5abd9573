"""Keras layers of skae's own.

Some ``encoder_`` models contain them: those with a mask, those that restore, those with a
sparse code, or with a network of the user's. Import this module before
``keras.saving.load_model`` reads a saved one in another process.
"""

from skae.backend._layers import (
    Between,
    Gate,
    HideMissing,
    KeepLargest,
    LastState,
    MarkMissing,
    Mirror,
    MissingWhere,
    TakenOff,
)
from skae.backend._sparse_layers import IdleUnits, JumpReLU, KeepLargestOfBatch, UnitDense

__all__ = [
    "Between",
    "Gate",
    "HideMissing",
    "IdleUnits",
    "JumpReLU",
    "KeepLargest",
    "KeepLargestOfBatch",
    "LastState",
    "MarkMissing",
    "Mirror",
    "MissingWhere",
    "TakenOff",
    "UnitDense",
]
