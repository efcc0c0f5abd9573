"""Calls for all shards on an executor, repeated where a worker is lost."""

import inspect
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import BrokenExecutor
from typing import Any, Protocol

from skae.distributed._dask import DaskExecutor, NoWorkersError, is_client
from skae.distributed._envelope import Envelope, forget
from skae.distributed._shards import Shard
from skae.distributed._work import Place
from skae.numerics import Array

# How often a call is tried, where workers are lost meanwhile.
_MOST_TRIES = 4
# Values of all shards that stay with workers: what a run is of, weights, what optimizers know.
_MOST_LENT = 3
# Errors of executors that say that a worker is gone, or what lay there, by package and name.
_OF_LOST_WORKERS = frozenset(
    {
        ("concurrent", "BrokenExecutor"),
        ("concurrent", "BrokenProcessPool"),
        ("concurrent", "CancelledError"),
        ("distributed", "CommClosedError"),
        ("distributed", "FutureCancelledError"),
        ("distributed", "KilledWorker"),
        ("ray", "NodeDiedError"),
        ("ray", "ObjectLostError"),
        ("ray", "OutOfMemoryError"),
        ("ray", "OwnerDiedError"),
        ("ray", "WorkerCrashedError"),
    }
)


class WorkerLostError(RuntimeError):
    """Workers were lost so often, or in such a way, that a fit cannot go on."""


class Future(Protocol):
    """A result to come."""

    def result(self) -> Any:
        """The result, as soon as it is there."""

    def cancel(self) -> Any:
        """Ask not to begin."""


class Executor(Protocol):
    """What runs functions somewhere: of ``concurrent.futures``, a client of dask, or alike."""

    def submit(self, function: Callable[..., Any], /, *args: Any) -> Any:
        """A ``Future`` of a call."""


