"""Objectives that users write: what they give is checked where it is traced."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Any

from skae.objectives._network_view import Batch, NetworkView, RandomDraws, Scalars, Tensor, Terms
from skae.objectives._objective import Objective

# What a function with one term may give instead of a dict.
ONE_TERM = "objective"
# Columns of a history that are something else, and the term of a head.
_TAKEN = frozenset({"epoch", "loss", "supervised"})

ObjectiveFunction = Callable[[NetworkView, Batch, Scalars, RandomDraws], Terms | Tensor]


def own_objective(given: Objective | ObjectiveFunction, scalars: Collection[str]) -> Objective:
    """The objective that a user gave, or that of a function with one term.

    Parameters
    ----------
    given : Objective or callable
    scalars : collection of str
        Names of the numbers that it can use.

    Raises
    ------
    ValueError
        If its terms have no names or names that are taken, if it refers to a term or to a number
        that there is not, or if it cannot be hashed.
    """
    if not isinstance(given, Objective):
        # Whether it draws is not known, and judging as if it did is right too.
        given = Objective(given, (ONE_TERM,), is_random=True)
    _check_names(given, scalars)
    try:
        hash(given)
    except TypeError as error:
        raise ValueError(
            f"objective={given!r} is not hashable ({error}), and is compiled once for all that "
            "equal it. Use tuples for lists, and give objects with __eq__ a __hash__."
        ) from error
    return replace(given, function=_Checked(given.function, given.terms))


@dataclass(frozen=True)
class _Checked:
    """A function whose terms are compared with what they should be; equal where functions are."""

    function: ObjectiveFunction
    terms: tuple[str, ...]

    def __call__(
        self, network: NetworkView, batch: Batch, scalars: Scalars, random: RandomDraws
    ) -> Terms:
        given = {name: batch[name] for name in ("rows", "targets", "weights")}
        found = self.function(network, given, scalars, random)
        if not isinstance(found, dict):
            found = {self.terms[0]: found} if self.terms == (ONE_TERM,) else {}
        if set(found) != set(self.terms):
            raise ValueError(
                f"{self._shown} should give {self._expected}, and gave "
                f"{', '.join(map(repr, found)) or 'none of that'}. Name several terms by "
                "skae.objectives.Objective(function, terms)."
            )
        for name, value in found.items():
            self._check(name, value, batch)
        return found

    @property
    def _shown(self) -> str:
        return f"objective {getattr(self.function, '__name__', repr(self.function))}"

    @property
    def _expected(self) -> str:
        if self.terms == (ONE_TERM,):
            return "a tensor of shape (n,)"
        return f"a dict of {', '.join(map(repr, self.terms))}"

    def _check(self, name: str, value: Any, batch: Batch) -> None:
        shape, dtype = getattr(value, "shape", None), getattr(value, "dtype", None)
        n_rows = batch["rows"].shape[0]
        fits = shape is not None and len(shape) == 1 and n_rows in (None, shape[0])
        if not fits:
            kind = type(value).__name__
            described = f"a value of type {kind}" if shape is None else f"shape {tuple(shape)}"
            raise ValueError(
                f"{self._shown} gives {name!r} as {described}, but a term is a tensor of shape "
                f"(n,), one value a row, here ({n_rows},): the engine weighs rows and averages "
                "them. Average over the features, for example ops.mean(values, axis=-1)."
            )
        if getattr(dtype, "name", dtype) != "float32":
            raise ValueError(
                f"{self._shown} gives {name!r} as values of {getattr(dtype, 'name', dtype)}, but "
                "networks compute in float32. Convert it by ops.cast(values, 'float32')."
            )


def _check_names(objective: Objective, scalars: Collection[str]) -> None:
    terms = objective.terms
    if isinstance(terms, str) or not terms or len(set(terms)) < len(terms):
        raise ValueError(f"terms={terms!r} should be a tuple of names, each once.")
    for name in terms:
        if not isinstance(name, str) or name in _TAKEN or name.startswith("val_"):
            raise ValueError(
                f"terms={terms!r} has {name!r}, which is no name of a term: those are text, and "
                f"neither {', '.join(map(repr, sorted(_TAKEN)))} nor anything that begins with "
                "'val_'. Call it something else."
            )
    updates = objective.updates
    of_terms = {name for name, _ in objective.strengths}.union(
        objective.watched, *(update.terms for update in updates)
    )
    if unknown := of_terms - set(terms):
        raise ValueError(f"objective refers to {sorted(unknown)}, but its terms are {terms!r}.")
    rates = (update.rate for update in updates if update.rate is not None)
    of_scalars = {name for _, name in objective.strengths}.union(rates)
    if missing := of_scalars - set(scalars):
        raise ValueError(
            f"objective uses the numbers {sorted(missing)}, of which objective_params="
            f"{sorted(scalars)!r} has none. Add them there."
        )
