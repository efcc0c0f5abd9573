"""Rows in the shape a program takes: chunks of full batches, padded with rows of zero weight.

Rows come from any object with ``len()``, ``resident`` and ``read(indices, out)``, which writes
scaled float32 rows. Resident rows are shuffled one by one; others, which may lie on a disk, in
blocks of neighbouring rows that are then mixed within a chunk.
"""

from dataclasses import dataclass

import numpy as np

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

    rows: np.ndarray
    targets: np.ndarray | None
    weights: np.ndarray
    n_steps: int
    labels: np.ndarray | None = None


def shuffled(indices, resident, rng):
    """The order in which an epoch visits rows."""
    if resident or len(indices) <= _BLOCK_ROWS:
        return rng.permutation(indices)
    starts = np.arange(0, len(indices), _BLOCK_ROWS)
    blocks = [indices[start : start + _BLOCK_ROWS] for start in rng.permutation(starts)]
    return np.concatenate(blocks)


def chunks(rows, indices, sample_weight, spec, rng=None, targets=None, labels=None):
    """Yield the chunks of one pass over some rows.

    Parameters
    ----------
    rows : source of rows
    indices : ndarray of int
        Which rows, in which order.
    sample_weight : ndarray of shape (n_rows,) or None
    spec : ProgramSpec
    rng : numpy.random.Generator, optional
        Mixes the rows within a chunk, which matters where they are shuffled in blocks.
    targets : source of rows, optional
    labels : ndarray of shape (n_rows, n_label_values), optional
    """
    capacity = spec.n_steps * spec.batch_size
    for start in range(0, len(indices), capacity):
        taken = indices[start : start + capacity]
        if rng is not None and not rows.resident:
            taken = rng.permutation(taken)
        yield _fill(rows, targets, labels, taken, sample_weight, spec)


def _fill(rows, targets, labels, taken, sample_weight, spec):
    weights = np.zeros((spec.n_steps, spec.batch_size), np.float32)
    weights.reshape(-1)[: len(taken)] = 1.0 if sample_weight is None else sample_weight[taken]
    return Chunk(
        rows=_read(rows, taken, spec),
        targets=None if targets is None else _read(targets, taken, spec),
        labels=None if labels is None else _labels_of(labels, taken, spec),
        weights=weights,
        n_steps=-(-len(taken) // spec.batch_size),
    )


def _labels_of(labels, taken, spec):
    buffer = np.zeros((spec.n_steps * spec.batch_size, labels.shape[1]), np.float32)
    buffer[: len(taken)] = labels[taken]
    return buffer.reshape(spec.n_steps, spec.batch_size, -1)


def _read(rows, taken, spec):
    buffer = np.zeros((spec.n_steps, spec.batch_size, spec.n_features), np.float32)
    flat = buffer.reshape(-1, spec.n_features)
    rows.read(taken, flat[: len(taken)])
    # Real rows as padding: a layer that normalises over the batch sees nothing else.
    n_padding = -len(taken) % spec.batch_size
    for start in range(len(taken), len(taken) + n_padding, len(taken)):
        n_copied = min(len(taken), len(taken) + n_padding - start)
        flat[start : start + n_copied] = flat[:n_copied]
    return buffer
