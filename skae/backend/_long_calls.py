"""Calls of a program that run several chunks, each as a call of its own would."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from skae.objectives import Tensor
from skae.training import LONG_CALL_CHUNKS, LongChunk

# Rows, targets, labels and weights of all batches; first batch, number of batches and seed of each
# chunk; their rates; the number of chunks.
StagedLong = tuple[Tensor, Tensor | None, Tensor | None, Tensor, Tensor, Tensor, Tensor]


def stage_long(chunks: LongChunk) -> StagedLong:
    """Several chunks as tensors, of shapes that do not depend on their number."""
    n_chunks = len(chunks.n_steps)
    words = np.zeros((LONG_CALL_CHUNKS, 3), np.int32)
    words[:n_chunks, 0] = np.cumsum(chunks.n_steps) - chunks.n_steps
    words[:n_chunks, 1] = chunks.n_steps
    words[:n_chunks, 2] = chunks.seeds
    rates = np.zeros(LONG_CALL_CHUNKS, np.float32)
    rates[:n_chunks] = chunks.rates
    return (
        tf.constant(chunks.rows),
        None if chunks.targets is None else tf.constant(chunks.targets),
        None if chunks.labels is None else tf.constant(chunks.labels),
        tf.constant(chunks.weights),
        tf.constant(words),
        tf.constant(rates),
        tf.constant(n_chunks, tf.int32),
    )


def over_chunks(
    train: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor],
    words: Tensor,
    rates: Tensor,
    n_chunks: Tensor,
    n_terms: int,
) -> Tensor:
    """What ``train`` returns for each chunk, of shape (n_chunks, n_terms)."""

    def run(chunk: Tensor, sums: Tensor) -> tuple[Tensor, Tensor]:
        first, n_steps, seed = tf.unstack(tf.gather(words, chunk))
        own = train(first, n_steps, seed, tf.gather(rates, chunk))
        return chunk + 1, tf.tensor_scatter_nd_update(sums, [[chunk]], [own])

    start = (tf.constant(0), tf.zeros((words.shape[0], n_terms)))
    return tf.while_loop(lambda chunk, _: chunk < n_chunks, run, start)[1]
