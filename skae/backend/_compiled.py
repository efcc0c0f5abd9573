"""Functions of tensors and variables, traced once for all programs that are alike.

XLA takes a second to compile the step of a small network. Programs of one specification differ by
their variables only, so threads that train side by side share what was compiled for the first.
"""

import functools
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from skae.backend._gradients import forget_gradients
from skae.backend._traces import Traces
from skae.objectives import Tensor
from skae.training import Tier

Traced = Callable[..., Tensor]


class Trace(NamedTuple):
    """A traced function, and what it captured: places among a program's variables, or constants."""

    function: tf.types.experimental.ConcreteFunction
    captures: list[int | Tensor]

    @property
    def is_shared(self) -> bool:
        """Whether it changes nothing but variables of a program; a user's layer may hide one."""
        constants = (captured for captured in self.captures if not isinstance(captured, int))
        return all(constant.dtype != tf.resource for constant in constants)


def compile_function(
    function: Traced, tier: Tier, variables: Sequence[keras.Variable], traces: Traces[Trace]
) -> Traced:
    """A function that computes as its tier does.

    Parameters
    ----------
    function : method of a program
    tier : {"eager", "graph", "xla"}
    variables : list of keras.Variable
        All that the function reads or changes, in an order that is the same for all programs that
        share ``traces``.
    traces : Traces
    """
    if tier == "eager":
        return function
    return Compiled(function, variables, traces, is_xla=tier == "xla")


class Compiled:
    """A function of tensors, dictionaries of them and None, traced once for each of their shapes.

    ``tf.function`` would do by itself, but looks at its arguments for as long as a tiny epoch
    takes to compute, and traces anew for other variables.
    """

    def __init__(
        self,
        function: Traced,
        variables: Sequence[keras.Variable],
        traces: Traces[Trace],
        *,
        is_xla: bool,
    ) -> None:
        self._name = function.__name__
        # Wrapped anew, or TensorFlow takes the programs of many architectures for one that is
        # retraced over and over, and warns.
        function = functools.partial(function)
        self._function = tf.function(function, jit_compile=is_xla, autograph=False)
        self._handles = [variable.value.handle for variable in variables]
        self._traces = traces
        self._bound: dict[Hashable, Bound] = {}

    def __call__(self, *arguments: Any) -> Tensor:
        signature = tuple(map(_signature, arguments))
        bound = self._bound.get(signature)
        if bound is None:
            trace = self._traces.get(
                (self._name, signature),
                lambda: self._trace(*arguments),
                lambda made: made.is_shared,
            )
            bound = self._bound[signature] = Bound(trace, self._captured(trace), arguments)
        return bound(arguments)

    def _trace(self, *arguments: Any) -> Trace:
        concrete = self._function.get_concrete_function(*arguments)
        forget_gradients(concrete)
        places = {id(handle): place for place, handle in enumerate(self._handles)}
        captures = [places.get(id(tensor), tensor) for tensor in concrete.captured_inputs]
        return Trace(concrete, captures)

    def _captured(self, trace: Trace) -> list[Tensor]:
        return [
            self._handles[captured] if isinstance(captured, int) else captured
            for captured in trace.captures
        ]


class Bound:
    """A trace with a program's variables.

    TensorFlow looks at every argument of every call, which takes as long as some steps of a small
    network. Arguments of one signature are tensors in the same places, so it looks at the first.
    """

    def __init__(self, trace: Trace, captured: list[Tensor], arguments: Sequence[Any]) -> None:
        self._function, self._captured = trace.function.inference_fn, captured
        kind = self._function.function_type
        self._flat_captured = kind.unpack_captures(captured)
        self._places = _places(_tensors(arguments), kind.unpack_inputs(kind.bind(*arguments)))

    def __call__(self, arguments: Sequence[Any]) -> Tensor:
        if self._places is None:
            return self._function.call_with_captures(arguments, {}, self._captured)
        tensors = _tensors(arguments)
        inputs = [tensors[place] for place in self._places]
        return self._function.call_preflattened(inputs + self._flat_captured)


def _places(given: Sequence[Tensor], wanted: Sequence[Tensor]) -> list[int] | None:
    """Where the tensors that are wanted are among the given ones; None if that is unclear."""
    places = {id(tensor): place for place, tensor in enumerate(given)}
    are_there = all(id(tensor) in places for tensor in wanted)
    if len(places) < len(given) or not are_there:
        return None
    return [places[id(tensor)] for tensor in wanted]


def _tensors(arguments: Iterable[Any]) -> list[Tensor]:
    """All tensors of arguments, those of dictionaries in the order of their keys."""
    tensors = []
    for argument in arguments:
        if isinstance(argument, dict):
            tensors += _tensors(argument[name] for name in sorted(argument))
        elif argument is not None:
            tensors.append(argument)
    return tensors


def _signature(argument: Any) -> Hashable:
    """The part of an argument that the trace of a function depends on."""
    if isinstance(argument, dict):
        return tuple((name, _signature(argument[name])) for name in sorted(argument))
    return None if argument is None else (tuple(argument.shape), argument.dtype)
