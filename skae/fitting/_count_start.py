"""The start of a network of counts: outputs are the logarithms of means."""

from typing import Any

import numpy as np

from skae.model import CountScaling, over_blocks
from skae.networks import Network, names
from skae.numerics import Array, Matrix, Weights

# Of a mean or a share of zeros that the rows at hand do not tell from nothing.
_LEAST_MEAN, _LEAST_SHARE = 1e-4, 0.01
# Inverse dispersions at the start: below, counts are almost all zero, above, they are Poisson's.
_INVERSE_DISPERSIONS = (0.05, 100.0)


def weights_of_counts(
    network: Network,
    weights: Weights,
    scaling: CountScaling,
    X: Matrix,
    sample_weight: Array | None,
) -> Weights:
    """Weights whose outputs are log means where they were scaled logarithms of counts.

    What moves a logarithm of a count by some amount moves, to first order, that of the mean as far.
    """
    weights = {name: np.array(values) for name, values in weights.items()}
    has_linear = network.has_linear_path and names.kernel(names.linear("decoder")) in weights
    layer = names.linear("decoder") if has_linear else names.nonlinear("decoder")
    mean, variance, share = _moments(X, sample_weight)
    if names.bias(layer) in weights and weights[names.bias(layer)].shape == mean.shape:
        weights[names.bias(layer)][:] = np.log(np.maximum(mean, _LEAST_MEAN))
    if has_linear:
        weights[names.kernel(layer)] *= np.float32(scaling.scale)
    if not network.has_noise:
        return weights
    excess = np.maximum(variance - mean, 1e-6)
    inverse = np.clip(np.square(mean) / excess, *_INVERSE_DISPERSIONS)
    log_inverse, n = np.log(inverse), network.n_features
    weights[names.NOISE][:n] = log_inverse
    # Half of the zeros are taken for those of another origin.
    more = np.clip(0.5 * share, _LEAST_SHARE, 1.0 - _LEAST_SHARE)
    weights[names.NOISE][n:] = np.log(more / (1.0 - more))[: len(weights[names.NOISE]) - n]
    return weights


def _moments(X: Matrix, sample_weight: Array | None) -> tuple[Array, Array, Array]:
    """Mean and variance of each feature, and its share of zeros."""
    total, sums = over_blocks(_moment_sums, X, sample_weight)
    mean, square, share = sums / total
    return mean, np.maximum(square - np.square(mean), 0.0), share


def _moment_sums(rows: Array, weights: Array) -> tuple[Any, Array]:
    return weights.sum(), np.stack(
        [weights @ rows, weights @ np.square(rows), weights @ (rows == 0)]
    )
