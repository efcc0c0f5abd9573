"""The parts that a program is compiled from, as far as a specification has to know them.

All of them are hashable: equal specifications share a compiled program.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, Protocol


class UpdatePart(Protocol):
    """One of several updates in a step; ``skae.objectives.Update`` says more."""

    @property
    def terms(self) -> tuple[str, ...]:
        """Terms to lower; none means all."""

    @property
    def weights(self) -> tuple[str, ...]:
        """Beginnings of the names of the weights to change."""

    @property
    def rate(self) -> str | None:
        """Name of a scalar by which the step is multiplied."""


class ObjectivePart(Hashable, Protocol):
    """A function of a batch whose terms are minimised; ``skae.objectives.Objective`` says more."""

    @property
    def function(self) -> Callable[..., Mapping[str, Any]]:
        """Gives the terms, one value a row."""

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the terms."""

    @property
    def updates(self) -> Sequence[UpdatePart]:
        """Updates of a step, in turn; none means one update of all weights by all terms."""

    @property
    def watched(self) -> tuple[str, ...]:
        """Terms that add up to the loss by which training is judged; none means all."""

    @property
    def is_random(self) -> bool:
        """Whether equal weights give other values in another step."""

    def total(
        self, terms: Mapping[str, Any], scalars: Mapping[str, Any], names: tuple[str, ...] = ()
    ) -> Any:
        """Sum of the terms of these names, or of all, each times its strength."""


class OptimizerPart(Hashable, Protocol):
    """An optimizer without its learning rate, of which new ones are built."""

    @property
    def is_elementwise(self) -> bool:
        """Whether the optimizer may see all weights as one flat vector."""

    @property
    def has_schedule(self) -> bool:
        """Whether the learning rate follows a schedule."""

    @property
    def averages(self) -> bool:
        """Whether the optimizer keeps moving averages of the weights."""

    def build(self, variables: Any, /) -> Any:
        """A new optimizer of these variables."""
