"""Objectives of networks that are told the class of each row (Sohn et al. 2015).

The labels of a batch are ``(n, n_classes)``: ones and zeros, that stand beside what either half
reads. All else is the objective of the network without them.
"""

import functools
from dataclasses import replace
from typing import Any

from skae.objectives._network_view import (
    Batch,
    RandomDraws,
    Scalars,
    Tensor,
    Terms,
    VariantView,
)
from skae.objectives._objective import Objective


class _GivenClasses:
    """A network as an objective sees it, whose halves are told the classes of a batch."""

    def __init__(self, network: VariantView, classes: Tensor, n_draws: int) -> None:
        self._network, self._classes, self._n_draws = network, classes, n_draws

    def __getattr__(self, name: str) -> Any:
        return getattr(self._network, name)

    def encode_distribution(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance of the code."""
        joined = self._network.ops.concatenate([rows, self._classes], axis=1)
        return self._network.encode_distribution(joined)

    def decode(self, code: Tensor) -> Tensor:
        """Output of a code, or of several codes of each row that stand one after the other."""
        ops, classes = self._network.ops, self._classes
        if self._n_draws > 1:
            classes = ops.repeat(classes, self._n_draws, axis=0)
        return self._network.decode(ops.concatenate([code, classes], axis=1))


@functools.cache
def conditional(base: Objective, n_draws: int = 1) -> Objective:
    """Objective of a network given the classes of its rows.

    Parameters
    ----------
    base : Objective
        Of the network without them. It may encode the rows of a batch as they are, and decode as
        many codes of each.
    n_draws : int
        Codes of each row that it decodes.
    """

    def given_classes(
        network: VariantView, batch: Batch, scalars: Scalars, random: RandomDraws
    ) -> Terms:
        given: Any = _GivenClasses(network, batch["labels"], n_draws)
        return base.function(given, batch, scalars, random)

    return replace(base, function=given_classes)
