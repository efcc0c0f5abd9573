"""Keras layers of skae's own.

Some ``encoder_`` models contain them: those with a mask, those that restore, those with a code of
which the largest values are kept, or with a network of the user's. Import this module before
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

__all__ = [
    "Between",
    "Gate",
    "HideMissing",
    "KeepLargest",
    "LastState",
    "MarkMissing",
    "Mirror",
    "MissingWhere",
    "TakenOff",
]
