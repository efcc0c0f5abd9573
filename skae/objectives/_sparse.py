"""Reconstruct from a code in which few units are active.

Keeping the largest activations, of a row or of a batch, needs no term: it is part of the network.
"""

from functools import partial

from skae.objectives._network_view import (
    Batch,
    Namespace,
    RandomDraws,
    Scalars,
    Tensor,
    TermFunction,
    Terms,
    VariantView,
)
from skae.objectives._objective import RECONSTRUCTION, Objective

# Mean activations are kept this far from 0 and 1, where the divergence is infinite.
_MARGIN = 1e-6
# Width of the kernel by which the gradient of a threshold is estimated.
BANDWIDTH = 0.2
# What the reconstruction by dead units counts (Gao et al. 2024).
AUXILIARY_WEIGHT = 1 / 32


def l1(network: VariantView, batch: Batch, scalars: Scalars, random: RandomDraws) -> Terms:
    """The error, and the mean absolute activation of each row's code."""
    ops, code = network.ops, network.encode(batch["rows"])
    return {
        "reconstruction": network.error(batch["targets"], network.decode(code)),
        "sparsity": ops.mean(ops.abs(code), axis=1),
    }


def kl(network: VariantView, batch: Batch, scalars: Scalars, random: RandomDraws) -> Terms:
    """The error, and how far each unit's mean activation in the batch is from its target (Ng 2011).

    The divergence is a property of the batch: every row of it carries the same value.
    """
    ops, code = network.ops, network.encode(batch["rows"])
    weights = batch["weights"] / ops.maximum(ops.sum(batch["weights"]), 1e-30)
    mean = ops.clip(ops.sum(code * weights[:, None], axis=0), _MARGIN, 1.0 - _MARGIN)
    divergence = bernoulli_divergence(ops, scalars["target_activation"], mean)
    return {
        "reconstruction": network.error(batch["targets"], network.decode(code)),
        "sparsity": ops.mean(divergence) * ops.ones_like(weights),
    }


def of_batch(
    network: VariantView,
    batch: Batch,
    scalars: Scalars,
    random: RandomDraws,
    *,
    penalty: str | None,
    revives: bool,
) -> Terms:
    """The error, a penalty of the code, and the error that dead units could take away.

    Parameters
    ----------
    penalty : {"l1", "jumprelu"} or None
        The mean absolute activation, or the share of active units.
    revives : bool
        Whether dead units are trained to reconstruct what the others leave.
    """
    ops = network.ops
    values, code = network.encode_batch(batch)
    output = network.decode(code)
    terms = {"reconstruction": network.error(batch["targets"], output)}
    if penalty == "l1":
        terms["sparsity"] = ops.mean(ops.abs(code), axis=1)
    elif penalty == "jumprelu":
        terms["sparsity"] = ops.mean(jump(ops, values, network.thresholds()), axis=1)
    if revives:
        terms["auxiliary"] = auxiliary(network, batch["targets"], output, values, scalars)
    return terms


