"""Learning rates that rise for a few steps and then fall towards zero."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from skae.numerics import Array
from skae.threads import check_stop
from skae.training._batches import Chunk
from skae.training._program import Program

# Steps in which the rate rises to its peak, at most, and as a share of all.
_MOST_WARM_UP, _WARM_UP_SHARE = 100, 0.1
# Share of the peak that is left at the end.
_LEAST = 1e-3


@dataclass(frozen=True)
class Annealing:
    """A linear warm-up, then half a cosine (Loshchilov & Hutter 2017).

    Attributes
    ----------
    peak : float
        The highest rate.
    n_steps : int
        Steps after which the rate has fallen to almost zero.
    """

    peak: float
    n_steps: int

    def rate(self, step: float) -> float:
        """The learning rate of a step; the first is 0."""
        n_warm_up = min(_MOST_WARM_UP, _WARM_UP_SHARE * self.n_steps)
        if step < n_warm_up:
            return self.peak * (step + 1) / (n_warm_up + 1)
        progress = min(1.0, (step - n_warm_up) / max(self.n_steps - n_warm_up, 1.0))
        return self.peak * max(0.5 * (1 + math.cos(math.pi * progress)), _LEAST)


class AnnealedRate:
    """The learning rate of a program, set anew before every chunk of steps.

    Where somebody else has changed it in between, as a callback may, all later rates are changed
    by the same factor.

    Parameters
    ----------
    program : Program
    annealing : Annealing
    is_shared : bool
        Whether anybody else may change it: looking takes as long as a small step.
    """

    def __init__(self, program: Program, annealing: Annealing, *, is_shared: bool = True) -> None:
        self.program, self.annealing, self._is_shared = program, annealing, is_shared
        self._factor, self._planned = 1.0, annealing.peak
        self._set = np.float32(program.learning_rate())

    def state(self) -> list[float]:
        """Numbers that say where it is."""
        return [self._factor, self._planned, float(self._set)]

    def resume(self, state: list[float]) -> None:
        """Go on from such numbers."""
        self._factor, self._planned, last = state
        self._set = np.float32(last)

    def prepare(self, step: int, n_steps: int) -> None:
        """Set the rate of a chunk of steps to that in its middle."""
        self._notice_changes()
        self.program.set_learning_rate(self._next(step, n_steps))

    def rates(self, step: int, n_steps: Sequence[int]) -> list[float]:
        """The rates of several chunks that follow each other, for a call that sets them itself."""
        self._notice_changes()
        firsts = step + np.cumsum([0, *n_steps[:-1]])
        return [self._next(first, n) for first, n in zip(firsts.tolist(), n_steps, strict=True)]

    def _notice_changes(self) -> None:
        if not self._is_shared:
            return
        now = self.program.learning_rate()
        if now != self._set:
            self._factor = float(now) / self._planned

    def _next(self, step: int, n_steps: int) -> float:
        self._planned = self.annealing.rate(step + 0.5 * (n_steps - 1))
        self._set = np.float32(self._planned * self._factor)
        return float(self._set)


def train_chunks(
    program: Program,
    chunks: Iterable[Chunk],
    annealed: AnnealedRate | None,
    first_step: int,
    rng: np.random.Generator,
) -> list[Array]:
    """Train on chunks in turn, each at its rate; the sums of terms that each reports."""
    sums, step = [], first_step
    for chunk in chunks:
        check_stop()
        if annealed is not None:
            annealed.prepare(step, chunk.n_steps)
        sums.append(program.train(program.stage(chunk), int(rng.integers(2**31))))
        step += chunk.n_steps
    return sums