class Crew:
    """The workers of a fit.

    Parameters
    ----------
    executor : Executor or callable
        Or a function that makes one, which is called again where a worker's end breaks it.
    shards : list of Shard
    """

    def __init__(self, executor: Any, shards: list[Shard]) -> None:
        # A class has submit too, and makes one.
        is_one = hasattr(executor, "submit") and not isinstance(executor, type)
        self._make = None if is_one else executor
        self._executor = self._made() if self._make else _adapted(executor)
        self.shards = shards
        self._sources: dict[int, Any] = {}
        self._weights: dict[int, Any] = {}
        self._lent_to_all: OrderedDict[int, tuple[Any, Any]] = OrderedDict()
        self._setup: Envelope | None = None
        self._calls: list[Calls] = []

    def _made(self) -> Any:
        assert self._make is not None
        made = self._make()
        if not hasattr(made, "submit"):
            raise TypeError(f"What executor made is no executor: {no_executor(made)}")
        return _adapted(made)

    def begin(self, setup: Envelope) -> None:
        """Note what the fit is of."""
        self._setup = setup

    def end(self) -> None:
        """Let go what this process keeps, and the executor if it was made here."""
        for calls in self._calls:
            calls.cancel()
        if self._setup is not None:
            forget(self._setup)
        for lent in (self._sources, self._weights, self._lent_to_all):
            lent.clear()
        if self._make is not None:
            _shut_down(self._executor, wait=True)

    def weigh(self, weights: Sequence[Array | None]) -> None:
        """Note how much the rows of each shard count."""
        for shard, weight in zip(self.shards, weights, strict=True):
            shard.weight = weight
        self._weights.clear()

    def call(
        self,
        function: Callable[..., Any],
        *shared: Any,
        numbers: Sequence[int] | None = None,
        own: Sequence[tuple[Any, ...]] | None = None,
    ) -> list[Any]:
        """Results of a function for some shards, in their order; see ``started``."""
        return self.started(function, *shared, numbers=numbers, own=own).results()

    def started(
        self,
        function: Callable[..., Any],
        *shared: Any,
        numbers: Sequence[int] | None = None,
        own: Sequence[tuple[Any, ...]] | None = None,
    ) -> "Calls":
        """Calls of a function for some shards, which workers begin in the order of starting.

        Parameters
        ----------
        function : callable
            ``function(place, source, weight, *shared, *own)``, which can be repeated.
        *shared : object
            The same for all of them.
        numbers : list of int, optional
            Of the shards; all by default.
        own : list of tuple, optional
            Arguments of each.
        """
        numbers = list(range(len(self.shards))) if numbers is None else list(numbers)
        arguments = own or [()] * len(numbers)
        calls = Calls(self, function, shared, dict(zip(numbers, arguments, strict=True)))
        self._calls = [*(each for each in self._calls if each.are_open), calls]
        return calls

    def submitted(
        self, function: Callable[..., Any], shared: Sequence[Any], own: Mapping[int, Sequence[Any]]
    ) -> tuple[dict[int, Any], BaseException | None]:
        """Futures by the shard; and the error that says that some were lost at once."""
        futures: dict[int, Any] = {}
        lost: BaseException | None = None
        try:
            # One copy goes to the workers, who pass it on, where the executor can do that.
            lent = [self._lent_once(value) for value in shared] if len(own) > 1 else shared
            for number, arguments in own.items():
                try:
                    futures[number] = self._submit(function, number, lent, arguments)
                except Exception as error:
                    if not is_of_lost_worker(error):
                        raise
                    lost = error
        except BaseException:
            for future in futures.values():
                future.cancel()
            raise
        return futures, lost

    def _submit(
        self, function: Callable[..., Any], number: int, shared: Sequence[Any], own: Sequence[Any]
    ) -> Any:
        assert self._setup is not None
        source, weight = self._lent_shard(number)
        place = Place(number, self._setup, self.shards[number].content)
        future = self._executor.submit(function, place, source, weight, *shared, *own)
        if not hasattr(future, "result"):
            raise TypeError(
                f"{type(self._executor).__name__}.submit gave a {type(future).__name__}, but a "
                "future with result() and cancel() was expected."
            )
        return future

    def _lent_shard(self, number: int) -> tuple[Any, Any]:
        shard = self.shards[number]
        if number not in self._sources:
            is_there = shard.is_elsewhere
            self._sources[number] = shard.source if is_there else self._lend(shard.source)
        if number not in self._weights:
            self._weights[number] = self._lend(shard.weight)
        return self._sources[number], self._weights[number]

    def _lent_once(self, value: Any) -> Any:
        """The same for a value that was lent just now, which then stays where it is."""
        key = id(value)
        if key not in self._lent_to_all:
            lent = self._lend(value)
            if lent is value:
                return value
            # With the value itself, so that no other takes its name meanwhile.
            self._lent_to_all[key] = value, lent
        self._lent_to_all.move_to_end(key)
        if len(self._lent_to_all) > _MOST_LENT:
            self._lent_to_all.popitem(last=False)
        return self._lent_to_all[key][1]

    def _lend(self, value: Any) -> Any:
        """A value where workers are, if the executor can hold one there."""
        if isinstance(value, str | int | float | bool | None):
            return value
        return self._executor.put(value) if hasattr(self._executor, "put") else value

    def renew(self, numbers: Iterable[int], lost: BaseException) -> None:
        """Forget what lay with a lost worker, and make an executor anew that it broke."""
        for number in numbers:
            self._sources.pop(number, None)
            self._weights.pop(number, None)
        self._lent_to_all.clear()
        is_marked = bool(getattr(self._executor, "_broken", False))
        # Those of joblib are broken without a mark.
        if not is_marked and (self._make is None or not isinstance(lost, BrokenExecutor)):
            return
        if self._make is None:
            raise WorkerLostError(
                f"A process of {type(self._executor).__name__} ended, which breaks it for good: "
                f"{lost}. Pass a function that makes executors, such as executor=lambda: "
                f"{type(self._executor).__name__}(2): it is called again, and what was lost is "
                "done again."
            ) from lost
        _shut_down(self._executor, wait=False)
        self._executor = self._made()

    def named(self, number: int) -> str:
        """A shard as messages name it."""
        return f"shard {number} ({self.shards[number].name})"


