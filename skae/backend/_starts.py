"""Starting weights of networks in Keras. Loaded on first use only: it imports Keras."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras.src.backend.common import global_state

from skae.backend._blocks import DTYPE
from skae.backend._models import build
from skae.networks import Network
from skae.numerics import Array, Weights

# Where Keras keeps, for each thread, the scope that defers variables, and those that are deferred.
_DEFERRING = ("stateless_scope", "uninitialized_variables")


def random_weights(network: Network, rng: np.random.Generator) -> Weights:
    """Starting weights as the layers' own initialisers draw them, from our generator.

    Raises
    ------
    ValueError
        If a user's models share trainable weights with models that were there before.
    """
    # A user's code may answer otherwise at its next call.
    starts = _starts(network) if network.kind == "custom" else _remembered_starts(network)
    return {name: start.draw(int(rng.integers(2**31))) for name, start in starts.items()}


@dataclass(frozen=True)
class _Start:
    """First value of a variable: assigned by a user's code, or from an initialiser."""

    shape: tuple[int, ...]
    # Of Keras or of the user: a function of a shape, or None beside what was assigned.
    initializer: Any
    assigned: Array | None

    def draw(self, seed: int) -> Array:
        if self.assigned is not None:
            return self.assigned.copy()
        initializer = self.initializer
        if isinstance(initializer, keras.initializers.Initializer):
            config = initializer.get_config()
            if "seed" in config:
                initializer = type(initializer).from_config({**config, "seed": seed})
        value = initializer(self.shape, dtype=DTYPE)
        return np.array(keras.ops.convert_to_numpy(value), np.float32)


def _starts(network: Network) -> dict[str, _Start]:
    """The start of each variable, by name.

    Inside the scope Keras creates variables without values: they still have their initialisers.
    """
    with _nothing_left_behind(), _DeferringScope() as scope:
        variables = build(network).variables()
        return {name: _start(variable, scope) for name, variable in variables.items()}


class _DeferringScope(keras.StatelessScope):  # type: ignore[misc]  # without types
    """A scope that fits inside leave, unlike those of a user."""

    is_left_by_fits = True


@contextmanager
def _nothing_left_behind() -> Iterator[None]:
    """Leave Keras no variables to initialise when a build fails.

    At the end of a scope Keras gives all its variables values. Where one cannot have any, as it is
    too large, Keras keeps the list, and fails in every later scope of the thread.
    """
    try:
        yield
    except BaseException as error:
        global_state.set_global_attribute("uninitialized_variables", [])
        if isinstance(error, tf.errors.ResourceExhaustedError):
            raise MemoryError(" ".join(str(error).split())) from error
        raise


@contextmanager
def undeferred() -> Iterator[None]:
    """Let variables be as usual in a block: a user's code may fit an estimator while it builds.

    Keras offers no public way out of a scope.
    """
    before = [(name, global_state.get_global_attribute(name)) for name in _DEFERRING]
    for name, _ in before:
        global_state.set_global_attribute(name, None)
    try:
        yield
    finally:
        for name, value in before:
            global_state.set_global_attribute(name, value)


# Building takes several times as long as drawing.
_remembered_starts = lru_cache(maxsize=64)(_starts)


def _start(variable: keras.Variable, scope: keras.StatelessScope) -> _Start:
    # Keras keeps the initialiser of a variable that has no value yet, and offers no other way.
    initializer, assigned = variable._initializer, scope.get_current_value(variable)
    if initializer is None:
        if variable.trainable:
            raise ValueError(
                f"network= returned a model whose weights were there before the call "
                f"({variable.path}, of shape {tuple(variable.shape)}): fits would change each "
                "other's. Make new layers in every call; to start from trained weights set them "
                "there with set_weights."
            )
        assigned = variable.value if assigned is None else assigned
    if assigned is not None:
        assigned = np.array(keras.ops.convert_to_numpy(assigned), np.float32)
    return _Start(tuple(variable.shape), initializer, assigned)
