"""Teach the decoder of a variational autoencoder by a critic of rows (Larsen et al. 2016).

The critic tells rows from what the decoder makes of codes; the decoder lowers the error, and makes
rows that fool the critic. The encoder stays, and with it what codes mean. The critic's gradient at
rows is kept small (Mescheder, Geiger & Nowozin 2018).
"""

import functools

from skae.networks import names
from skae.objectives._network_view import (
    Batch,
    RandomDraws,
    Scalars,
    Tensor,
    Terms,
    VariantView,
)
from skae.objectives._objective import Objective, Update
from skae.objectives._terms import TermsAsNeeded
from skae.objectives._variational import drawn_code, mean_surprise

# Of the squared norm of the critic's gradient at rows.
_GRADIENT_WEIGHT = 0.25
_TERMS = ("reconstruction", "critic", "adversarial")


@functools.cache
def against_critic_of_rows(likelihood: str) -> Objective:
    """The objective of rows that are ``"gaussian"`` or ``"bernoulli"`` around the output.

    Codes to decode for the critic are drawn from ``scalars["codes"]``, one of shape (n, n_units).
    """

    def objective(
        network: VariantView, batch: Batch, scalars: Scalars, random: RandomDraws
    ) -> Terms:
        ops, rows = network.ops, batch["targets"]
        code = drawn_code(network, batch["rows"], random)
        codes = scalars["codes"]
        which = ops.cast(random.uniform((ops.shape(code)[0],)) * codes.shape[0], "int32")

        @functools.cache
        def on_made() -> Tensor:
            output = network.decode(ops.take(codes, which, axis=0))
            return network.criticise(ops.sigmoid(output) if likelihood == "bernoulli" else output)

        def critic() -> Tensor:
            slope = network.gradient(network.criticise, rows)
            penalty = _GRADIENT_WEIGHT * ops.sum(ops.square(slope), axis=1)
            return ops.softplus(-network.criticise(rows)) + ops.softplus(on_made()) + penalty

        return TermsAsNeeded(
            {
                "reconstruction": lambda: mean_surprise(network, likelihood, rows, code),
                "critic": critic,
                "adversarial": lambda: ops.softplus(-on_made()),
            }
        )

    return Objective(
        objective,
        _TERMS,
        strengths=(("adversarial", "adversarial_weight"),),
        updates=(
            Update(("critic",), (names.CRITIC,)),
            Update(("reconstruction", "adversarial"), (names.DECODER,)),
        ),
        watched=("reconstruction", "adversarial"),
        is_random=True,
    )