class Calls:
    """Calls of a function for several shards, those of them again that are lost with a worker.

    Parameters
    ----------
    crew : Crew
    function : callable
    shared : tuple
        Arguments of all.
    own : dict of int to tuple
        Arguments of each, by the number of the shard.
    """

    def __init__(
        self,
        crew: Crew,
        function: Callable[..., Any],
        shared: tuple[Any, ...],
        own: Mapping[int, tuple[Any, ...]],
    ) -> None:
        self._crew, self._function, self._shared, self._own = crew, function, shared, own
        self._futures, self._lost = crew.submitted(function, shared, own)

    def results(self) -> list[Any]:
        """What the function gave, in the order of the shards.

        Raises
        ------
        WorkerLostError
            If workers are lost so often that it is not by chance.
        """
        found: dict[int, Any] = {}
        for n_tries in range(1, _MOST_TRIES + 1):
            self._gather(found)
            left = {number: own for number, own in self._own.items() if number not in found}
            if not left:
                self._futures = {}
                return [found[number] for number in self._own]
            lost, first = self._lost, min(left)
            assert lost is not None
            if n_tries < _MOST_TRIES:
                self._crew.renew(left, lost)
                self._futures, self._lost = self._crew.submitted(self._function, self._shared, left)
        raise WorkerLostError(
            f"Workers were lost in each of {_MOST_TRIES} tries of {self._crew.named(first)}: "
            f"{type(lost).__name__}: {lost}. Look for what ends them, such as too little memory; "
            "smaller shards need less."
        ) from lost

    @property
    def are_open(self) -> bool:
        """Whether nobody has all results yet."""
        return bool(self._futures)

    def cancel(self) -> None:
        """Ask those not to begin that have not."""
        for future in self._futures.values():
            future.cancel()
        self._futures = {}

    def _gather(self, found: dict[int, Any]) -> None:
        for number, future in self._futures.items():
            try:
                result = future.result()
                if result is None:
                    raise TypeError(
                        "the future of the executor gave None, but what the function returned was "
                        "expected"
                    )
                found[number] = result
            except NoWorkersError as error:
                raise WorkerLostError(
                    f"The cluster has had {error}, while {self._crew.named(number)} waits for one. "
                    "Start workers, and wait for them with client.wait_for_workers(1)."
                ) from error
            # Each executor has errors of its own; what is none of a lost worker is raised.
            except Exception as error:
                if not is_of_lost_worker(error):
                    raise _with_place(error, self._crew.named(number)) from error
                self._lost = error


def is_of_lost_worker(error: BaseException) -> bool:
    """Whether an error says that a worker is gone, and not that it raised."""
    kinds = type(error).__mro__
    return any(
        (kind.__module__.partition(".")[0], kind.__name__) in _OF_LOST_WORKERS for kind in kinds
    )


def _shut_down(executor: Any, *, wait: bool) -> None:
    """Let an executor end, which may have other parameters of ``shutdown``, or none."""
    if not hasattr(executor, "shutdown"):
        return
    options: dict[str, Any] = {"wait": wait, "cancel_futures": True}
    known = inspect.signature(executor.shutdown).parameters
    takes_all = any(each.kind is each.VAR_KEYWORD for each in known.values())
    executor.shutdown(**{name: options[name] for name in options if takes_all or name in known})


def no_executor(given: Any) -> str:
    """What is said of a value that runs nothing."""
    return (
        f"executor is a {type(given).__name__} without submit(function, *args). Pass a client of "
        "dask, a pool of concurrent.futures or skae.distributed.RayExecutor(), or a function that "
        "makes one."
    )


def _adapted(executor: Any) -> Any:
    return DaskExecutor(executor) if is_client(executor) else executor


def _with_place(error: Exception, name: str) -> Exception:
    """The error, saying in which shard it was raised."""
    for kind in (ValueError, TypeError):
        if isinstance(error, kind):
            return kind(f"In {name}: {error}")
    error.add_note(f"In {name}.")
    return error
