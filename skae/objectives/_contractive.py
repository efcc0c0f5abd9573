"""Reconstruct, with a code that moves little when the row does (Rifai et al. 2011)."""

from skae.objectives._network_view import Batch, NetworkView, RandomDraws, Scalars, Terms
from skae.objectives._objective import Objective


def contractive(network: NetworkView, batch: Batch, scalars: Scalars, random: RandomDraws) -> Terms:
    """The error, and the squared Frobenius norm of the encoder's Jacobian at each row."""
    ops = network.ops
    code, jacobian = network.encode_with_jacobian(batch["rows"])
    return {
        "reconstruction": network.error(batch["targets"], network.decode(code)),
        "contraction": ops.sum(ops.square(jacobian), axis=(1, 2)),
    }


CONTRACTIVE = Objective(
    contractive, ("reconstruction", "contraction"), (("contraction", "contraction"),)
)
