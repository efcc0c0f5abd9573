"""Objectives that users write: what they give is checked where it is traced."""

import inspect
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType
from typing import Any

from skae.objectives._network_view import Batch, NetworkView, RandomDraws, Scalars, Tensor, Terms
from skae.objectives._objective import Objective, Update

# What a lone function gives.
ONE_TERM = "objective"
# Columns of a history that are something else, and the term of a head.
_TAKEN = frozenset({"epoch", "loss", "supervised"})
_BATCH = ("rows", "targets", "weights")

ObjectiveFunction = Callable[[NetworkView, Batch, Scalars, RandomDraws], Terms | Tensor]


def own_objective(given: Objective | ObjectiveFunction, scalars: Mapping[str, float]) -> Objective:
    """The objective that a user gave, or that of a function with one term.

    It is judged as a random one, whatever it is: by rows that are mixed as in training, because a
    term may depend on which rows are in a batch.

    Parameters
    ----------
    given : Objective or callable
    scalars : dict of float
        Numbers that it can use.

    Raises
    ------
    ValueError
        If its function takes other arguments, if its terms have no names or names that are taken,
        if it refers to a term or to a number that there is not, or if it cannot be hashed.
    """
    if not isinstance(given, Objective):
        given = Objective(given, (ONE_TERM,))
    _check_function(given.function)
    given = replace(
        given,
        terms=_names("terms", given.terms),
        strengths=_pairs(given.strengths),
        updates=_updates(given.updates),
        watched=_names("watched", given.watched),
    )
    _check_names(given, scalars)
    function = _Checked(
        _key_of(given.function), given.terms, tuple(scalars), _of_terms(given), given.function
    )
    try:
        hash(function)
    except TypeError as error:
        raise ValueError(
            f"objective={given.function!r} is not hashable ({error}), and is compiled once for all "
            "that equal it. Give a function, or an object with __eq__ and __hash__ such as a "
            "frozen dataclass."
        ) from error
    return replace(given, function=function, is_random=True)


def is_own(objective: Objective) -> bool:
    """Whether a user wrote it."""
    return isinstance(objective.function, _Checked)


def refuse_unreached(function: object, terms: tuple[str, ...], weights: tuple[str, ...]) -> None:
    """Refuse an update of a user's objective that has no gradient.

    Parameters
    ----------
    function : callable
        That of the objective.
    terms, weights : tuple of str
        Those of the update.

    Raises
    ------
    ValueError
    """
    if isinstance(function, _Checked):
        which = ", ".join(map(repr, terms or function.terms))
        begin = " or ".join(map(repr, filter(None, weights)))
        raise ValueError(
            f"{function._shown} gives {which} without a gradient at any weight of the network"
            f"{f' whose name begins with {begin}' if begin else ''}, so that nothing would be "
            "learnt. Compute it from network.encode(...) or network.decode(...), by operations "
            "that have one: comparisons, rounding and ops.stop_gradient have none."
        )


@dataclass(frozen=True)
class _Checked:
    """A function whose terms are compared with what they should be.

    Attributes
    ----------
    key : hashable
        Equal where functions are.
    terms : tuple of str
    scalars : tuple of str
        Names of the numbers that are the user's.
    used : frozenset of str
        Those of them that multiply terms or steps.
    function : callable
    """

    key: Hashable
    terms: tuple[str, ...]
    scalars: tuple[str, ...]
    used: frozenset[str]
    function: ObjectiveFunction = field(compare=False)

    def __call__(
        self, network: NetworkView, batch: Batch, scalars: Scalars, random: RandomDraws
    ) -> Terms:
        given = MappingProxyType({name: batch[name] for name in _BATCH})
        numbers = _Numbers({name: scalars[name] for name in self.scalars})
        found = self._called(network, given, numbers, random)
        if not isinstance(found, Mapping):
            found = {self.terms[0]: found} if len(self.terms) == 1 else {}
        if set(found) != set(self.terms):
            raise ValueError(
                f"{self._shown} should give {self._expected}, and gave "
                f"{', '.join(map(repr, found)) or 'none of that'}. Name several terms by "
                "skae.objectives.Objective(function, terms)."
            )
        for name, value in found.items():
            self._check(name, value, batch)
        self._check_reads(numbers)
        return dict(found)

    def _called(self, *arguments: Any) -> Any:
        try:
            return self.function(*arguments)
        except Exception as error:
            # What TensorFlow says of tensors that have no values yet; others are the user's own.
            if "symbolic" not in str(error).lower():
                raise
            raise ValueError(
                f"{self._shown} cannot be compiled ({type(error).__name__}: {error}). It is called "
                "once, with tensors that have no values yet: compute by network.ops alone, such as "
                "ops.mean and ops.square, not by numpy, and choose by ops.where, not by if."
            ) from error

    @property
    def _shown(self) -> str:
        return f"objective {getattr(self.function, '__name__', repr(self.function))}"

    @property
    def _expected(self) -> str:
        if len(self.terms) == 1:
            return f"a tensor of shape (n,), or a dict of {self.terms[0]!r}"
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

    def _check_reads(self, numbers: "_Numbers") -> None:
        read = numbers.asked | self.used
        unread = [name for name in self.scalars if name not in read]
        if unread:
            reads = ", ".join(map(repr, sorted(read, key=str))) or "no number"
            raise ValueError(
                f"objective_params has {', '.join(map(repr, unread))}, but {self._shown} never "
                f"reads it; it reads {reads}. Correct the name, or leave it out."
            )


