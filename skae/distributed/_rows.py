"""The rows of all shards, as a fit sees them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from skae.distributed._crew import Crew
from skae.distributed._envelope import Envelope
from skae.distributed._pace import Pace
from skae.distributed._rounds import RoundEpochs, RoundJudge, RoundProgram, seed_of
from skae.distributed._work import (
    Phase,
    Seed,
    Setup,
    Summary,
    check,
    installed,
    may_change,
    reduce,
    take,
)
from skae.fitting import Recipe, Rows, UncheckedRows, check_weights
from skae.model import BlockFunction, ScaledRows, Scaling, combined
from skae.numerics import Array, Integers
from skae.training import Data, Hooks, Keeper, Outcome, Plan, ProgramSpec, RowSource, Start, run

# Of rows that are looked at one block after the other here, so much of a shard comes at a time.
_MOST_BYTES = 2**28


class ShardedRows(UncheckedRows):
    """Rows of shards, one after the other, which lie where the workers are.

    Parameters
    ----------
    crew : Crew
    pace : Pace
    is_kept : bool
        Whether a checkpoint has to know the rows.
    """

    def __init__(self, crew: Crew, pace: Pace, *, is_kept: bool) -> None:
        self._crew, self._pace, self._is_kept = crew, pace, is_kept
        self.digest = b""
        self._of_logs = False
        # Known once they are checked.
        self.shape, self.dtype = (0, 0), np.dtype(np.float64)
        self._ends = np.zeros(0, np.int64)
        self._held: tuple[int, Array] | None = None

    def checked(
        self, estimator: Any, recipe: Recipe, sample_weight: Any, *, continues: bool
    ) -> Rows:
        """The rows to train on, after each worker has checked those of its shards.

        Raises
        ------
        ValueError
            For rows that ``fit`` refuses, with their shard; or if shards differ in features.
        """
        setup = Setup(_bare(estimator, fitted=continues), continues, self._is_kept)
        self._crew.begin(Envelope.of(setup))
        summaries: list[Summary] = self._crew.call(check)
        first = _agreed(summaries)
        for shard, summary in zip(self._crew.shards, summaries, strict=True):
            shard.content = summary.digest if may_change(shard.source) else None
        lengths = [summary.n_rows for summary in summaries]
        self.shape = (sum(lengths), first.n_features)
        if self._is_kept:
            self.digest = b"".join(summary.digest for summary in summaries)
        self.dtype = np.result_type(*(s.dtype for s in summaries if s.n_rows))
        self._ends = np.cumsum(lengths)
        _note_features(estimator, first)
        weight = self._checked_weights(sample_weight, lengths)
        parts = [None] * len(lengths) if weight is None else np.split(weight, self._ends[:-1])
        self._crew.weigh(parts)
        return CrewRows(self, weight, crew=self._crew, pace=self._pace)

    def _checked_weights(self, sample_weight: Any, lengths: Sequence[int]) -> Array | None:
        if sample_weight is None:
            return None
        parts = _weights_of(sample_weight, lengths)
        for number, part in enumerate(parts):
            is_odd = ~np.isfinite(part) | (part < 0) if part.dtype.kind in "iuf" else np.zeros(0)
            if is_odd.any():
                place = int(is_odd.argmax())
                raise ValueError(
                    f"sample_weight of shard {number} holds {part[place]} at {place}, but finite "
                    "numbers of at least 0 were expected."
                )
        # Only the number and the kind of the rows are looked at.
        stand_in = np.broadcast_to(np.zeros(1, self.dtype), (self.shape[0], 1))
        return check_weights(np.concatenate(parts), stand_in)

    @property
    def lengths(self) -> Integers:
        """Rows of each shard."""
        return np.diff(self._ends, prepend=0)

    def log1p(self) -> "ShardedRows":
        """Logarithms of the same rows plus one."""
        logs = ShardedRows(self._crew, self._pace, is_kept=self._is_kept)
        vars(logs).update(vars(self), _of_logs=True, _held=None)
        return logs

    def over_blocks(
        self, function: BlockFunction, scaling: Any, combine: np.ufunc, *, weighted: bool
    ) -> list[Any]:
        """Sums over all rows: each worker's, added up in the order of the shards."""
        numbers = np.flatnonzero(self.lengths).tolist()
        job = reduce if weighted else _unweighted_reduce
        parts = self._crew.call(job, function, scaling, combine, self._of_logs, numbers=numbers)
        total: list[Any] | None = None
        for part in parts:
            total = combined(total, part, combine)
        assert total is not None
        return total

    def __getitem__(self, rows: Any) -> Array:
        if isinstance(rows, tuple):
            return self[rows[0]][:, rows[1]]
        if not isinstance(rows, slice):
            return self._at(np.arange(self.shape[0])[rows])
        start, stop, step = rows.indices(self.shape[0])
        if step != 1:
            return self._at(np.arange(start, stop, step))
        return self._between(start, max(start, stop))

    def _between(self, start: int, stop: int) -> Array:
        found = [np.empty((0, self.shape[1]), self.dtype)]
        for number, end in enumerate(self._ends.tolist()):
            begin = end - int(self.lengths[number])
            low, high = max(start, begin), min(stop, end)
            if low < high:
                found.append(self._part(number, low - begin, high - begin, end - begin))
        return self._as_asked(np.concatenate(found))

    def _part(self, number: int, low: int, high: int, n_rows: int) -> Array:
        """Some neighbours of a shard; a small one comes whole, as the next will be asked for."""
        if n_rows * self.shape[1] * self.dtype.itemsize > _MOST_BYTES:
            rows: Array = self._crew.call(take, slice(low, high), numbers=[number])[0]
            return rows
        if self._held is None or self._held[0] != number:
            self._held = (number, self._crew.call(take, slice(None), numbers=[number])[0])
        return self._held[1][low:high]

    def _at(self, indices: Integers) -> Array:
        of_shard = np.searchsorted(self._ends, indices, side="right")
        numbers = np.unique(of_shard).tolist()
        begins = self._ends - self.lengths
        own = [(indices[of_shard == number] - begins[number],) for number in numbers]
        parts = self._crew.call(take, numbers=numbers, own=own)
        found = np.empty((len(indices), self.shape[1]), self.dtype)
        for number, part in zip(numbers, parts, strict=True):
            found[of_shard == number] = part
        return self._as_asked(found)

    def _as_asked(self, rows: Array) -> Array:
        return np.log1p(rows) if self._of_logs else rows


