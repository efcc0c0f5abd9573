"""Predict labels from the code, beside what the autoencoder itself minimises.

The labels of a batch are ``(n, 2 m)``: m targets of each row, then a weight for each of them, which
is 0 where the target is not known. A target that is a class is m zeros but for a one.
"""

import functools
from dataclasses import replace
from typing import Literal

from skae.networks import names
from skae.objectives._network_view import (
    Batch,
    Namespace,
    RandomDraws,
    Scalars,
    Tensor,
    Terms,
    VariantView,
)
from skae.objectives._objective import Objective, Update

_TERM = "supervised"


def cross_entropy(ops: Namespace, targets: Tensor, weights: Tensor, outputs: Tensor) -> Tensor:
    """Negative log-likelihood of each row's class in nats, times the weight of the row."""
    highest = ops.max(outputs, axis=1, keepdims=True)
    shifted = outputs - highest
    log_total = ops.log(ops.sum(ops.exp(shifted), axis=1))
    return weights[:, 0] * (log_total - ops.sum(targets * shifted, axis=1))


def squared_error(ops: Namespace, targets: Tensor, weights: Tensor, outputs: Tensor) -> Tensor:
    """Weighted mean of each row's squared differences."""
    return ops.mean(weights * ops.square(outputs - targets), axis=1)


_LOSSES = {"cross_entropy": cross_entropy, "squared_error": squared_error}


@functools.cache
def supervised(
    base: Objective | None, loss: Literal["cross_entropy", "squared_error"]
) -> Objective:
    """Objective of a head, together with that of an autoencoder.

    Parameters
    ----------
    base : Objective or None
        The autoencoder's; each of its terms counts ``unsupervised_weight`` times. None trains the
        head alone.
    loss : {"cross_entropy", "squared_error"}
    """

    def prediction(
        network: VariantView, batch: Batch, scalars: Scalars, random: RandomDraws
    ) -> Terms:
        ops = network.ops
        network = network.at_rest() if base is None else network
        targets, weights = ops.split(batch["labels"], 2, axis=1)
        # Clean rows, also where the autoencoder's own are corrupted (Vincent et al. 2010).
        outputs = network.predict(network.code_of_batch(batch))
        terms = {} if base is None else base.function(network, batch, scalars, random)
        return {_TERM: _LOSSES[loss](ops, targets, weights, outputs), **terms}

    if base is None:
        return Objective(prediction, (_TERM,), updates=(Update((_TERM,), (names.HEAD,)),))
    strengths = dict.fromkeys(base.terms, "unsupervised_weight") | {
        term: f"unsupervised_{name}" for term, name in base.strengths
    }
    return Objective(
        prediction,
        (_TERM, *base.terms),
        strengths=tuple(strengths.items()),
        updates=_joined(base.updates),
        watched=(_TERM, *(base.watched or base.terms)),
        is_random=base.is_random,
    )


def _joined(updates: tuple[Update, ...]) -> tuple[Update, ...]:
    """Updates of which the one that lowers the reconstruction's error trains the head too.

    Where none does so by that name, the first.
    """
    places = [i for i, update in enumerate(updates) if "reconstruction" in update.terms] or [0]
    return tuple(
        replace(
            update,
            # No names mean all terms.
            terms=(_TERM, *update.terms) if update.terms else (),
            weights=(*update.weights, names.HEAD),
        )
        if i in places
        else update
        for i, update in enumerate(updates)
    )
