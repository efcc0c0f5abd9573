"""The engine: compiled programs, the epoch loop, early stopping, history.

Knows neither scikit-learn nor any variant. Nothing here imports Keras at the top but ``_program``,
which is loaded on first use.
"""

from skae.training._batches import chunks
from skae.training._early_stopping import EarlyStopping
from skae.training._history import History
from skae.training._keras_callbacks import LEFT_BY_FITS, KerasCallbackHooks
from skae.training._loop import Data, Diverged, Hooks, Outcome, Plan, Start, run
from skae.training._pool import ProgramPool
from skae.training._spec import ProgramSpec, choose_tier

__all__ = [
    "LEFT_BY_FITS",
    "Data",
    "Diverged",
    "EarlyStopping",
    "History",
    "Hooks",
    "KerasCallbackHooks",
    "Outcome",
    "Plan",
    "ProgramPool",
    "ProgramSpec",
    "Start",
    "choose_tier",
    "chunks",
    "run",
]
