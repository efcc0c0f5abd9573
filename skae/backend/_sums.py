"""Sums over the steps of a chunk, and over the rows of a batch."""

from collections.abc import Callable, Mapping

import tensorflow as tf

from skae.objectives import Scalars, Tensor
from skae.training import ObjectivePart


def sum_over(n_steps: Tensor, objective: ObjectivePart, run: Callable[[Tensor], Tensor]) -> Tensor:
    """Sum of what ``run`` returns for each step, a value a term."""
    start = (tf.constant(0), tf.zeros(len(objective.terms)))
    return tf.while_loop(
        lambda step, _: step < n_steps, lambda step, sums: (step + 1, sums + run(step)), start
    )[1]


def mean_loss(
    objective: ObjectivePart,
    terms: Mapping[str, Tensor],
    weights: Tensor,
    scalars: Scalars,
    names: tuple[str, ...],
) -> Tensor:
    """Mean over rows of the terms of some names."""
    total = objective.total(terms, scalars, names)
    return tf.reduce_sum(total * weights) / tf.maximum(tf.reduce_sum(weights), 1e-30)


def sums_of(objective: ObjectivePart, terms: Mapping[str, Tensor], weights: Tensor) -> Tensor:
    """Sums over rows, a value a term."""
    # A padded row may be anything, infinity included: leave it out rather than multiply it.
    return tf.stack(
        [
            tf.reduce_sum(tf.where(weights > 0, terms[name] * weights, 0.0))
            for name in objective.terms
        ]
    )
