"""Functions of tensors, traced once for each shape of their arguments."""

import functools
from collections.abc import Callable, Hashable
from typing import Any

import tensorflow as tf

from skae.objectives import Tensor
from skae.training import Tier


def compile_function(function: Callable[..., Tensor], tier: Tier) -> Callable[..., Tensor]:
    return function if tier == "eager" else Compiled(function, is_xla=tier == "xla")


class Compiled:
    """A function of tensors, dictionaries of them and None, traced once for each of their shapes.

    ``tf.function`` would do by itself, but looks at its arguments for as long as a tiny epoch
    takes to compute.
    """

    def __init__(self, function: Callable[..., Tensor], is_xla: bool) -> None:
        # Wrapped anew, or TensorFlow takes the programs of many architectures for one that is
        # retraced over and over, and warns.
        function = functools.partial(function)
        self._function = tf.function(function, jit_compile=is_xla, autograph=False)
        self._traced: dict[Hashable, Callable[..., Tensor]] = {}

    def __call__(self, *arguments: Any) -> Tensor:
        signature = tuple(map(_signature, arguments))
        traced = self._traced.get(signature)
        if traced is None:
            traced = self._traced[signature] = self._function.get_concrete_function(*arguments)
        return traced(*arguments)


def _signature(argument: Any) -> Hashable:
    """The part of an argument that the trace of a function depends on."""
    if isinstance(argument, dict):
        return tuple((name, _signature(argument[name])) for name in sorted(argument))
    return None if argument is None else (tuple(argument.shape), argument.dtype)