def _unweighted_reduce(place: Any, source: Any, _: Any, *about: Any) -> list[Any]:
    return reduce(place, source, None, *about)


@dataclass(frozen=True)
class ShardedData(Data):
    """Which rows of each shard train.

    Attributes
    ----------
    n_training, n_validation : ndarray of int of shape (n_shards,)
    splits : list
        What seeds the choice of the rows held out, a shard each.
    scaling : Scaling
    fraction : float
    pace : Pace
    digest : bytes
        Of the rows, if a checkpoint has to know them.
    """

    n_training: Integers = field(default_factory=lambda: np.zeros(0, np.int64))
    n_validation: Integers = field(default_factory=lambda: np.zeros(0, np.int64))
    splits: Sequence[Seed] = ()
    scaling: Scaling | None = None
    fraction: float = 0.0
    pace: Any = None
    digest: bytes = b""

    @property
    def n_in_turn(self) -> int:
        return int(self.n_training.max())

    @property
    def most_rows(self) -> int:
        return max(self.n_in_turn, int(self.n_validation.max()))

    @property
    def sources(self) -> list[RowSource]:
        """None: workers read the rows, and ``digest`` tells them from others."""
        return []

    @property
    def facts(self) -> list[Array | None]:
        steps = self.pace.steps_per_round
        pace = np.array([self.pace.momentum, 0 if steps == "auto" else steps])
        digest = np.frombuffer(self.digest, np.uint8)
        return [self.n_training, self.n_validation, self.sample_weight, pace, digest]


