"""Reconstruct, with codes that a critic cannot tell from draws of a prior (Makhzani et al. 2015).

The critic's gradient at real draws is kept small (Mescheder, Geiger & Nowozin 2018), without which
such games need not converge.
"""

import functools

from skae.networks import names
from skae.objectives._network_view import (
    Batch,
    Namespace,
    NetworkView,
    RandomDraws,
    Scalars,
    Tensor,
    Terms,
)
from skae.objectives._objective import Objective, Update
from skae.objectives._terms import TermsAsNeeded

# A strong penalty: what a critic of a code needs to see is coarse.
_GRADIENT_WEIGHT = 10.0


def adversarial(network: NetworkView, batch: Batch, scalars: Scalars, random: RandomDraws) -> Terms:
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


def _distances(xp: Namespace, a: Tensor, b: Tensor) -> Tensor:
    squares = xp.sum(xp.square(a[:, None] - b[None]), axis=2)
    # The root has no slope at zero.
    return xp.sqrt(xp.maximum(squares, 1e-12))


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
