"""Log densities of codes under distributions that are learned, and draws from them.

Written once for any array namespace with numpy's names, for training and scoring. Weights have the
names that ``skae.networks.prior_shapes`` gives them.
"""

import math
from collections.abc import Callable, Mapping

import numpy as np

from skae.networks import coupling, coupling_weight, prior_weight
from skae.numerics import Array
from skae.objectives._likelihoods import bounded
from skae.objectives._network_view import Namespace, Tensor

_LOG_TWO_PI = math.log(2.0 * math.pi)
# Parts of a mixture are between e**-7 and e**7 wide: codes have a deviation near 1.
_MOST_LOG_PRECISION = 7.0
# A coupling scales by e**2 at most, so that a few of them cannot overflow.
_MOST_LOG_SCALE = 2.0

PriorWeights = Mapping[str, Tensor]
# Mean and log variance of the code of rows.
EncodeDistribution = Callable[[Tensor], tuple[Tensor, Tensor]]
LogDensity = Callable[[Tensor], Tensor]


def prior_log_density(
    xp: Namespace, kind: str | None, prior: PriorWeights, encode: EncodeDistribution
) -> LogDensity:
    """The function that gives the log density of codes of shape (n, n_components), in nats.

    Parameters
    ----------
    xp : namespace
    kind : {"mixture", "vamp", "flow"} or None
        None for a standard normal distribution.
    prior : dict of tensor
    encode : callable
        Gives the posteriors of pseudo-inputs, which are rows in scaled units.
    """
    if kind is None:
        return lambda code: normal_log_density(xp, code)
    if kind == "flow":
        return lambda code: flow_log_density(xp, prior, code)
    log_weights = log_shares(xp, prior[prior_weight("logits")])
    if kind == "vamp":
        means, log_variances = encode(prior[prior_weight("rows")])
        log_variances = bounded(xp, log_variances)
        return lambda code: diagonal_log_density(xp, log_weights, means, log_variances, code)
    means, factors = prior[prior_weight("means")], prior[prior_weight("factors")]
    return lambda code: mixture_log_density(xp, log_weights, means, factors, code)


def normal_log_density(xp: Namespace, code: Tensor) -> Tensor:
    """Of the standard normal distribution."""
    return -0.5 * xp.sum(xp.square(code) + _LOG_TWO_PI, axis=1)


def log_shares(xp: Namespace, logits: Tensor) -> Tensor:
    """Logarithms of weights that sum to 1."""
    return logits - _log_sum_exp(xp, logits, 0)


def log_precisions(xp: Namespace, factors: Tensor) -> Tensor:
    """Logarithms of the diagonals of Cholesky factors of precisions, kept in a range."""
    raw = xp.diagonal(factors, axis1=1, axis2=2)
    return xp.clip(raw, -_MOST_LOG_PRECISION, _MOST_LOG_PRECISION)


def mixture_log_density(
    xp: Namespace, log_weights: Tensor, means: Tensor, factors: Tensor, code: Tensor
) -> Tensor:
    """Of a mixture of normal distributions.

    Parameters
    ----------
    xp : namespace
    log_weights : tensor of shape (n_parts,)
    means : tensor of shape (n_parts, n_components)
    factors : tensor of shape (n_parts, n_components, n_components)
        Upper Cholesky factors of precisions, with the logarithms of their diagonals there.
    code : tensor of shape (n, n_components)
    """
    n_columns = code.shape[1]
    log_diagonal = log_precisions(xp, factors)
    unit = xp.cast(xp.eye(n_columns), factors.dtype) if hasattr(xp, "cast") else xp.eye(n_columns)
    upper = xp.triu(factors, 1) + unit[None] * xp.exp(log_diagonal)[:, None, :]
    apart = code[None] - means[:, None]
    squares = xp.sum(xp.square(xp.matmul(apart, upper)), axis=2)
    log_normal = xp.sum(log_diagonal, axis=1)[:, None] - 0.5 * (squares + n_columns * _LOG_TWO_PI)
    return _log_sum_exp(xp, log_weights[:, None] + log_normal, 0)


