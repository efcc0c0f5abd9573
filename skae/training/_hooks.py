"""Listeners to a training run."""

from collections.abc import Callable

from skae.numerics import Weights
from skae.training._program import Program


class Hooks:
    """A listener, which the loop tells of every epoch; this one does nothing."""

    @property
    def listens(self) -> bool:
        """Whether it wants to hear of each epoch right after it."""
        return type(self) is not Hooks

    def begin(self, program: Program) -> None:
        """Before the first epoch."""

    def epoch_begin(self, epoch: int) -> None:
        """Before an epoch; the first is 1."""

    def epoch_end(self, epoch: int, logs: dict[str, float], weights: Callable[[], Weights]) -> bool:
        """After an epoch; ``weights()`` gives its weights. True asks to stop."""
        return False

    def end(self) -> int | None:
        """After the last epoch.

        Returns the epoch whose weights a listener has put in the place of the last ones, or None.
        """