class _Numbers(Mapping[str, Tensor]):
    """Tensors by name, which say where another one belongs, and know which were asked for."""

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        self._tensors, self.asked = tensors, set[str]()

    def __getitem__(self, name: str) -> Tensor:
        self.asked.add(name)
        if name not in self._tensors:
            has = sorted(self._tensors)
            raise KeyError(f"{name!r} is not among objective_params, which has {has}")
        return self._tensors[name]

    def __iter__(self) -> Iterator[str]:
        self.asked.update(self._tensors)
        return iter(self._tensors)

    def __len__(self) -> int:
        return len(self._tensors)


def _key_of(function: Any) -> Hashable:
    """What equals that of another where functions are equal; copies of a partial are."""
    key: Hashable = function
    if isinstance(function, partial):
        try:
            key = (_key_of(function.func), function.args, frozenset(function.keywords.items()))
            hash(key)
        except TypeError:  # of an argument, so that it equals itself alone
            key = function
    return key


def _check_function(function: object) -> None:
    expected = "a function of (network, batch, scalars, random)"
    if not callable(function) or isinstance(function, type):
        raise ValueError(f"objective has {function!r}, but should have {expected}.")
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # some that are not written in Python have none
        return
    try:
        signature.bind(*range(4))
    except TypeError as error:
        name = getattr(function, "__name__", repr(function))
        raise ValueError(
            f"objective {name}{signature} should be {expected}: {error}. A lambda may take what it "
            "does not need as *_."
        ) from None


def _names(what: str, given: Any) -> tuple[str, ...]:
    is_listed = isinstance(given, list | tuple)
    if not is_listed or not all(isinstance(name, str) for name in given):
        raise ValueError(f"{what}={given!r} should be a tuple of names, such as ('one', 'other').")
    return tuple(given)


def _pairs(given: Any) -> tuple[tuple[str, str], ...]:
    pairs = given.items() if isinstance(given, Mapping) else given
    is_listed = not isinstance(pairs, str) and isinstance(given, Mapping | list | tuple)
    if not is_listed or not all(
        isinstance(each, list | tuple) and len(each) == 2 for each in pairs
    ):
        raise ValueError(
            f"strengths={given!r} should be pairs of a term and the name of a number in "
            "objective_params, such as (('penalty', 'strength'),)."
        )
    found = tuple((_name("strengths", term), _name("strengths", name)) for term, name in pairs)
    if len(dict(found)) < len(found):
        raise ValueError(f"strengths={given!r} has a term twice; multiply them in the function.")
    return found


def _name(what: str, given: Any) -> str:
    if not isinstance(given, str):
        raise ValueError(
            f"{what} has {given!r}, but names a number: put its value into objective_params, where "
            "it can be searched."
        )
    return given


def _updates(given: Any) -> tuple[Update, ...]:
    if not isinstance(given, list | tuple) or not all(isinstance(each, Update) for each in given):
        raise ValueError(f"updates={given!r} should be a tuple of skae.objectives.Update.")
    return tuple(
        Update(
            _names("Update.terms", each.terms),
            _names("Update.weights", each.weights),
            None if each.rate is None else _name("Update.rate", each.rate),
        )
        for each in given
    )


def _check_names(objective: Objective, scalars: Mapping[str, float]) -> None:
    terms, updates = objective.terms, objective.updates
    if not terms or len(set(terms)) < len(terms):
        raise ValueError(f"terms={terms!r} should be a tuple of names, each once.")
    for name in terms:
        if name in _TAKEN or name.startswith("val_"):
            raise ValueError(
                f"terms={terms!r} has {name!r}, which is no name of a term: those are neither "
                f"{', '.join(map(repr, sorted(_TAKEN)))} nor anything that begins with 'val_'. "
                "Call it something else."
            )
    of_terms = {name for name, _ in objective.strengths}.union(
        objective.watched, *(update.terms for update in updates)
    )
    if unknown := of_terms - set(terms):
        raise ValueError(f"objective refers to {sorted(unknown)}, but its terms are {terms!r}.")
    if missing := _of_terms(objective) - set(scalars):
        raise ValueError(
            f"objective uses the numbers {sorted(missing)}, of which objective_params="
            f"{sorted(scalars)!r} has none. Add them there."
        )


def _of_terms(objective: Objective) -> frozenset[str]:
    """Names of the numbers that multiply terms or steps."""
    rates = (update.rate for update in objective.updates if update.rate is not None)
    return frozenset(name for _, name in objective.strengths).union(rates)
