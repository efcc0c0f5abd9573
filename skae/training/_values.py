"""The inputs of a training run, and its outcome."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from skae.numerics import Array, Integers, Weights
from skae.training._annealing import Annealing
from skae.training._gradient_moments import GradientMoments
from skae.training._history import History
from skae.training._row_source import RowSource

# Chosen by `python -m benchmarks.quality`; docs/design.md says what else was tried.
DEFAULT_LEARNING_RATE = 2e-3
# The highest of a rate that is annealed.
DEFAULT_PEAK_RATE = 5e-3


@dataclass(frozen=True)
class Data:
    """Rows and which of them train.

    Attributes
    ----------
    rows : RowSource
    training, validation : ndarray of int
        Validation may be empty: then the training loss is watched instead.
    sample_weight : ndarray of shape (n_rows,) or None
    targets : RowSource or None
        What the rows should become; None for the rows themselves.
    has_gaps : bool
        Whether NaN in targets stands for values that do not count.
    labels : ndarray of shape (n_rows, n_label_values) or None
        What else is known of the rows.
    """

    rows: RowSource
    training: Integers
    validation: Integers
    sample_weight: Array | None = None
    targets: RowSource | None = None
    has_gaps: bool = False
    labels: Array | None = None

    @property
    def n_in_turn(self) -> int:
        """Rows that an epoch trains on one after the other."""
        return len(self.training)

    @property
    def most_rows(self) -> int:
        """Rows that are trained on or judged together, at most."""
        return max(len(self.training), len(self.validation))

    @property
    def sources(self) -> list[RowSource]:
        """Rows that training reads, and what they should become."""
        return [self.rows] if self.targets is None else [self.rows, self.targets]

    @property
    def facts(self) -> list[Array | None]:
        """Arrays that, beside the rows, decide what training makes of them."""
        return [self.training, self.validation, self.sample_weight, self.labels]


@dataclass(frozen=True)
class Plan:
    """How long to train.

    Attributes
    ----------
    max_iter : int
    patience : int or float
    min_delta : float
    n_grace_epochs : int
        Epochs at the beginning that do not count against patience.
    keep_start_if_better : bool
        Without validation rows: end with the starting weights where training made them worse.
    annealing : Annealing or None
        How the learning rate changes; None for one that does not.
    n_reductions : int
        How often patience that has run out lowers the learning rate instead of ending training.
    keeps_interrupted : bool
        Whether an interruption ends training with an outcome, rather than being raised.
    """

    max_iter: int
    patience: float
    min_delta: float
    n_grace_epochs: int = 0
    keep_start_if_better: bool = True
    annealing: Annealing | None = None
    n_reductions: int = 0
    keeps_interrupted: bool = False


@dataclass(frozen=True)
class Start:
    """The weights and numbers that a program is loaded with.

    Attributes
    ----------
    weights : dict of ndarray
    seed : int
    learning_rate : float or None
        None for a schedule.
    scalars : dict
    optimizer_state : list of ndarray or None
    schedule : callable or None
        ``schedule(epoch)`` gives the scalars that differ in training in that epoch. Losses are
        always reported with ``scalars``, so that epochs can be compared.
    n_past_epochs : int
        Epochs trained before this run, for the schedule.
    departure : dict of ndarray or None
        Weights to train from, where those are not the ones to beat.
    mask : dict of ndarray or None
        0 for every weight that stays zero, else 1.
    """

    weights: Weights
    seed: int
    learning_rate: float | None
    scalars: dict[str, Any] = field(default_factory=dict)
    optimizer_state: list[Array] | None = None
    schedule: Callable[[int], Mapping[str, float]] | None = None
    n_past_epochs: int = 0
    departure: Weights | None = None
    mask: Weights | None = None


@dataclass(frozen=True)
class Outcome:
    """The outcome of a training run.

    Attributes
    ----------
    weights : dict of ndarray
        The best with validation rows, else the last.
    optimizer_state : list of ndarray or None
        None where nothing was trained.
    history : History
    best_loss : float
    best_epoch : int
        0 where the starting weights were kept.
    interrupted : bool
    gradient_moments : GradientMoments or None
        For a program that is pruned.
    """

    weights: Weights
    optimizer_state: list[Array] | None
    history: History
    best_loss: float
    best_epoch: int
    interrupted: bool
    gradient_moments: GradientMoments | None = None
