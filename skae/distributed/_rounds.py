"""Training by rounds: what ``skae.training.run`` drives in the place of a compiled program.

In a round each shard trains from the same weights for an epoch of its rows; then their weights are
averaged (local SGD, Stich 2019). What is held out is judged by the averages.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from skae.distributed._averaging import Averaging, mean_weights, weighted_mean
from skae.distributed._crew import Crew
from skae.distributed._envelope import Envelope
from skae.distributed._work import Seed, Shared, Trained, judge, train
from skae.numerics import Array, Weights
from skae.training import AnnealedRate, Data, Judge, ProgramSpec, Start


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
    averaging : Averaging
    """

    n_bytes = 0
    optimizer = None

    def __init__(
        self,
        spec: ProgramSpec,
        crew: Crew,
        phase: Envelope,
        numbers: list[int],
        averaging: Averaging,
    ) -> None:
        self.spec, self._crew, self._phase = spec, crew, phase
        self.numbers, self._averaging = numbers, averaging
        self._weights: Weights = {}
        self._velocity: Weights = {}
        self._memories: list[list[Array] | None] = [None] * len(numbers)
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
        known = [memory for memory in self._memories if memory is not None]
        counts = np.array([len(self._weights), len(self._velocity), len(known)])
        of_shards = [array for memory in known for array in memory]
        return [
            counts,
            np.asarray(self._rate),
            *self._weights.values(),
            *self._velocity.values(),
            *of_shards,
        ]

    def resume(self, variables: list[Array]) -> None:
        """Go on from such a copy, after ``load``."""
        (n_weights, n_velocity, n_known), rate, *rest = variables
        self._rate = np.float32(rate)
        names = list(self._weights)
        self._weights = dict(zip(names, rest[:n_weights], strict=True))
        velocity = rest[n_weights : n_weights + n_velocity]
        self._velocity = dict(zip(names, velocity, strict=True)) if n_velocity else {}
        memories = rest[n_weights + n_velocity :]
        size = len(memories) // max(1, int(n_known))
        self._memories = [
            memories[i * size : (i + 1) * size] if n_known else None
            for i in range(len(self.numbers))
        ]

    def judged(self, *, held_out: bool) -> tuple[Array, float]:
        """Sums of terms over rows of all shards, and how much those rows count."""
        shared = (self._phase, self._shared(0), held_out)
        parts = self._crew.call(judge, *shared, numbers=self.numbers)
        return sum(sums for sums, _ in parts), sum(weight for _, weight in parts)

    def train_round(self, epoch: int, rng: np.random.Generator) -> tuple[Array, float]:
        """Train an epoch of every shard, and average; gives what ``judged`` does, of the steps."""
        own = [
            (memory, self._seed(place, epoch, rng)) for place, memory in enumerate(self._memories)
        ]
        shared = (self._phase, self._shared(epoch))
        trained: list[Trained] = self._crew.call(train, *shared, numbers=self.numbers, own=own)
        # The first shard draws as ``fit`` would.
        rng.bit_generator.state = dict(trained[0].rng)
        total = sum(each.weight for each in trained)
        shares = [each.weight / total for each in trained]
        self._average(trained, shares)
        return sum(each.sums for each in trained), total

    def _average(self, trained: list[Trained], shares: list[float]) -> None:
        mean = mean_weights([each.weights for each in trained], shares)
        how = self._averaging
        if how.momentum and len(trained) > 1:
            for name, before in self._weights.items():
                if not np.issubdtype(before.dtype, np.floating):
                    continue
                step = before.astype(np.float64) - mean[name]
                velocity = how.momentum * self._velocity.get(name, 0.0) + step
                self._velocity[name] = velocity
                moved = before - how.rate * (how.momentum * velocity + step)
                mean[name] = moved.astype(before.dtype)
        self._weights = mean
        if how.memory == "mean":
            memory = [
                weighted_mean(list(arrays), shares)
                for arrays in zip(*(each.memory for each in trained), strict=True)
            ]
            self._memories = [memory] * len(trained)
        elif how.memory == "kept" or len(trained) == 1:
            self._memories = [each.memory for each in trained]

    def _seed(self, place: int, epoch: int, rng: np.random.Generator) -> Seed:
        if place == 0:
            return rng.bit_generator.state
        entropy: Any = rng.bit_generator.seed_seq.entropy  # type: ignore[attr-defined]
        return [*np.ravel(entropy).tolist(), self.numbers[place], epoch]

    def _shared(self, epoch: int) -> Shared:
        rate = None if np.isnan(self._rate) else float(self._rate)
        return Shared(self._weights, rate, self._scalars, epoch)


class RoundJudge(Judge):
    """Losses of the averaged weights, by the rows of all shards."""

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


class RoundEpochs:
    """Rounds, as the loop asks for epochs."""

    def __init__(
        self,
        judge: RoundJudge,
        annealed: AnnealedRate | None,
        rng: np.random.Generator,
        *,
        is_heard: bool,
    ) -> None:
        self._program, self._rng = judge.program, rng

    def train(self, epoch: int, n_certain: float) -> Any:
        """Train for one epoch of every shard."""
        return self._program.train_round(epoch, self._rng)
