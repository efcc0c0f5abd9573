"""The engine: the epoch loop, batches, early stopping, history.

Knows neither scikit-learn, nor Keras, nor any variant: programs are handed in.
"""

from skae.training._batches import chunks
from skae.training._early_stopping import EarlyStopping
from skae.training._history import History
from skae.training._hooks import Hooks
from skae.training._judge import Diverged
from skae.training._loop import run
from skae.training._spec import ProgramSpec, choose_tier
from skae.training._values import DEFAULT_LEARNING_RATE, Data, Outcome, Plan, Start

__all__ = [
    "DEFAULT_LEARNING_RATE",
    "Data",
    "Diverged",
    "EarlyStopping",
    "History",
    "Hooks",
    "Outcome",
    "Plan",
    "ProgramSpec",
    "Start",
    "choose_tier",
    "chunks",
    "run",
]
