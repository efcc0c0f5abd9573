"""One network of those that the shards have trained in a round."""

from dataclasses import dataclass

import numpy as np

from skae.numerics import Array, Weights


@dataclass(frozen=True)
class Averaging:
    """How weights are averaged after a round.

    Attributes
    ----------
    momentum : float
        Of an outer optimizer, Nesterov's, whose gradient is the difference that a round makes; 0
        for the plain mean.
    rate : float
        Its learning rate.
    memory : {"kept", "mean", "reset"}
        What becomes of the states of the shards' optimizers.
    """

    momentum: float = 0.0
    rate: float = 1.0
    memory: str = "kept"


def weighted_mean(arrays: list[Array], shares: list[float]) -> Array:
    """Mean of arrays in float64, in their order; integers are those of the first."""
    if len(arrays) == 1 or not np.issubdtype(arrays[0].dtype, np.floating):
        return arrays[0]
    total = np.zeros(arrays[0].shape)
    for array, share in zip(arrays, shares, strict=True):
        total += share * array.astype(np.float64)
    mean: Array = total.astype(arrays[0].dtype)
    return mean


def mean_weights(weights: list[Weights], shares: list[float]) -> Weights:
    """Mean of the weights of several networks, by name."""
    return {name: weighted_mean([each[name] for each in weights], shares) for name in weights[0]}