@dataclass(frozen=True)
class CrewRows(Rows):
    """Rows of shards that have been checked, which train where they lie.

    Attributes
    ----------
    crew : Crew
    pace : Pace
    """

    crew: Any = None
    pace: Any = None

    def here(self) -> Rows:
        return Rows(self.X[:], self.sample_weight)

    def split(self, scaling: Scaling, fraction: float, rng: np.random.Generator) -> ShardedData:
        """Which rows train; a share of those of each shard is held out."""
        counted = self._counted_in_shards()
        held_out = np.minimum(np.ceil(fraction * counted).astype(int), counted - 1)
        held_out = np.maximum(held_out, 0)
        numbers = np.flatnonzero(counted).tolist()
        splits: list[Seed] = [seed_of(rng, number) for number in range(len(counted))]
        # The first shard goes on where the start has come to, as ``fit`` does with all rows.
        splits[numbers[0]] = rng.bit_generator.state
        rng.permutation(int(counted[numbers[0]]))
        return ShardedData(
            rows=ScaledRows(self.X, scaling, True, self.sample_weight),
            training=np.arange(0),
            validation=np.arange(0),
            sample_weight=self.sample_weight,
            n_training=counted - held_out,
            n_validation=held_out,
            splits=splits,
            scaling=scaling,
            fraction=fraction,
            pace=self.pace,
            digest=self.X.digest,
        )

    def _counted_in_shards(self) -> Integers:
        lengths: Integers = self.X.lengths
        if self.sample_weight is None:
            return lengths
        ends = np.cumsum(lengths)
        parts = np.split(self.sample_weight, ends[:-1])
        return np.array([np.count_nonzero(part) for part in parts])

    def train(
        self,
        spec: ProgramSpec,
        data: Data,
        start: Start,
        plan: Plan,
        listeners: Hooks,
        rng: np.random.Generator,
        keeper: Keeper | None,
    ) -> Outcome:
        """Train by rounds, after each of which the weights of all shards are averaged."""
        assert isinstance(data, ShardedData)
        assert data.scaling is not None
        if spec.optimizer.averages:
            raise ValueError(
                "use_ema=True judges averages over the steps of one optimizer, but each shard has "
                "its own, whose weights are averaged. Set use_ema=False."
            )
        seeds = [
            int(np.random.default_rng([start.seed, n]).integers(2**31))
            for n in range(len(data.splits))
        ]
        numbers = np.flatnonzero(data.n_training).tolist()
        given = spec.batch_size
        size = self.pace.batch_size(given, plan.max_iter, data.n_training)
        n_parts = self.pace.n_parts(given, size, data.n_training)
        spec = replace(spec, batch_size=size)
        seeds[numbers[0]] = start.seed
        phase = Phase(
            spec=spec,
            scaling=data.scaling,
            fraction=data.fraction,
            splits=list(data.splits),
            seeds=seeds,
            scalars=start.scalars,
            peak=None if plan.annealing is None else plan.annealing.peak,
            max_iter=plan.max_iter,
        )
        about = (numbers, self.pace.momentum, n_parts)
        program: Any = RoundProgram(spec, self.crew, Envelope.of(phase), *about)
        return run(
            program,
            data,
            start,
            plan,
            listeners,
            rng,
            keeper,
            judge_of=RoundJudge,
            epochs_of=RoundEpochs,
        )


def _bare(estimator: Any, *, fitted: bool) -> Any:
    """An estimator with parameters alone, or as it is."""
    if fitted:
        return estimator
    bare = object.__new__(type(estimator))
    names = estimator.get_params(deep=False)
    vars(bare).update({name: value for name, value in vars(estimator).items() if name in names})
    return bare


def _agreed(summaries: list[Summary]) -> Summary:
    """The first shard that holds rows, if all others have its features."""
    first = next(((n, s) for n, s in enumerate(summaries) if s.n_rows), None)
    if first is None:
        raise ValueError("All shards are empty: pass some rows.")
    number, summary = first
    for other, each in enumerate(summaries):
        here = installed()
        if each.versions != here:
            theirs, ours = (
                ", ".join(one for one in some if one not in others) or "others"
                for some, others in ((each.versions, here), (here, each.versions))
            )
            raise ValueError(
                f"The worker of shard {other} has {theirs}, but this process {ours}. Bits depend "
                "on versions: install the same everywhere."
            )
        if each.n_rows and each.n_features != summary.n_features:
            raise ValueError(
                f"Shard {other} has {each.n_features} features, but shard {number} has "
                f"{summary.n_features}. Pass shards with the same columns."
            )
        if each.n_rows and each.names != summary.names:
            raise ValueError(
                f"Shard {other} has the columns {each.names}, but shard {number} has "
                f"{summary.names}. Pass shards with the same columns in the same order."
            )
    return summary


def _note_features(estimator: Any, summary: Summary) -> None:
    estimator.n_features_in_ = summary.n_features
    vars(estimator).pop("feature_names_in_", None)
    if summary.names is not None:
        estimator.feature_names_in_ = np.array(summary.names, dtype=object)


def _weights_of(sample_weight: Any, lengths: Sequence[int]) -> list[Array]:
    """Weights of each shard, from a list of them or those of all rows."""
    if hasattr(sample_weight, "dask"):
        sample_weight = sample_weight.compute()
    is_list = isinstance(sample_weight, list | tuple) and len(sample_weight) == len(lengths)
    is_list = is_list and any(np.ndim(each) == 1 for each in sample_weight)
    parts = [np.asarray(each) for each in sample_weight] if is_list else None
    if parts is None:
        whole = np.asarray(sample_weight)
        if whole.shape != (sum(lengths),):
            raise ValueError(
                f"sample_weight has shape {whole.shape}, but the shards hold {sum(lengths)} rows. "
                "Pass a weight for each row, or a list with an array for each shard."
            )
        parts = np.split(whole, np.cumsum(lengths)[:-1])
    found = [part.shape for part in parts]
    if found != [(length,) for length in lengths]:
        raise ValueError(
            f"sample_weight holds arrays of shapes {found}, but the shards hold {list(lengths)} "
            "rows. Pass a weight for each row of each shard."
        )
    return parts
