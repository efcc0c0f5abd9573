"""The engine: the epoch loop, batches, early stopping, history.

Knows neither scikit-learn, nor Keras, nor any variant: programs are handed in.
"""

from skae.training._batches import chunks
from skae.training._early_stopping import EarlyStopping
from skae.training._history import History
from skae.training._loop import Data, Diverged, Hooks, Outcome, Plan, Start, run
from skae.training._spec import ProgramSpec, choose_tier

__all__ = [
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
