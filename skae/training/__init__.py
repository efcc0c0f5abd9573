"""The engine: the epoch loop, batches, early stopping, history.

Knows neither scikit-learn, nor Keras, nor any variant: programs are handed in.
"""

from skae.training._annealing import AnnealedRate, Annealing, train_chunks
from skae.training._batches import Chunk, LongChunk, chunks, shuffled
from skae.training._brief import held_out_loss, loss_after
from skae.training._early_stopping import EarlyStopping
from skae.training._gradient_moments import GradientMoments
from skae.training._history import History
from skae.training._hooks import Hooks
from skae.training._judge import Diverged, Judge, total_of
from skae.training._long_calls import Epochs
from skae.training._loop import run
from skae.training._parts import ObjectivePart, OptimizerPart, UpdatePart
from skae.training._program import Program
from skae.training._resuming import Keeper, Saved
from skae.training._row_source import RowSource
from skae.training._spec import LONG_CALL_CHUNKS, ProgramSpec, Tier, choose_tier
from skae.training._values import (
    DEFAULT_LEARNING_RATE,
    DEFAULT_PEAK_RATE,
    Data,
    Outcome,
    Plan,
    Start,
)

__all__ = [
    "DEFAULT_LEARNING_RATE",
    "DEFAULT_PEAK_RATE",
    "LONG_CALL_CHUNKS",
    "AnnealedRate",
    "Annealing",
    "Chunk",
    "Data",
    "Diverged",
    "EarlyStopping",
    "Epochs",
    "GradientMoments",
    "History",
    "Hooks",
    "Judge",
    "Keeper",
    "LongChunk",
    "ObjectivePart",
    "OptimizerPart",
    "Outcome",
    "Plan",
    "Program",
    "ProgramSpec",
    "RowSource",
    "Saved",
    "Start",
    "Tier",
    "UpdatePart",
    "choose_tier",
    "chunks",
    "held_out_loss",
    "loss_after",
    "run",
    "shuffled",
    "total_of",
    "train_chunks",
]