def diagonal_log_density(
    xp: Namespace, log_weights: Tensor, means: Tensor, log_variances: Tensor, code: Tensor
) -> Tensor:
    """Of a mixture of normal distributions with independent components, of shape (n,)."""
    squares = xp.square(code[:, None] - means[None]) * xp.exp(-log_variances)[None]
    log_normal = -0.5 * xp.sum(squares + (log_variances + _LOG_TWO_PI)[None], axis=2)
    return _log_sum_exp(xp, log_weights[None] + log_normal, 1)


def flow_log_density(xp: Namespace, prior: PriorWeights, code: Tensor) -> Tensor:
    """Of a flow of affine couplings (Dinh et al. 2017): a change of variables to normal ones."""
    base, log_determinant = flow_forward(xp, prior, code)
    return normal_log_density(xp, base) + log_determinant


def flow_forward(xp: Namespace, prior: PriorWeights, code: Tensor) -> tuple[Tensor, Tensor]:
    """What a flow makes of codes, and the log determinant of its derivative there.

    Returns
    -------
    base : tensor of shape (n, n_components)
        Standard normal, as far as the codes follow the prior.
    log_determinant : tensor of shape (n,)
    """
    n_columns, total = code.shape[1], 0.0
    for i in range(count_couplings(prior)):
        parts = coupling(i, n_columns)
        read, moved = (xp.take(code, places, axis=1) for places in (parts.read, parts.moved))
        log_scale, shift = _conditioned(xp, prior, i, read)
        moved = moved * xp.exp(log_scale) + shift
        code = xp.take(xp.concatenate([read, moved], axis=1), parts.order, axis=1)
        total = total + xp.sum(log_scale, axis=1)
    log_scale = prior[prior_weight("log_scale")]
    return code * xp.exp(log_scale) + prior[prior_weight("shift")], total + xp.sum(log_scale)


def flow_inverse(prior: Mapping[str, Array], base: Array) -> Array:
    """Codes of which ``flow_forward`` makes these values, in numpy."""
    code: Array = (base - prior[prior_weight("shift")]) * np.exp(-prior[prior_weight("log_scale")])
    for i in reversed(range(count_couplings(prior))):
        parts = coupling(i, code.shape[1])
        read, moved = code[:, parts.read], code[:, parts.moved]
        log_scale, shift = _conditioned(np, prior, i, read)
        moved = (moved - shift) * np.exp(-log_scale)
        code = np.concatenate([read, moved], axis=1)[:, parts.order]
    return code


def count_couplings(prior: Mapping[str, Tensor]) -> int:
    """Couplings of a flow with these weights."""
    return sum(name.endswith("output/bias") for name in prior)


def _conditioned(xp: Namespace, prior: PriorWeights, i: int, read: Tensor) -> tuple[Tensor, Tensor]:
    """Log scale and shift that a coupling gives to half of the code, by the other half."""
    named = ("hidden/kernel", "hidden/bias", "output/kernel", "output/bias")
    inward, bias, outward, offset = (prior[coupling_weight(i, name)] for name in named)
    outputs = xp.matmul(xp.tanh(xp.matmul(read, inward) + bias), outward) + offset
    n_moved = outputs.shape[1] // 2
    raw, shift = outputs[:, :n_moved], outputs[:, n_moved:]
    return _MOST_LOG_SCALE * xp.tanh(raw / _MOST_LOG_SCALE), shift


def _log_sum_exp(xp: Namespace, values: Tensor, axis: int) -> Tensor:
    largest = xp.max(values, axis=axis, keepdims=True)
    total = xp.log(xp.sum(xp.exp(values - largest), axis=axis))
    return total + xp.squeeze(largest, axis=axis)
