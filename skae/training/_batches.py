"""Rows in the shape a program takes: chunks of full batches, padded with rows of zero weight.

Resident rows are shuffled one by one; others, which may lie on a disk, in blocks of neighbouring
rows that are then mixed within a chunk.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

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
    capacity = spec.n_steps * spec.batch_size
    for start in range(0, len(indices), capacity):
        places = np.arange(start, min(start + capacity, len(indices)))
        if rng is not None and not rows.resident:
            places = rng.permutation(places)
        taken = indices[places]
        chunk = _fill(rows, targets, labels, taken, sample_weight, spec)
        if counted is not None:
            chunk.weights.reshape(-1)[: len(taken)] *= counted[places]
        yield chunk


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
    taken: Integers,
    sample_weight: Array | None,
    spec: ProgramSpec,
) -> Chunk:
    weights = np.zeros((spec.n_steps, spec.batch_size), np.float32)
    weights.reshape(-1)[: len(taken)] = 1.0 if sample_weight is None else sample_weight[taken]
    return Chunk(
        rows=_read(rows, taken, spec),
        targets=None if targets is None else _read(targets, taken, spec),
        labels=None if labels is None else _labels_of(labels, taken, spec),
        weights=weights,
        n_steps=-(-len(taken) // spec.batch_size),
    )


def _labels_of(labels: Array, taken: Integers, spec: ProgramSpec) -> Array:
    buffer = np.zeros((spec.n_steps * spec.batch_size, labels.shape[1]), np.float32)
    buffer[: len(taken)] = labels[taken]
    return buffer.reshape(spec.n_steps, spec.batch_size, -1)


def _read(rows: RowSource, taken: Integers, spec: ProgramSpec) -> Array:
    buffer = np.zeros((spec.n_steps, spec.batch_size, spec.n_features), np.float32)
    flat = buffer.reshape(-1, spec.n_features)
    rows.read(taken, flat[: len(taken)])
    # Real rows as padding: a layer that normalises over the batch sees nothing else.
    n_padding = -len(taken) % spec.batch_size
    for start in range(len(taken), len(taken) + n_padding, len(taken)):
        n_copied = min(len(taken), len(taken) + n_padding - start)
        flat[start : start + n_copied] = flat[:n_copied]
    return buffer
