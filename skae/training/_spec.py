"""What identifies a program, and how it is compiled."""

from collections.abc import Hashable
from dataclasses import dataclass

# One chunk of rows goes into a program at a time: enough steps to hide the cost of a call,
# few enough bytes to stay small beside the data.
_CHUNK_BYTES = 8 * 2**20
_MAX_STEPS = 64

# Measured on two cores, dense: an eager step takes 10 ms and tracing 130 ms.
_EAGER_STEPS = 8


@dataclass(frozen=True)
class ProgramSpec:
    """Everything a compiled program depends on; nothing that varies from fit to fit.

    Weights, data, the number of rows, seeds, the learning rate and every strength are inputs.

    Attributes
    ----------
    network : hashable
        Description of the network.
    objective : Objective
    loss : str
        Name of the loss between rows and output.
    optimizer : OptimizerRecipe
        The optimizer without its learning rate.
    n_features, batch_size : int
    tier : {"eager", "graph", "xla"}
    masks_missing : bool
        Whether NaN in rows means that they have no value there.
    is_pruned : bool
        Whether some weights stay zero; which of them is an input.
    """

    network: Hashable
    objective: Hashable
    loss: str
    optimizer: Hashable
    n_features: int
    batch_size: int
    tier: str
    masks_missing: bool = False
    is_pruned: bool = False

    @property
    def n_steps(self):
        """Steps in one call, at most."""
        step_bytes = 4 * self.batch_size * self.n_features
        return max(1, min(_MAX_STEPS, _CHUNK_BYTES // step_bytes))


def choose_tier(jit_compile, n_planned_steps, xla_from_steps):
    """How to run: the answer depends on this fit alone, so that equal fits give equal bits.

    Parameters
    ----------
    jit_compile : bool or "auto"
    n_planned_steps : int
        Epochs allowed times batches an epoch.
    xla_from_steps : float
        Steps after which the time XLA takes to compile comes back.
    """
    if jit_compile != "auto":
        return "xla" if jit_compile else "graph"
    if n_planned_steps <= _EAGER_STEPS:
        return "eager"
    return "xla" if n_planned_steps > xla_from_steps else "graph"