def auxiliary(
    network: VariantView, targets: Tensor, output: Tensor, values: Tensor, scalars: Scalars
) -> Tensor:
    """Error of the output's residual as dead units reconstruct it (Gao et al. 2024).

    Of the units that have been zero for ``scalars["dead_after"]`` rows those of the largest values
    take part, half as many a row as there are features. Values below zero drive them by their
    exponential, as a rectified unit would not learn from them.
    """
    ops = network.ops
    is_dead = ops.cast(network.idle_rows() >= scalars["dead_after"], values.dtype)
    residual = ops.stop_gradient(targets - output)
    residual = ops.where(ops.isnan(residual), ops.zeros_like(residual), residual)
    drive = is_dead * (ops.exp(ops.minimum(values, 0.0)) + ops.maximum(values, 0.0))
    n_taking_part = min(values.shape[-1], max(1, targets.shape[-1] // 2))
    least = ops.top_k(drive, n_taking_part)[0][:, -1:]
    drive = drive * ops.cast(drive >= least, drive.dtype)
    # What a decoder adds for any code is not what units reconstruct.
    silent = network.decode(ops.zeros_like(drive[:1]))
    errors = ops.mean(ops.square(residual - (network.decode(drive) - silent)), axis=1)
    return errors * ops.max(is_dead)


def jump(xp: Namespace, values: Tensor, thresholds: Tensor) -> Tensor:
    """1 where values exceed their thresholds, else 0.

    Its derivative by a threshold is estimated by a rectangular kernel, that by a value is zero
    (Rajamanoharan et al. 2024).
    """
    smooth = xp.clip((xp.stop_gradient(values) - thresholds) / BANDWIDTH, -0.5, 0.5)
    above = xp.cast(values > thresholds, values.dtype)
    return xp.stop_gradient(above - smooth) + smooth


def jump_relu(xp: Namespace, values: Tensor, thresholds: Tensor) -> Tensor:
    """Values that exceed their thresholds, else 0; the derivative by a threshold as of ``jump``."""
    smooth = xp.clip((xp.stop_gradient(values) - thresholds) / BANDWIDTH, -0.5, 0.5)
    above = xp.cast(values > thresholds, values.dtype)
    return values * above + xp.stop_gradient(thresholds) * (smooth - xp.stop_gradient(smooth))


def largest_of_batch(
    xp: Namespace, values: Tensor, n_active: int, weights: Tensor | None
) -> tuple[Tensor, Tensor]:
    """The ``n_active`` largest values a row of a whole batch, and the least of them.

    Parameters
    ----------
    xp : module
    values : tensor of shape (n, n_units)
        None is negative.
    n_active : int
    weights : tensor of shape (n,) or None
        Rows of weight zero take no part: they stand for none.

    Returns
    -------
    kept : tensor of shape (n, n_units)
        Zero where it is not among them.
    least : tensor of shape ()
    """
    counts = xp.ones_like(values[:, 0])
    if weights is not None:
        counts = xp.cast(weights > 0, values.dtype)
    flat = xp.sort(xp.reshape(values * counts[:, None], (-1,)))
    n_kept = n_active * xp.cast(xp.sum(counts), "int32")
    place = xp.maximum(xp.shape(flat)[0] - n_kept, 0)
    least = xp.take(flat, xp.minimum(place, xp.shape(flat)[0] - 1))
    return values * xp.cast(values >= least, values.dtype), least


def share_of_wanted(
    xp: Namespace, values: Tensor, n_active: int, weights: Tensor | None, threshold: Tensor
) -> Tensor:
    """How many values of a batch reach a threshold, over ``n_active`` a row; at most 10.

    A threshold that is raised or lowered by this less 1 keeps ``n_active`` a row on average.
    """
    counts = xp.ones_like(values[:, 0])
    if weights is not None:
        counts = xp.cast(weights > 0, values.dtype)
    reach = xp.cast(values >= threshold, values.dtype) * counts[:, None]
    share = xp.sum(reach) / (n_active * xp.maximum(xp.sum(counts), 1.0))
    return xp.minimum(share, 10.0)


def bernoulli_divergence(xp: Namespace, target: Tensor, mean: Tensor) -> Tensor:
    """Kullback-Leibler divergence in nats between Bernoulli variables of these means."""
    return target * xp.log(target / mean) + (1 - target) * xp.log((1 - target) / (1 - mean))


def _of_batch(penalty: str | None, revives: bool) -> Objective:
    function: TermFunction = partial(of_batch, penalty=penalty, revives=revives)
    watched = ("reconstruction",) if penalty is None else ("reconstruction", "sparsity")
    strengths: tuple[tuple[str, str], ...] = () if penalty is None else _STRENGTHS
    if not revives:
        return Objective(function, watched, strengths)
    weighed = (*strengths, ("auxiliary", "auxiliary_weight"))
    return Objective(function, (*watched, "auxiliary"), weighed, watched=watched)


_STRENGTHS = (("sparsity", "sparsity_weight"),)
SPARSE = {
    "batch_topk": _of_batch(None, False),
    "jumprelu": _of_batch("jumprelu", False),
    "kl": Objective(kl, ("reconstruction", "sparsity"), _STRENGTHS),
    "l1": Objective(l1, ("reconstruction", "sparsity"), _STRENGTHS),
    "topk": RECONSTRUCTION,
}
# The same, where dead units are revived.
REVIVING = {
    "batch_topk": _of_batch(None, True),
    "jumprelu": _of_batch("jumprelu", True),
    "l1": _of_batch("l1", True),
    "topk": _of_batch(None, True),
}
