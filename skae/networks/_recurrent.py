"""The recurrent network: sequences of feature vectors."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from skae.networks._network import Network


@dataclass(frozen=True, kw_only=True)
class RecurrentNetwork(Network):
    """A recurrent encoder whose last state gives the code, and a decoder that repeats the code.

    Attributes
    ----------
    cell : {"lstm", "gru"}
    bidirectional : bool
    is_masked : bool
        Timesteps may be missing: NaN in scaled rows.
    """

    cell: str = "lstm"
    bidirectional: bool = False
    is_masked: bool = False

    kind: ClassVar[str] = "recurrent"
    # Measured on two cores: XLA takes 1 s more to compile and saves a quarter of each step.
    xla_from_steps: ClassVar[float] = 1000

    def steps_from_which_xla_pays(self, on_gpu: bool) -> float:
        """How many planned steps bring back the time that XLA takes to compile.

        On a GPU a graph runs all timesteps in one call of cuDNN, as fast as XLA does after 12 s of
        compiling. Where timesteps may be missing cuDNN is left out, and a graph takes nine times as
        long.
        """
        if not on_gpu:
            return self.xla_from_steps
        return 200 if self.is_masked else np.inf

    @property
    def widest_layer(self) -> int:
        """The most values any layer holds for one row."""
        n_units = max(self.hidden_layer_sizes, default=1) * (2 if self.bidirectional else 1)
        return max(super().widest_layer, n_units * self.sample_shape[0])
