"""When to stop, as a value: no clock, no weights, no side effects."""

import math
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class EarlyStopping:
    """Patience with a loss.

    Attributes
    ----------
    patience : int or float
        Epochs without a worthwhile improvement before ``should_stop``.
    min_delta : float
        An improvement counts as worthwhile above this value.
    best : float
        Lowest loss so far.
    best_epoch : int
        Its epoch; 0 is the start, before any training.
    improved : bool
        Whether the last update set a new lowest loss.
    """

    patience: float
    min_delta: float
    best: float = math.inf
    best_epoch: int = 0
    improved: bool = False
    reference: float = math.inf
    waited: int = 0

    def update(self, loss: float, epoch: int) -> "EarlyStopping":
        """The state after one more epoch."""
        improved = loss < self.best
        worthwhile = loss < self.reference - self.min_delta
        return replace(
            self,
            best=loss if improved else self.best,
            best_epoch=epoch if improved else self.best_epoch,
            improved=improved,
            reference=loss if worthwhile else self.reference,
            waited=0 if worthwhile else self.waited + 1,
        )

    @property
    def should_stop(self) -> bool:
        """Whether patience has run out."""
        return self.waited >= self.patience
