"""Reconstruct, with codes that are like draws of a prior.

Either a critic cannot tell them (Makhzani et al. 2015), whose gradient at real draws is kept small
(Mescheder, Geiger & Nowozin 2018), without which such games need not converge; or a distance of two
samples is small, without a game (Tolstikhin et al. 2018).
"""

import functools
from collections.abc import Callable

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
from skae.objectives._terms import TermsAsNeeded

# A strong penalty: what a critic of a code needs to see is coarse.
_GRADIENT_WEIGHT = 10.0
# Those of the authors of Wasserstein autoencoders.
_KERNEL_SCALES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
# Of squared sizes, some eight units in the last place: what their difference may be off by.
_ROUNDING = 1e-6


def adversarial(network: VariantView, batch: Batch, scalars: Scalars, random: RandomDraws) -> Terms:
    """The error; the critic's loss; the encoder's, which is low where the critic is fooled.

    ``discrepancy`` is the energy distance of the batch's codes from the prior. It steadies the
    encoder's update, and epochs are judged by it, as losses of a game do not say which is best.
    """
    ops, rows = network.ops, batch["rows"]
    code = network.encode(rows)

    @functools.cache
    def drawn() -> Tensor:
        return draw_prior(ops, scalars, random, ops.shape(code)[0])

    @functools.cache
    def on_codes() -> Tensor:
        return network.criticise(code)

    def critic() -> Tensor:
        slope = network.gradient(network.criticise, drawn())
        penalty = 0.5 * _GRADIENT_WEIGHT * ops.sum(ops.square(slope), axis=1)
        on_drawn = ops.softplus(-network.criticise(drawn()))
        return on_drawn + ops.softplus(on_codes()) + penalty

    return TermsAsNeeded(
        {
            "reconstruction": lambda: network.error(batch["targets"], network.decode(code)),
            "critic": critic,
            "adversarial": lambda: ops.softplus(-on_codes()),
            "discrepancy": lambda: energy_distance(ops, code, drawn(), batch["weights"]),
        }
    )


def draw_prior(ops: Namespace, scalars: Scalars, random: RandomDraws, n_rows: int) -> Tensor:
    """Draws from equal normal distributions around the prior's centres."""
    centres = scalars["centres"]
    which = ops.cast(random.uniform((n_rows,)) * centres.shape[0], "int32")
    noise = random.normal((n_rows, centres.shape[1]))
    return ops.take(centres, which, axis=0) + scalars["deviation"] * noise


def energy_distance(xp: Namespace, code: Tensor, drawn: Tensor, weights: Tensor) -> Tensor:
    """Squared energy distance of codes from draws (Szekely & Rizzo 2013), for every row alike.

    Relative to the distance of the draws from each other: about 0 if both have one distribution.
    """
    share = weights / xp.maximum(xp.sum(weights), 1e-30)
    n_drawn = drawn.shape[0]
    between = xp.sum(_distances(xp, code, drawn) * share[:, None]) / n_drawn
    within_code = xp.sum(_distances(xp, code, code) * share[:, None] * share[None])
    within_code = within_code / xp.maximum(1.0 - xp.sum(xp.square(share)), 1e-6)
    within_drawn = xp.sum(_distances(xp, drawn, drawn)) / (n_drawn * max(n_drawn - 1, 1))
    distance = (2.0 * between - within_code - within_drawn) / xp.maximum(within_drawn, 1e-6)
    return distance * xp.ones_like(weights)


def kernel_discrepancy(xp: Namespace, code: Tensor, drawn: Tensor, weights: Tensor) -> Tensor:
    """Squared maximum mean discrepancy of codes from draws, without bias, for every row alike.

    The kernel is a sum of inverse multiquadratics of seven scales (Tolstikhin et al. 2018), which
    are multiples of the squared distance of two draws of a standard normal.
    """
    share = weights / xp.maximum(xp.sum(weights), 1e-30)
    n_drawn, itself = drawn.shape[0], float(len(_KERNEL_SCALES))
    between = xp.sum(_kernel(xp, code, drawn) * share[:, None]) / n_drawn
    # Pairs of a row with itself say nothing.
    squares = xp.sum(xp.square(share))
    within_code = xp.sum(_kernel(xp, code, code) * share[:, None] * share[None]) - itself * squares
    within_code = within_code / xp.maximum(1.0 - squares, 1e-6)
    within_drawn = xp.sum(_kernel(xp, drawn, drawn)) - itself * n_drawn
    within_drawn = within_drawn / (n_drawn * max(n_drawn - 1, 1))
    return (within_code + within_drawn - 2.0 * between) * xp.ones_like(weights)


def _kernel(xp: Namespace, a: Tensor, b: Tensor) -> Tensor:
    squares = _squares(xp, a, b)
    sizes = [2.0 * a.shape[1] * scale for scale in _KERNEL_SCALES]
    return sum(size / (size + squares) for size in sizes)


def _distances(xp: Namespace, a: Tensor, b: Tensor) -> Tensor:
    # The root has no slope at zero.
    return xp.sqrt(xp.maximum(_squares(xp, a, b), 1e-12))


def _squares(xp: Namespace, a: Tensor, b: Tensor) -> Tensor:
    """Squared distances of all pairs, by a product of matrices: less than a third of the time.

    Around the mean of ``b``, or codes far from zero would lose their digits. What is within the
    rounding of single precision is exactly 0, as of a row from itself: it would have a root, and
    that a slope.
    """
    centre = xp.mean(b, axis=0)
    a, b = a - centre, b - centre
    sizes = xp.sum(xp.square(a), axis=1)[:, None] + xp.sum(xp.square(b), axis=1)[None]
    squares = sizes - 2.0 * xp.matmul(a, xp.transpose(b))
    return xp.where(squares > _ROUNDING * sizes, squares, 0.0)


ADVERSARIAL = Objective(
    adversarial,
    ("reconstruction", "critic", "adversarial", "discrepancy"),
    strengths=(("discrepancy", "discrepancy_weight"),),
    updates=(
        Update(("reconstruction",), (names.ENCODER, names.DECODER)),
        Update(("critic",), (names.CRITIC,)),
        Update(("adversarial", "discrepancy"), (names.ENCODER,), rate="adversarial_weight"),
    ),
    watched=("reconstruction", "discrepancy"),
    is_random=True,
)


def _without_critic(distance: Callable[[Namespace, Tensor, Tensor, Tensor], Tensor]) -> Objective:
    """The error and the distance of a batch's codes from draws, in one update."""

    def matched(network: VariantView, batch: Batch, scalars: Scalars, random: RandomDraws) -> Terms:
        ops = network.ops
        code = network.encode(batch["rows"])
        drawn = draw_prior(ops, scalars, random, ops.shape(code)[0])
        return {
            "reconstruction": network.error(batch["targets"], network.decode(code)),
            "discrepancy": distance(ops, code, drawn, batch["weights"]),
        }

    return Objective(
        matched,
        ("reconstruction", "discrepancy"),
        strengths=(("discrepancy", "discrepancy_weight"),),
        is_random=True,
    )


# By what keeps codes close to the prior.
DIVERGENCES = {
    "critic": ADVERSARIAL,
    "energy": _without_critic(energy_distance),
    "mmd": _without_critic(kernel_discrepancy),
}
