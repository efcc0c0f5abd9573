"""What training minimises.

An objective is a pure function ``(network, batch, scalars, random) -> {term: (n,)}``: named values,
one a row. The engine averages them over the rows' weights and sums them, each times its strength.

- ``network`` offers ``encode(rows)``, ``decode(code)``, ``error(target, output)``,
  ``encode_with_jacobian(rows)``, ``code(rows)``, and where it has them
  ``encode_distribution(rows)``, ``log_noise_variance()``, ``criticise(code)``, ``predict(code)``
  and ``block``; and ``ops``, which is ``keras.ops``: nothing here imports Keras.
- ``batch`` holds ``rows`` and ``targets`` (n, n_features) in scaled units, ``labels`` where there
  are any, and ``weights`` (n,), which are zero for padding.
- ``scalars`` maps names to tensors that change from fit to fit without a new compilation.
- ``random`` offers ``normal(shape)`` and ``uniform(shape)``, new in every step.
"""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Update:
    """One of several updates in a step, each with an optimizer of its own.

    Attributes
    ----------
    terms : tuple of str
        What to lower; nothing means all.
    weights : tuple of str
        Beginnings of the names of the weights to change.
    rate : str or None
        Name of a scalar by which the step is multiplied. A strength would do nothing here: many
        optimizers take steps of the same size whatever the size of the gradient.
    """

    terms: tuple = ()
    weights: tuple = ("",)
    rate: str | None = None


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
    updates : tuple of Update
        What a step does, in turn. Nothing means one update of all weights by all terms.
    watched : tuple of str
        Terms that add up to the loss by which training is judged; nothing means all.
    is_random : bool
        Whether equal weights give other values in another step.
    """

    function: Callable
    terms: tuple
    strengths: tuple = ()
    updates: tuple = ()
    watched: tuple = ()
    is_random: bool = False

    def total(self, terms, scalars, names=()):
        """Sum of the terms of these names, or of all, each times its strength."""
        strengths = dict(self.strengths)
        return sum(
            value * scalars[strengths[name]] if name in strengths else value
            for name, value in terms.items()
            if name in (names or self.terms)
        )


def reconstruction(network, batch, scalars, random):
    """The error of the output (Hinton & Salakhutdinov 2006)."""
    output = network.decode(network.encode(batch["rows"]))
    return {"reconstruction": network.error(batch["targets"], output)}


RECONSTRUCTION = Objective(reconstruction, ("reconstruction",))
