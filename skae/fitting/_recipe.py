"""The recipe of a variant of autoencoder: one value, which training reads."""

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

from skae.model import ScaledRows
from skae.networks import Network
from skae.objectives import Objective, UserLoss

# Gives the fields of a network from the width of its code.
NetworkFunction = Callable[[int], Mapping[str, Any]]
# Gives the numbers that an objective needs from a network and scaled rows.
ScalarFunction = Callable[[Network, ScaledRows], Mapping[str, Any]]


@dataclass(frozen=True)
class Recipe:
    """The objective of a variant, and what else differs from the others.

    Two fields are mappings, or functions that give one where it depends on sizes that only the
    rows decide.

    Attributes
    ----------
    objective : Objective
        What training minimises.
    loss : str or callable
        The loss between rows and output.
    network : dict or callable
        Fields of the network, by name; or ``network(n_components)`` that gives them.
    scalars : dict or callable
        Numbers that the objective needs, by name, which vary without a new compilation; or
        ``scalars(network, rows)`` that gives them, for a network and scaled rows.
    origins : dict of tuple or None
        The parameter that a number comes from, and its value, where it is called otherwise or is in
        another unit, by the name of the number; None for what no parameter says.
    schedule : callable or None
        ``schedule(epoch)`` gives the scalars that differ in training in that epoch.
    n_grace_epochs : int
        Epochs at the beginning that do not count against patience.
    of_counts : bool
        Whether rows are counts, of which the network reads logarithms.
    whitening : float or None
        What is added to the variances of rows that are whitened, of which the mean is 1; None for
        rows that are not.
    pca_is_optimum : bool
        Whether a linear network has nothing to gain over its start at PCA.
    of_pairs : bool
        Whether there is nothing to learn from rows that come without clean ones.
    """

    objective: Objective
    _: KW_ONLY
    loss: str | UserLoss = "squared_error"
    network: Mapping[str, Any] | NetworkFunction = field(default_factory=dict)
    scalars: Mapping[str, Any] | ScalarFunction = field(default_factory=dict)
    origins: Mapping[str, tuple[str, Any] | None] = field(default_factory=dict)
    schedule: Callable[[int], Mapping[str, float]] | None = None
    n_grace_epochs: int = 0
    of_counts: bool = False
    whitening: float | None = None
    pca_is_optimum: bool = False
    of_pairs: bool = False

    def network_options(self, n_components: int) -> Mapping[str, Any]:
        """Fields of a network whose code is this wide."""
        return self.network(n_components) if callable(self.network) else self.network

    def scalars_for(self, network: Network, rows: ScaledRows) -> Mapping[str, Any]:
        """Numbers that the objective needs to train this network on these scaled rows."""
        return self.scalars(network, rows) if callable(self.scalars) else self.scalars
