"""Training that goes on where a process that was killed had come to."""

from dataclasses import dataclass
from typing import Any, Protocol

from skae.numerics import Array, Weights


@dataclass(frozen=True)
class Saved:
    """All that the loop knows after an epoch.

    Attributes
    ----------
    numbers : dict
        Of the loop: plain values, as JSON holds them.
    best_weights : dict of ndarray
    variables : list of ndarray
        Of the program.
    """

    numbers: dict[str, Any]
    best_weights: Weights
    variables: list[Array]


class Keeper(Protocol):
    """Keeps what the loop knows for a run that begins again."""

    def found(self) -> Saved | None:
        """What an earlier run of the same fit left, if there was one."""

    @property
    def is_due(self) -> bool:
        """Whether it is time to keep it again."""

    def keep(self, saved: Saved, /) -> None:
        """Keep it, in the place of what was kept before."""

    def done(self) -> None:
        """Keep nothing any more, as the run has come to its end."""
