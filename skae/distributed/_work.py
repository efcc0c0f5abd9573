"""What workers do. Each function depends on its arguments alone, so that it can be repeated.

What a worker keeps between calls, it can make again: rows as a fit reads them, compiled programs.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from os import PathLike
from typing import Any

import numpy as np

from skae import backend
from skae.distributed._averaging import lengthened, shortened
from skae.distributed._envelope import ROWS, Envelope, opened
from skae.distributed._sources import read
from skae.fitting import Rows, check_fit_input
from skae.model import BlockFunction, Scaling, over_blocks
from skae.numerics import Array, Integers, Weights, kept_memory, one_blas_thread
from skae.states import versions_of_training
from skae.training import (
    AnnealedRate,
    Annealing,
    Data,
    Epochs,
    Judge,
    Program,
    ProgramSpec,
    Start,
    shuffled,
    total_of,
    train_chunks,
)

# Which need not be in memory at a time.
_DIGESTED_ROWS = 4096

# The state of a generator, or what seeds one.
Seed = Mapping[str, Any] | list[int]
# What a program knows besides the weights; None in the place of what is kept elsewhere.
Memory = list[Array | None]


@dataclass(frozen=True)
class Setup:
    """What a fit is of.

    Attributes
    ----------
    estimator : BaseAutoencoder
        Its parameters say what rows may hold. It is fitted where training goes on from a fit.
    continues : bool
    is_kept : bool
        Whether a checkpoint has to know the rows.
    """

    estimator: Any
    continues: bool
    is_kept: bool = False


@dataclass(frozen=True)
class Phase:
    """What all rounds of a training run have in common.

    Attributes
    ----------
    spec : ProgramSpec
    scaling : Scaling
    fraction : float
        Of the rows of each shard that are held out.
    splits : list
        What seeds the choice of those, a shard each.
    seeds : list of int
        Of what is random inside the network.
    scalars : dict
    peak : float or None
        The highest rate of one that is annealed.
    max_iter : int
    """

    spec: ProgramSpec
    scaling: Scaling
    fraction: float
    splits: list[Seed]
    seeds: list[int]
    scalars: Mapping[str, Any]
    peak: float | None
    max_iter: int


@dataclass(frozen=True)
class Turn:
    """Which round it is, beside the weights that it begins with.

    Attributes
    ----------
    rate : float or None
        The learning rate; None for a schedule.
    scalars : dict or None
        Those that differ in training in this epoch.
    epoch : int
    part, n_parts : int
        Which of how many rounds of the epoch.
    n_shards : int
    """

    rate: float | None
    scalars: Mapping[str, Any] | None
    epoch: int
    part: int = 0
    n_parts: int = 1
    n_shards: int = 1


@dataclass(frozen=True)
class Trained:
    """What a round of a shard gives.

    Attributes
    ----------
    weights : dict of ndarray
    memory : list of ndarray
        What the program knows besides, as ``shortened``.
    sums : ndarray of shape (n_terms,)
        Of the terms of the loss over rows, each before its step.
    weight : float
        How much those rows count.
    rng : dict
        State of the generator after the round.
    """

    weights: Weights
    memory: Memory
    sums: Array
    weight: float
    rng: Mapping[str, Any]


@dataclass(frozen=True)
class Summary:
    """What a fit has to know of a shard."""

    n_rows: int
    n_features: int
    dtype: "np.dtype[Any]"
    names: list[str] | None
    digest: bytes = b""
    versions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Place:
    """A shard as a worker is told of it.

    Attributes
    ----------
    number : int
    setup : Envelope
    content : bytes or None
        The digest of the rows that ``check`` has seen, where they may have changed since.
    """

    number: int
    setup: Envelope
    content: bytes | None = None


def check(place: Place, source: Any, _: Array | None) -> Summary:
    """Check the rows of a shard as ``fit`` does, and say how many there are."""
    X = read(source)
    if X.shape[0] == 0:
        return Summary(0, 0, np.dtype(np.float32), None, versions=installed())
    estimator, rows = _checked(place, X)
    names = getattr(estimator, "feature_names_in_", None)
    _keep((place.setup.name, place.number), rows, rows.X)
    n_rows, n_features = rows.X.shape
    names = None if names is None else list(names)
    setup: Setup = opened(place.setup)
    digest = _digest(rows.X) if setup.is_kept or may_change(source) else b""
    return Summary(n_rows, n_features, rows.X.dtype, names, digest, installed())


def may_change(source: Any) -> bool:
    """Whether other rows may be read the next time: those of a file."""
    return isinstance(source, str | PathLike)


def installed() -> tuple[str, ...]:
    """Of all that bits depend on."""
    return tuple(f"{name} {number}" for name, number in versions_of_training().items())


def _digest(X: Any) -> bytes:
    """What tells these rows from others."""
    parts = [X.data, X.indices, X.indptr] if hasattr(X, "tocsr") else [X]
    found = hashlib.sha256()
    for part in parts:
        for first in range(0, len(part), _DIGESTED_ROWS):
            found.update(np.ascontiguousarray(part[first : first + _DIGESTED_ROWS]).data)
    return found.digest()


def reduce(
    place: Place,
    source: Any,
    weight: Array | None,
    function: BlockFunction,
    scaling: Any,
    combine: np.ufunc,
    of_logs: bool,
) -> list[Any]:
    """What a function gives for the blocks of a shard, made one."""
    X = _rows_of(place, source).X
    with one_blas_thread():
        return over_blocks(function, np.log1p(X) if of_logs else X, weight, scaling, combine)


def take(place: Place, source: Any, _: Array | None, indices: slice | Integers) -> Array:
    """Some rows of a shard."""
    return np.asarray(_rows_of(place, source).X[indices])


def judge(
    place: Place,
    source: Any,
    weight: Array | None,
    phase: Envelope,
    weights: Weights,
    turn: Turn,
    held_out: bool,
) -> tuple[Array, float]:
    """Sums of terms over rows that train, or over those held out; and how much they count."""
    run: Phase = opened(phase)
    data = _data_of(place, source, weight, phase)
    indices = data.validation if held_out else data.training
    if not len(indices):
        return np.zeros(len(run.spec.objective.terms)), 0.0
    start = _start(run, weights, turn, place.number)
    with kept_memory(), backend.borrow_program(run.spec) as program:
        _load(program, start, None)
        judge = Judge(program, data, start)
        sums = judge.validation_sums() if held_out else judge.training_sums()
        return total_of(sums), judge.weight_of(indices)


def train(
    place: Place,
    source: Any,
    weight: Array | None,
    phase: Envelope,
    weights: Weights,
    memory: Memory | None,
    turn: Turn,
    own_memory: Memory | None,
    rng: Seed,
) -> Trained:
    """Train on the rows of a shard for an epoch, or for a part of one.

    Parameters
    ----------
    place, source, weight, phase
    weights : dict of ndarray
        What the round begins with, the same for all shards.
    memory : list or None
        The mean of what the optimizers know, as ``shortened``, with None where each shard has its
        own; None before the first round.
    turn : Turn
    own_memory : list or None
        What this shard has of its own.
    rng : dict or list of int
    """
    run: Phase = opened(phase)
    data, start = _data_of(place, source, weight, phase), _start(run, weights, turn, place.number)
    generator = generator_of(rng)
    with kept_memory(), backend.borrow_program(run.spec) as program:
        before = None if memory is None else lengthened(memory)
        _load(program, start, joined_memory(before, own_memory))
        if turn.rate is not None:
            program.set_learning_rate(turn.rate)
        if turn.scalars is not None:
            program.set_training_scalars(turn.scalars)
        annealed = None
        if run.peak is not None:
            n_steps = run.max_iter * -(-len(data.training) // run.spec.batch_size)
            annealed = AnnealedRate(program, Annealing(run.peak, n_steps))
        judge = Judge(program, data, start)
        if turn.n_parts == 1:
            epochs = Epochs(judge, annealed, generator, is_heard=True)
            sums, order = epochs.train(turn.epoch, 1)
        else:
            sums, order = _train_part(judge, annealed, generator, turn)
        known: Memory = [*program.memory()]
        return Trained(
            program.weights(),
            # One shard goes on as ``fit`` does, to the bit.
            known if turn.n_shards == 1 else shortened(known),
            total_of(sums),
            judge.weight_of(order),
            generator.bit_generator.state,
        )


def _train_part(
    judge: Judge, annealed: AnnealedRate | None, rng: np.random.Generator, turn: Turn
) -> tuple[list[Array], Integers]:
    """Train for some of the batches of an epoch, whose order depends on the generator alone."""
    order = shuffled(judge.data.training, judge.data.rows.resident, rng)
    size = judge.program.spec.batch_size
    n_steps = -(-len(order) // size)
    first, last = (n_steps * (turn.part + ended) // turn.n_parts for ended in (0, 1))
    taken = order[first * size : last * size]
    of_part = rng.spawn(turn.part + 1)[-1]
    past = (turn.epoch - 1) * n_steps
    chunks = judge.chunks(taken, of_part)
    return train_chunks(judge.program, chunks, annealed, past + first, of_part), taken


def joined_memory(shared: Memory | None, own: Memory | None) -> list[Array] | None:
    """What a program knows, of what is the same for all shards and of what is not."""
    if shared is None or own is None:
        return None
    pairs = zip(shared, own, strict=True)
    joined = [one if other is None else other for one, other in pairs]
    return [array for array in joined if array is not None]


def generator_of(seed: Seed) -> np.random.Generator:
    """A generator in a state, or a new one."""
    if not isinstance(seed, Mapping):
        return np.random.default_rng(seed)
    generator = np.random.default_rng(0)
    generator.bit_generator.state = dict(seed)
    return generator


def _load(program: Program, start: Start, memory: list[Array] | None) -> None:
    program.load(
        start.weights, seed=start.seed, learning_rate=start.learning_rate, scalars=start.scalars
    )
    if memory is not None:
        program.remember(memory)


def _start(run: Phase, weights: Weights, turn: Turn, number: int) -> Start:
    return Start(weights, run.seeds[number], turn.rate, dict(run.scalars))


def _checked(place: Place, X: Any) -> tuple[Any, Rows]:
    setup: Setup = opened(place.setup)
    # A fit leaves what it reads of rows on its estimator: each call has one of its own.
    estimator = _copied(setup.estimator)
    about = (estimator, estimator._recipe(), X, None, None, None, setup.continues)
    return estimator, check_fit_input(*about)[0]


def _copied(estimator: Any) -> Any:
    copied = object.__new__(type(estimator))
    vars(copied).update(vars(estimator))
    return copied


def _rows_of(place: Place, source: Any) -> Rows:
    key = (place.setup.name, place.number)
    rows: Rows | None = ROWS.find(key)
    if rows is None:
        rows = _checked(place, read(source))[1]
        if place.content is not None and _digest(rows.X) != place.content:
            raise ValueError(
                f"The file holds other rows than when the fit began: {rows.X.shape[0]} of "
                f"{rows.X.shape[1]} features. Fit again, and change no file meanwhile."
            )
        _keep(key, rows, rows.X)
    return rows


def _data_of(place: Place, source: Any, weight: Array | None, phase: Envelope) -> Data:
    key = (place.setup.name, phase.name, place.number)
    data: Data | None = ROWS.find(key)
    if data is None:
        run: Phase = opened(phase)
        rows = replace(_rows_of(place, source), sample_weight=weight)
        generator = generator_of(run.splits[place.number])
        with one_blas_thread():
            data = rows.split(run.scaling, run.fraction, generator)
        _keep(key, data, rows.X, 0.5)
    return data


def _keep(key: Any, value: Any, X: Any, share: float = 1.0) -> None:
    size = X.data.nbytes if hasattr(X, "tocsr") else X.nbytes
    ROWS.keep(key, value, share * size)
