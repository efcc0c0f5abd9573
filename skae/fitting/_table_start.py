"""The start of a network for a table: factor analysis of mixed data, to first order."""

from typing import NamedTuple

import numpy as np
from scipy.special import logit

from skae.fitting._rows import Rows
from skae.model import Scaling, as_rows, dense, entropies
from skae.networks import Columns, DenseNetwork, Network, names
from skae.numerics import Array, Weights
from skae.objectives import column_errors

# A factor for the slopes of each column's logits is found on so many rows, among these.
_MOST_ROWS = 2000
_FACTORS = (1.0, 0.7, 0.5, 0.35, 0.25, 0.15, 0.1, 0.05, 0.02, 0.0)
# A column that hardly varies would count for all others.
_LEAST_ENTROPY = 0.3
_LEAST_VARIANCE = 1e-3
# Frequencies are known no better, and intercepts found in so many steps.
_LEAST_SHARE, _N_STEPS = 1e-6, 20


def weights_of_columns(network: Network, weights: Weights, scaling: Scaling, rows: Rows) -> Weights:
    """Weights whose outputs are logits where they were reconstructions of flags and levels.

    A reconstructed share ``p + d`` of a level of frequency ``p`` is to first order the logit
    ``log p + d / p``. Far from ``p`` that is too steep, so that the slopes of each column are
    multiplied by the factor under which the rows are least surprising.
    """
    columns = network.columns
    assert columns is not None
    assert isinstance(network, DenseNetwork)
    weights = {name: np.array(values) for name, values in weights.items()}
    spread = entropies(columns, scaling.mean)
    counts = np.where(spread > 0, 1.0 / np.maximum(spread, _LEAST_ENTROPY), 0.0)
    weights[names.COLUMN_WEIGHTS] = counts.astype(np.float32)
    layer = names.linear("decoder") if network.has_linear_path else names.nonlinear("decoder")
    bias = weights[names.bias(layer)]
    bias[:], slope = _logits_of_means(columns, scaling)
    if not network.linear_path:
        return weights
    kernel = weights[names.kernel(layer)]
    if network.has_noise:
        # Numbers have the variance 1, of which the code explains so much.
        left = 1.0 - np.sum(kernel[:, : columns.n_numbers] ** 2, axis=0)
        weights[names.NOISE][:] = np.log(np.maximum(left, _LEAST_VARIANCE))
    kernel *= slope
    sample = _sample(network, weights, scaling, rows)
    kernel *= _factors(network, weights, sample)
    bias[:] = _calibrated(network, weights, scaling, sample)
    return weights


class _Sample(NamedTuple):
    """Some rows in scaled units, NaN where missing, and what the encoder makes of them."""

    scaled: Array
    code: Array
    weight: Array


def _sample(network: DenseNetwork, weights: Weights, scaling: Scaling, rows: Rows) -> _Sample:
    counted = rows.counted()
    some = counted[:: -(-len(counted) // _MOST_ROWS)]
    scaled = scaling.apply(dense(rows.X[some]).astype(np.float64, copy=False))
    known = np.nan_to_num(scaled)
    code = (
        network.encode_distribution(weights, known)[0]
        if network.is_variational
        else network.encode(weights, known)
    )
    given = np.ones(len(some)) if rows.sample_weight is None else rows.sample_weight[some]
    return _Sample(scaled, code, given)


def _logits_of_means(columns: Columns, scaling: Scaling) -> tuple[Array, Array]:
    """Outputs that mean the frequencies of all rows, and how far they move with a feature."""
    n, first = columns.n_numbers, columns.first_level
    bias, slope = np.zeros(columns.n_features), np.ones(columns.n_features)
    shares = np.clip(scaling.mean, _LEAST_SHARE, 1 - _LEAST_SHARE)
    bias[n:first] = np.log(shares[n:first] / (1 - shares[n:first]))
    bias[first:] = np.log(shares[first:])
    slope[n:first] = scaling.scale[n:first] / (shares * (1 - shares))[n:first]
    slope[first:] = scaling.scale[first:] / shares[first:]
    return bias, slope


def _factors(network: DenseNetwork, weights: Weights, sample: _Sample) -> Array:
    """The factor of each feature, the same for the levels of a column."""
    columns = network.columns
    assert columns is not None
    output = network.decode(weights, sample.code)
    bias = weights[names.bias(names.linear("decoder"))]
    losses = []
    for factor in _FACTORS:
        steep = bias + factor * (output - bias)
        errors, _ = column_errors(np, columns, "squared_error", sample.scaled, steep)
        losses.append(sample.weight @ errors)
    best = np.array(_FACTORS)[np.argmin(losses, axis=0)]
    best[: columns.n_numbers] = 1.0
    return np.repeat(best, columns.sizes)


def _calibrated(
    network: DenseNetwork, weights: Weights, scaling: Scaling, sample: _Sample
) -> Array:
    """Intercepts with which flags and levels are as probable in the mean as they are frequent.

    Those of the frequencies alone are too high for what is rare: a logit that varies between rows
    is a higher probability than its mean is (Jensen's inequality).
    """
    columns = network.columns
    assert columns is not None
    n, first = columns.n_numbers, columns.first_level
    output = network.decode(weights, sample.code).astype(np.float64)
    shares = np.clip(scaling.mean, _LEAST_SHARE, 1 - _LEAST_SHARE)
    shift = np.zeros(columns.n_features)
    for _ in range(_N_STEPS):
        found = sample.weight @ as_rows(columns, scaling, output + shift) / sample.weight.sum()
        found = np.clip(found, _LEAST_SHARE, 1 - _LEAST_SHARE)
        shift[first:] += np.log(shares / found)[first:]
        shift[n:first] += (logit(shares) - logit(found))[n:first]
    bias: Array = weights[names.bias(names.linear("decoder"))] + shift
    return bias
