"""One layer learns to reconstruct its input, the layers below it stay (Bengio et al. 2007)."""

import functools
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

# A layer whose input never changes has nothing to learn.
_LEAST_VARIANCE = 1e-12


@functools.cache
def layerwise(place: int, n_hidden: int, noise: Literal["gaussian", "masking"] | None) -> Objective:
    """Objective of one block of the encoder and of the decoder's block that undoes it.

    Parameters
    ----------
    place : int
        Of the encoder's block; 0 reads the rows.
    n_hidden : int
        Hidden layers of the encoder.
    noise : {"gaussian", "masking"} or None
        How the block's input is corrupted: normal noise relative to the deviation of the whole
        input, or a share of its values set to zero.
    """
    opposite = n_hidden - place

    def reconstruction_of_a_layer(
        network: VariantView, batch: Batch, scalars: Scalars, random: RandomDraws
    ) -> Terms:
        ops, inputs = network.ops, batch["rows"]
        for below in range(place):
            inputs = network.block("encoder", below, inputs)
        corrupted = inputs
        if noise == "gaussian":
            deviation = ops.sqrt(_variance(network, batch, inputs))
            corrupted = inputs + scalars["noise_level"] * deviation * random.normal(
                ops.shape(inputs)
            )
        elif noise == "masking":
            is_lost = random.uniform(ops.shape(inputs)) < scalars["noise_level"]
            corrupted = ops.where(is_lost, ops.zeros_like(inputs), inputs)
        if place == 0 and network.masks_missing:
            corrupted = ops.where(ops.isnan(inputs), inputs, corrupted)
        hidden = network.block("encoder", place, corrupted, masked_as=inputs)
        output = network.block("decoder", opposite, hidden)
        if place == 0:
            return {"reconstruction": network.error(batch["targets"], output)}
        # As for rows, 1 is what predicting the mean scores.
        error = _row_means(ops, ops.square(output - inputs))
        return {"reconstruction": error / _variance(network, batch, inputs)}

    last = place == n_hidden
    inward = names.nonlinear("encoder") if last else names.hidden("encoder", place + 1)
    outward = names.nonlinear("decoder") if place == 0 else names.hidden("decoder", opposite + 1)
    terms = ("reconstruction",)
    return Objective(
        reconstruction_of_a_layer,
        terms,
        updates=(Update(terms, tuple(map(names.all_of, (inward, outward)))),),
    )


def _variance(network: VariantView, batch: Batch, values: Tensor) -> Tensor:
    """Mean variance of a layer's values in the batch, over the rows that are there."""
    ops, weights = network.ops, batch["weights"]
    values = ops.reshape(values, (values.shape[0], -1))
    if network.masks_missing:
        values = ops.where(ops.isnan(values), ops.zeros_like(values), values)
    share = (weights / ops.maximum(ops.sum(weights), 1e-30))[:, None]
    mean = ops.sum(values * share, axis=0, keepdims=True)
    variance = ops.mean(ops.sum(ops.square(values - mean) * share, axis=0))
    return ops.maximum(variance, _LEAST_VARIANCE)


def _row_means(ops: Namespace, values: Tensor) -> Tensor:
    return ops.mean(ops.reshape(values, (values.shape[0], -1)), axis=1)
