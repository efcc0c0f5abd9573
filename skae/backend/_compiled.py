"""Functions of tensors and variables, traced once for all programs that are alike.

XLA takes a second to compile the step of a small network. Programs of one specification differ by
their variables only, so threads that train side by side share what was compiled for the first.
"""

import functools
from collections.abc import Callable, Hashable, Sequence
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
        self._bound: dict[Hashable, tuple[Trace, list[Tensor]]] = {}

    def __call__(self, *arguments: Any) -> Tensor:
        signature = tuple(map(_signature, arguments))
        bound = self._bound.get(signature)
        if bound is None:
            trace = self._traces.get(
                (self._name, signature),
                lambda: self._trace(*arguments),
                lambda made: made.is_shared,
            )
            bound = self._bound[signature] = (trace, self._captured(trace))
        trace, captured = bound
        return trace.function.inference_fn.call_with_captures(arguments, {}, captured)

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


def _signature(argument: Any) -> Hashable:
    """The part of an argument that the trace of a function depends on."""
    if isinstance(argument, dict):
        return tuple((name, _signature(argument[name])) for name in sorted(argument))
    return None if argument is None else (tuple(argument.shape), argument.dtype)
