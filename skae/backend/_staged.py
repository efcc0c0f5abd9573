"""Chunks of rows as tensors, and single batches of them inside a program."""

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from skae.objectives import Batch, Tensor
from skae.training import Chunk

# Rows, targets, labels and weights of all batches of a chunk, then the number of batches.
Staged = tuple[Tensor, Tensor | None, Tensor | None, Tensor, Tensor]
Batches = tuple[Tensor, Tensor | None, Tensor | None, Tensor]


def stage(chunk: Chunk) -> Staged:
    """A chunk as tensors."""
    return (
        tf.constant(chunk.rows),
        None if chunk.targets is None else tf.constant(chunk.targets),
        None if chunk.labels is None else tf.constant(chunk.labels),
        tf.constant(chunk.weights),
        tf.constant(chunk.n_steps, tf.int32),
    )


def batch_at(batches: Batches, step: Tensor) -> Batch:
    """One batch of a chunk."""
    rows, targets, labels, weights = (_at(batch, step) for batch in batches)
    return {
        "rows": rows,
        "targets": rows if targets is None else targets,
        "labels": labels,
        "weights": weights,
    }


def _at(batches: Tensor | None, step: Tensor) -> Tensor | None:
    # An index in brackets would take four times the operations.
    return None if batches is None else tf.gather(batches, step)


def repeated_rows(batches: Tensor | None, n_times: int) -> Tensor | None:
    """Batches that have all their rows so many times."""
    return None if batches is None else tf.concat([batches] * n_times, axis=1)


def as_tensors(scalars: Mapping[str, Any]) -> dict[str, Tensor]:
    """Numbers of an objective as tensors."""
    return {name: tf.constant(value, tf.float32) for name, value in scalars.items()}
