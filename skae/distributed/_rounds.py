"""Training by rounds: what ``skae.training.run`` drives in the place of a compiled program.

In a round each shard trains from the same weights for an epoch of its rows; then their weights are
averaged (local SGD, Stich 2019). What is held out is judged by the averages.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from skae.distributed._averaging import mean_memory, mean_weights, stepped
from skae.distributed._crew import Crew
from skae.distributed._envelope import Envelope
from skae.distributed._work import Memory, Seed, Shared, Trained, joined_memory, judge, train
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
    ) -> None:
        self.spec, self._crew, self._phase = spec, crew, phase
        self.numbers, self._momentum = numbers, momentum
        self._weights: Weights = {}
        self._velocity: Weights = {}
        self._memory: Memory | None = None
        self._own: Sequence[Memory | None] = [None] * len(numbers)
        self._rate = np.float32(np.nan)
        self._scalars: Mapping[str, Any] | None = None

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
        memories = [joined_memory(self._memory, own) for own in self._own]
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
            self._memory, self._own = mean_memory(memories, [1.0] + [0.0] * (len(memories) - 1))

    def judged(self, *, held_out: bool) -> tuple[Array, float]:
        """Sums of terms over rows of all shards, and how much those rows count."""
        shared = (self._phase, self._shared(0), held_out)
        parts = self._crew.call(judge, *shared, numbers=self.numbers)
        return _sum([sums for sums, _ in parts]), float(sum(weight for _, weight in parts))

    def train_round(self, epoch: int, rng: np.random.Generator) -> tuple[Array, float]:
        """Train an epoch of every shard, and average; gives what ``judged`` does, of the steps."""
        own = [(memory, self._seed(n, epoch, rng)) for n, memory in enumerate(self._own)]
        shared = (self._phase, self._shared(epoch))
        trained: list[Trained] = self._crew.call(train, *shared, numbers=self.numbers, own=own)
        # The first shard draws as ``fit`` would.
        rng.bit_generator.state = dict(trained[0].rng)
        total = sum(each.weight for each in trained)
        shares = [each.weight / total for each in trained]
        mean = mean_weights([each.weights for each in trained], shares)
        # One shard has nothing to average, and trains as ``fit`` does.
        momentum = self._momentum if len(trained) > 1 else 0.0
        self._weights, self._velocity = stepped(self._weights, mean, self._velocity, momentum)
        self._memory, self._own = mean_memory([each.memory for each in trained], shares)
        return _sum([each.sums for each in trained]), total

    def _seed(self, place: int, epoch: int, rng: np.random.Generator) -> Seed:
        if place == 0:
            return rng.bit_generator.state
        return seed_of(rng, self.numbers[place], epoch)

    def _shared(self, epoch: int) -> Shared:
        rate = None if np.isnan(self._rate) else float(self._rate)
        return Shared(self._weights, rate, self._scalars, self._memory if epoch else None, epoch)


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
        return self._program.train_round(epoch, self._rng)
