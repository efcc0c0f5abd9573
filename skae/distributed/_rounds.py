"""Training by rounds: what ``skae.training.run`` drives in the place of a compiled program.

In a round each shard trains from the same weights on its rows, for an epoch or a part of one; then
their weights are averaged (local SGD, Stich 2019). What is held out is judged by the averages.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from skae.distributed._averaging import (
    lengthened,
    mean_memory,
    mean_weights,
    shortened,
    stepped,
)
from skae.distributed._crew import Calls, Crew
from skae.distributed._envelope import Envelope
from skae.distributed._work import Memory, Seed, Trained, Turn, joined_memory, judge, train
from skae.numerics import Array, Weights
from skae.training import AnnealedRate, Data, Epochs, Judge, ProgramSpec, Start


class RoundProgram:
    """The weights of a fit by rounds, in numpy.

    Parameters
    ----------
    spec : ProgramSpec
    crew : Crew
    phase : Envelope
        Of a ``Phase``.
    numbers : list of int
        Shards that have rows to train on.
    momentum : float
        Of the steps that rounds make.
    n_parts : int
        Rounds of an epoch.
    """

    n_bytes = 0
    optimizer = None

    def __init__(
        self,
        spec: ProgramSpec,
        crew: Crew,
        phase: Envelope,
        numbers: list[int],
        momentum: float,
        n_parts: int,
    ) -> None:
        self.spec, self._crew, self._phase = spec, crew, phase
        self.numbers, self._momentum, self._n_parts = numbers, momentum, n_parts
        self._weights: Weights = {}
        self._velocity: Weights = {}
        self._memory: Memory | None = None
        self._own: Sequence[Memory | None] = [None] * len(numbers)
        self._rate = np.float32(np.nan)
        self._scalars: Mapping[str, Any] | None = None
        # The round to come, where it has begun beside the judgement of the one before.
        self._next: _Round | None = None
        # The epoch that is certain to come, and what it draws from.
        self._following: tuple[int, np.random.Generator] | None = None

    def load(
        self, weights: Weights, *, seed: int, learning_rate: float | None = None, **_: Any
    ) -> None:
        """Start from these weights; workers know all else."""
        self._weights = dict(weights)
        self._rate = np.float32(np.nan if learning_rate is None else learning_rate)

    def learning_rate(self) -> float:
        """The rate of the next round; NaN for a schedule."""
        return float(self._rate)

    def set_learning_rate(self, rate: float) -> None:
        """Change the rate; nothing for a schedule."""
        if not np.isnan(self._rate):
            self._rate = np.float32(rate)

    def set_training_scalars(self, scalars: Mapping[str, Any]) -> None:
        """Replace some scalars in training, and not in evaluation."""
        self._scalars = scalars

    def set_weights(self, weights: Weights) -> None:
        """Replace the weights, and nothing else."""
        self._weights, self._velocity = dict(weights), {}

    def weights(self) -> Weights:
        """The weights, by name."""
        return dict(self._weights)

    def optimizer_state(self) -> list[Array]:
        """Nothing: each shard has an optimizer of its own."""
        return []

    def variables(self) -> list[Array]:
        """All that the rounds to come depend on."""
        known = None if self._memory is None else lengthened(self._memory)
        memories = [joined_memory(known, own) for own in self._own]
        of_shards = [array for memory in memories for array in memory or []]
        counts = np.array([len(self._weights), len(self._velocity), len(of_shards)])
        of_weights = [*self._weights.values(), *self._velocity.values()]
        return [counts, np.asarray(self._rate), *of_weights, *of_shards]

    def resume(self, variables: list[Array]) -> None:
        """Go on from such a copy, after ``load``."""
        (n_weights, n_velocity, n_of_shards), rate, *rest = variables
        self._rate = np.float32(rate)
        names = list(self._weights)
        self._weights = dict(zip(names, rest[:n_weights], strict=True))
        velocity = rest[n_weights : n_weights + n_velocity]
        self._velocity = dict(zip(names, velocity, strict=False))
        rest = rest[n_weights + n_velocity :]
        if n_of_shards:
            size = int(n_of_shards) // len(self.numbers)
            memories = [rest[i * size : (i + 1) * size] for i in range(len(self.numbers))]
            # Means are the same in all.
            self._keep_memory(memories, [1.0] + [0.0] * (len(memories) - 1))

    def judged(self, *, held_out: bool) -> tuple[Array, float]:
        """Sums of terms over rows of all shards, and how much those rows count."""
        own = [(self._turn(0), held_out)] * len(self.numbers)
        shared = (self._phase, self._weights)
        calls = self._crew.started(judge, *shared, numbers=self.numbers, own=own)
        # Workers do not wait until this process has heard of all losses.
        following, self._following = self._following, None
        if following is not None and self._scalars is None:
            epoch, rng = following
            self._next = self._started(epoch, 0, rng)
        parts = calls.results()
        return _sum([sums for sums, _ in parts]), float(sum(weight for _, weight in parts))

    def train_epoch(
        self, epoch: int, rng: np.random.Generator, *, is_followed: bool = False
    ) -> tuple[Array, float]:
        """Train an epoch of every shard by rounds; gives what ``judged`` does, of the steps.

        Parameters
        ----------
        epoch : int
        rng : numpy.random.Generator
        is_followed : bool
            Whether another epoch comes after it, whatever its losses are.
        """
        self._following = (epoch + 1, rng) if is_followed else None
        rounds = [self._train_round(epoch, part, rng) for part in range(self._n_parts)]
        return _sum([sums for sums, _ in rounds]), sum(weight for _, weight in rounds)

    def _train_round(self, epoch: int, part: int, rng: np.random.Generator) -> tuple[Array, float]:
        begun, self._next = self._next, None
        if begun is not None and not begun.is_of(epoch, part, self._weights, self._rate, rng):
            begun.calls.cancel()
            begun = None
        if begun is None:
            begun = self._started(epoch, part, rng)
        called: list[Trained] = begun.calls.results()
        if self._n_parts == 1:
            # The first shard draws as ``fit`` would.
            rng.bit_generator.state = dict(called[0].rng)
        total = sum(each.weight for each in called)
        # A shard much smaller than others has no batch in some rounds.
        trained = [each for each in called if each.weight]
        shares = [each.weight / total for each in trained]
        mean = mean_weights([each.weights for each in trained], shares)
        # One shard has nothing to average, and trains as ``fit`` does.
        momentum = self._momentum if len(self.numbers) > 1 else 0.0
        self._weights, self._velocity = stepped(self._weights, mean, self._velocity, momentum)
        of_all = [each.weight / total for each in called]
        self._keep_memory([lengthened(each.memory) for each in called], of_all)
        return _sum([each.sums for each in trained]), total

    def _keep_memory(self, memories: Sequence[Sequence[Any]], shares: list[float]) -> None:
        mean, self._own = mean_memory(memories, shares)
        self._memory = shortened(mean) if len(self.numbers) > 1 else mean

    def _started(self, epoch: int, part: int, rng: np.random.Generator) -> "_Round":
        turn = self._turn(epoch, part)
        own = [(turn, memory, self._seed(n, epoch, rng)) for n, memory in enumerate(self._own)]
        shared = (self._phase, self._weights, self._memory if epoch else None)
        calls = self._crew.started(train, *shared, numbers=self.numbers, own=own)
        return _Round(epoch, part, self._weights, self._rate, rng.bit_generator.state, calls)

    def _seed(self, place: int, epoch: int, rng: np.random.Generator) -> Seed:
        if place == 0 and self._n_parts == 1:
            return rng.bit_generator.state
        return seed_of(rng, self.numbers[place], epoch)

    def _turn(self, epoch: int, part: int = 0) -> Turn:
        rate = None if np.isnan(self._rate) else float(self._rate)
        return Turn(rate, self._scalars, epoch, part, self._n_parts, len(self.numbers))


@dataclass(frozen=True)
class _Round:
    """A round that workers have begun, and what it is of."""

    epoch: int
    part: int
    weights: Weights
    rate: Any
    state: Any
    calls: Calls

    def is_of(
        self, epoch: int, part: int, weights: Weights, rate: Any, rng: np.random.Generator
    ) -> bool:
        """Whether the round is that of these values, to the bit."""
        same = np.array_equal(self.rate, rate, equal_nan=True) and self.weights is weights
        return same and (self.epoch, self.part, self.state) == (
            epoch,
            part,
            rng.bit_generator.state,
        )


def seed_of(rng: np.random.Generator, *numbers: int) -> list[int]:
    """What seeds a generator of its own for each of some numbers, by what seeded this one."""
    entropy: Any = rng.bit_generator.seed_seq.entropy  # type: ignore[attr-defined]
    return [*np.ravel(entropy).tolist(), *numbers]


def _sum(arrays: Sequence[Array]) -> Array:
    """The sum of arrays, in their order."""
    total = np.zeros_like(arrays[0])
    for array in arrays:
        total = total + array
    return total


class RoundJudge(Judge):
    """Losses of the averaged weights, by the rows of all shards."""

    program: Any

    def __init__(self, program: Any, data: Data, start: Start) -> None:
        self.program, self.data, self.start = program, data, start
        self.validates = bool(data.n_validation.sum())  # type: ignore[attr-defined]

    def training_terms(self) -> dict[str, float]:
        return self.mean_terms(*self.program.judged(held_out=False))

    def validation_terms(self) -> dict[str, float]:
        return self.mean_terms(*self.program.judged(held_out=True))

    def mean_terms(self, sums: Any, weight: Any) -> dict[str, float]:
        """Terms by name, given sums and how much their rows count."""
        return self.named(sums / weight)


class RoundEpochs(Epochs):
    """Rounds, as the loop asks for epochs."""

    def __init__(
        self,
        judge: Judge,
        annealed: AnnealedRate | None,
        rng: np.random.Generator,
        *,
        is_heard: bool,
    ) -> None:
        self._program: Any = judge.program
        self._rng = rng

    def train(self, epoch: int, n_certain: float) -> Any:
        """Train for one epoch of every shard."""
        return self._program.train_epoch(epoch, self._rng, is_followed=n_certain >= 2)
