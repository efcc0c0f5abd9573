"""The description of a program, and the choice of how it is compiled."""

from dataclasses import dataclass
from typing import Any, Literal

from skae.networks import Network
from skae.training._parts import ObjectivePart, OptimizerPart

# One chunk of rows goes into a program at a time: enough steps to hide the cost of a call,
# few enough bytes to stay small beside the data.
_CHUNK_BYTES = 8 * 2**20
_MAX_STEPS = 64
# Where nobody listens, several chunks share a call.
LONG_CALL_CHUNKS = 64
_MAX_LONG_STEPS = 1024

# Measured on two cores, dense: an eager step takes 10 ms and tracing 130 ms.
_EAGER_STEPS = 8

# Operation by operation; traced to a graph; a graph compiled by XLA.
Tier = Literal["eager", "graph", "xla"]


@dataclass(frozen=True)
class ProgramSpec:
    """Everything a compiled program depends on; nothing that varies from fit to fit.

    Weights, data, the number of rows, seeds, the learning rate and every strength are inputs.

    Attributes
    ----------
    network : Network
    objective : ObjectivePart
    loss : str or callable
        The loss between rows and output.
    optimizer : OptimizerPart
        The optimizer without its learning rate.
    n_features, batch_size : int
    tier : {"eager", "graph", "xla"}
    masks_missing : bool
        Whether NaN in rows means that they have no value there.
    is_pruned : bool
        Whether some weights stay zero; which of them is an input.
    """

    network: Network
    objective: ObjectivePart
    loss: Any
    optimizer: OptimizerPart
    n_features: int
    batch_size: int
    tier: Tier
    masks_missing: bool = False
    is_pruned: bool = False

    @property
    def n_steps(self) -> int:
        """Steps in one call, at most."""
        return max(1, min(_MAX_STEPS, self._most_steps))

    @property
    def n_long_steps(self) -> int:
        """Steps in one call of several chunks, at most."""
        return max(1, min(_MAX_LONG_STEPS, self._most_steps))

    @property
    def _most_steps(self) -> int:
        return _CHUNK_BYTES // (4 * self.batch_size * self.n_features)


def choose_tier(
    jit_compile: bool | Literal["auto"], n_planned_steps: int, xla_from_steps: float
) -> Tier:
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
