"""The function that training minimises.

An objective is a pure function ``(network, batch, scalars, random) -> {term: (n,)}``: named values,
one a row. The engine averages them over the rows' weights and sums them, each times its strength.
Its arguments are described in ``_network_view.py``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from skae.objectives._network_view import (
    Batch,
    NetworkView,
    RandomDraws,
    Scalars,
    TermFunction,
    Terms,
)


@dataclass(frozen=True)
class Update:
    """One of several updates in a step, each with an optimizer of its own.

    See :class:`Objective`, whose ``updates`` they are.

    Parameters
    ----------
    terms : tuple of str, default=()
        Terms to lower; none means all.
    weights : tuple of str, default=("",)
        Beginnings of the names of the weights to change.
    rate : str or None, default=None
        Name of a scalar by which the step is multiplied. A strength would do nothing here: many
        optimizers take steps of the same size whatever the size of the gradient.
    """

    terms: tuple[str, ...] = ()
    weights: tuple[str, ...] = ("",)
    rate: str | None = None


@dataclass(frozen=True)
class Objective:
    """A function that training minimises, and the names of what it returns.

    Objectives are equal, and share what was compiled, where all of this is equal; functions are
    where they are the same, and objects where they say so.

    Parameters
    ----------
    function : callable
        ``function(network, batch, scalars, random)`` gives a dict of named terms, tensors of shape
        (n,), one value a row; see :class:`NetworkView` and :class:`RandomDraws`. ``batch`` has
        ``"rows"`` and ``"targets"``, both (n, n_features) and in scaled units, and ``"weights"``,
        (n,), which are 0 for rows that only fill the batch. ``scalars`` are numbers by name.
    terms : tuple of str
        Names of what the function gives. Where it is one, the tensor alone will do.
    strengths : tuple of (str, str), default=()
        Pairs of a term and the name of the scalar that multiplies it; other terms count once.
    updates : tuple of Update, default=()
        Updates of a step, in turn; none means one update of all weights by all terms.
    watched : tuple of str, default=()
        Terms that add up to the loss by which training is judged; nothing means all, those that no
        update lowers among them.
    is_random : bool, default=False
        Whether equal weights give other values in another step. Users' objectives are taken to.

    See Also
    --------
    skae.Autoencoder : Its parameter ``objective`` takes one.

    Examples
    --------
    Codes of small norm, whose strength is a number that can be searched:

    >>> from sklearn.datasets import load_iris
    >>> from skae import Autoencoder
    >>> from skae.objectives import Objective
    >>> def small(network, batch, scalars, random):
    ...     code = network.encode(batch["rows"])
    ...     return {
    ...         "reconstruction": network.error(batch["targets"], network.decode(code)),
    ...         "norm": network.ops.sum(code**2, axis=1),
    ...     }
    >>> objective = Objective(small, ("reconstruction", "norm"), (("norm", "strength"),))
    >>> X = load_iris().data
    >>> fitted = Autoencoder(
    ...     2, objective=objective, objective_params={"strength": 0.1}, max_iter=20, random_state=0
    ... ).fit(X)
    >>> list(fitted.history_)
    ['epoch', 'loss', 'reconstruction', 'norm', 'val_loss', 'val_reconstruction', 'val_norm']
    """

    function: TermFunction
    terms: tuple[str, ...]
    strengths: tuple[tuple[str, str], ...] = ()
    updates: tuple[Update, ...] = ()
    watched: tuple[str, ...] = ()
    is_random: bool = False

    def total(
        self, terms: Mapping[str, Any], scalars: Mapping[str, Any], names: tuple[str, ...] = ()
    ) -> Any:
        """Sum of the terms of these names, or of all, each times its strength."""
        strengths = dict(self.strengths)
        return sum(
            terms[name] * scalars[strengths[name]] if name in strengths else terms[name]
            for name in terms
            if name in (names or self.terms)
        )


def reconstruction(
    network: NetworkView, batch: Batch, scalars: Scalars, random: RandomDraws
) -> Terms:
    """The error of the output (Hinton & Salakhutdinov 2006)."""
    output = network.decode(network.encode(batch["rows"]))
    return {"reconstruction": network.error(batch["targets"], output)}


RECONSTRUCTION = Objective(reconstruction, ("reconstruction",))
