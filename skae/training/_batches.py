"""Rows in the shape a program takes: chunks of full batches, padded with rows of zero weight.

Resident rows are shuffled one by one; others, which may lie on a disk, in blocks of neighbouring
rows that are then mixed within a chunk.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from skae.numerics import Array, Bools, Integers
from skae.training._row_source import RowSource
from skae.training._spec import ProgramSpec

# Neighbouring rows read together from a disk: 256 rows of 64 float32 features are 64 kB.
_BLOCK_ROWS = 256


@dataclass(frozen=True)
class Chunk:
    """Some batches.

    Attributes
    ----------
    rows : ndarray of shape (n_steps, batch_size, n_features)
    targets : ndarray of the same shape, or None
        What the rows should become, where that is not the rows themselves.
    weights : ndarray of shape (n_steps, batch_size)
        Zero for padding.
    n_steps : int
        Batches that hold rows; the rest is padding.
    labels : ndarray of shape (n_steps, batch_size, n_label_values), or None
        What else is known of the rows.
    """

    rows: Array
    targets: Array | None
    weights: Array
    n_steps: int
    labels: Array | None = None


@dataclass(frozen=True)
class LongChunk:
    """Several chunks without what pads them, as one.

    Attributes
    ----------
    rows, targets, weights, labels
        As a chunk has them.
    n_steps : list of int
        Batches of each chunk.
    seeds : list of int
    rates : list of float
        Learning rates; NaN for a schedule.
    """

    rows: Array
    targets: Array | None
    weights: Array
    labels: Array | None
    n_steps: list[int]
    seeds: list[int]
    rates: list[float]


def shuffled(indices: Integers, resident: bool, rng: np.random.Generator) -> Integers:
    """The order in which an epoch visits rows."""
    if resident or len(indices) <= _BLOCK_ROWS:
        return rng.permutation(indices)
    starts = np.arange(0, len(indices), _BLOCK_ROWS)
    blocks = [indices[start : start + _BLOCK_ROWS] for start in rng.permutation(starts)]
    return np.concatenate(blocks)


def chunks(
    rows: RowSource,
    indices: Integers,
    sample_weight: Array | None,
    spec: ProgramSpec,
    rng: np.random.Generator | None = None,
    targets: RowSource | None = None,
    labels: Array | None = None,
    counted: Bools | None = None,
) -> Iterator[Chunk]:
    """Yield the chunks of one pass over some rows.

    Parameters
    ----------
    rows : RowSource
    indices : ndarray of int
        Which rows, in which order.
    sample_weight : ndarray of shape (n_rows,) or None
    spec : ProgramSpec
    rng : numpy.random.Generator, optional
        Mixes the rows within a chunk, which matters where they are shuffled in blocks.
    targets : RowSource, optional
    labels : ndarray of shape (n_rows, n_label_values), optional
    counted : ndarray of bool of the length of indices, optional
        False where a row is padding.
    """
    for part in parts(rows, indices, spec, rng, counted):
        yield _fill(rows, targets, labels, part, sample_weight, spec, spec.n_steps)


class Part(NamedTuple):
    """The rows of one chunk.

    Attributes
    ----------
    indices : ndarray of int
    counted : ndarray of bool, or None
        False where a row is padding.
    """

    indices: Integers
    counted: Bools | None = None


def parts(
    rows: RowSource,
    indices: Integers,
    spec: ProgramSpec,
    rng: np.random.Generator | None = None,
    counted: Bools | None = None,
) -> Iterator[Part]:
    """Yield which rows go into which chunk; parameters are those of ``chunks``."""
    capacity = spec.n_steps * spec.batch_size
    for start in range(0, len(indices), capacity):
        places = np.arange(start, min(start + capacity, len(indices)))
        if rng is not None and not rows.resident:
            places = rng.permutation(places)
        yield Part(indices[places], None if counted is None else counted[places])


def long_chunk(
    rows: RowSource,
    of_chunks: Sequence[Part],
    seeds: Sequence[int],
    rates: Sequence[float],
    sample_weight: Array | None,
    spec: ProgramSpec,
    targets: RowSource | None = None,
    labels: Array | None = None,
) -> LongChunk:
    """One long chunk of several; parameters are those of ``chunks``."""
    padded = [_padded(part, spec.batch_size) for part in of_chunks]
    joint = Part(*(np.concatenate(each) for each in zip(*padded, strict=True)))
    chunk = _fill(rows, targets, labels, joint, sample_weight, spec, spec.n_long_steps)
    n_steps = [len(indices) // spec.batch_size for indices, _ in padded]
    of_rows = (chunk.rows, chunk.targets, chunk.weights, chunk.labels)
    return LongChunk(*of_rows, n_steps, list(seeds), list(rates))


def _padded(part: Part, batch_size: int) -> tuple[Integers, Bools]:
    """The rows of a chunk in full batches, and whether they count."""
    n_real = len(part.indices)
    n_rows = n_real + -n_real % batch_size
    counted = np.arange(n_rows) < n_real
    if part.counted is not None:
        counted[:n_real] &= part.counted
    # Real rows as padding, as a chunk has by itself.
    return np.resize(part.indices, n_rows), counted


def joined(orders: Iterable[Integers], batch_size: int) -> tuple[Integers, Bools]:
    """Several passes as one, each with a last batch that is padded with rows of its own.

    Returns
    -------
    indices : ndarray of int
    counted : ndarray of bool
        False for padding.
    """
    orders = list(orders)
    full = [len(order) + -len(order) % batch_size for order in orders]
    indices = [np.resize(order, n) for order, n in zip(orders, full, strict=True)]
    counted = [np.arange(n) < len(order) for order, n in zip(orders, full, strict=True)]
    return np.concatenate(indices), np.concatenate(counted)


def _fill(
    rows: RowSource,
    targets: RowSource | None,
    labels: Array | None,
    part: Part,
    sample_weight: Array | None,
    spec: ProgramSpec,
    n_steps: int,
) -> Chunk:
    taken = part.indices
    weights = np.zeros((n_steps, spec.batch_size), np.float32)
    weights.reshape(-1)[: len(taken)] = 1.0 if sample_weight is None else sample_weight[taken]
    if part.counted is not None:
        weights.reshape(-1)[: len(taken)] *= part.counted
    return Chunk(
        rows=_read(rows, taken, spec, n_steps),
        targets=None if targets is None else _read(targets, taken, spec, n_steps),
        labels=None if labels is None else _labels_of(labels, taken, spec, n_steps),
        weights=weights,
        n_steps=-(-len(taken) // spec.batch_size),
    )


def _labels_of(labels: Array, taken: Integers, spec: ProgramSpec, n_steps: int) -> Array:
    buffer = np.zeros((n_steps * spec.batch_size, labels.shape[1]), np.float32)
    buffer[: len(taken)] = labels[taken]
    return buffer.reshape(n_steps, spec.batch_size, -1)


def _read(rows: RowSource, taken: Integers, spec: ProgramSpec, n_steps: int) -> Array:
    buffer = np.zeros((n_steps, spec.batch_size, spec.n_features), np.float32)
    flat = buffer.reshape(-1, spec.n_features)
    rows.read(taken, flat[: len(taken)])
    # Real rows as padding: a layer that normalises over the batch sees nothing else.
    n_padding = -len(taken) % spec.batch_size
    for start in range(len(taken), len(taken) + n_padding, len(taken)):
        n_copied = min(len(taken), len(taken) + n_padding - start)
        flat[start : start + n_copied] = flat[:n_copied]
    return buffer
