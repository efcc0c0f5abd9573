"""What training minimises.

An objective is a pure function ``(network, batch, scalars, seed) -> {term: (n,)}``: named values,
one a row. The engine averages them over the rows' weights and sums them, each times its strength.

``network`` offers ``encode(rows)``, ``decode(code)`` and ``error(target, output)``; ``batch`` holds
``rows`` (n, n_features) in scaled units; ``scalars`` maps names to scalar tensors, which change
from fit to fit without a new compilation; ``seed`` is a pair of integers, new for every step.
"""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Objective:
    """A function and the names of what it returns.

    Attributes
    ----------
    function : callable
    terms : tuple of str
        Keys of what the function returns.
    strengths : tuple of (str, str)
        Pairs of a term and the name of the scalar that multiplies it; other terms count once.
    """

    function: Callable
    terms: tuple
    strengths: tuple = ()


def _reconstruction(network, batch, scalars, seed):
    output = network.decode(network.encode(batch["rows"]))
    return {"reconstruction": network.error(batch["rows"], output)}


RECONSTRUCTION = Objective(_reconstruction, ("reconstruction",))
