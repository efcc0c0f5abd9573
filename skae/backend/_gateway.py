"""The one gateway to everything that needs Keras or TensorFlow, loaded on first use.

Importing, unpickling and scoring in numpy never come here.
"""

import functools
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from importlib import import_module
from numbers import Real
from typing import TYPE_CHECKING, Any, NamedTuple, ParamSpec, TypeVar

import numpy as np

from skae.backend._collections import collections_put_off
from skae.backend._pool import ProgramPool, Releasable
from skae.backend._surroundings import check_place, check_process
from skae.backend._traces import Traces
from skae.forks import refuse_in_a_fork
from skae.networks import Network
from skae.numerics import Array, Weights
from skae.training import Program, ProgramSpec

if TYPE_CHECKING:
    from skae.backend._optimizers import OptimizerConfig
    from skae.backend._scorer import Scorer

P = ParamSpec("P")
Result = TypeVar("Result")
Kept = TypeVar("Kept", bound=Releasable)


def _module(name: str) -> Any:
    """Import a module that needs Keras."""
    refuse_in_a_fork()
    check_process()
    with nullcontext() if "keras" in sys.modules else collections_put_off():
        return import_module(name)


def _refuse_where_none_can_run() -> None:
    refuse_in_a_fork()
    check_process()
    check_place()


def _undeferred() -> AbstractContextManager[None]:
    """Keras' variables as usual, also where a user's code fits an estimator inside a fit."""
    starts: Any = sys.modules.get("skae.backend._starts")
    return starts.undeferred() if hasattr(starts, "undeferred") else nullcontext()


@contextmanager
def _borrowed(pool: ProgramPool[Any, Kept], spec: Any) -> Iterator[Kept]:
    _refuse_where_none_can_run()
    with _undeferred(), pool.borrow(_here(_told(spec))) as found:
        yield found


class _Placed(NamedTuple):
    """What a program is for, and the device that it runs on: its variables cannot move."""

    spec: Any
    device: str


def _here(spec: Any) -> _Placed:
    return _Placed(spec, _module("skae.backend._devices").this_device())


def _build_program(placed: _Placed, traces: Traces[Any]) -> Program:
    spec: ProgramSpec = placed.spec
    built = _module("skae.backend._models").build(spec.network)
    _module("skae.backend._fused").fuse_activations(built, spec)
    _module("skae.backend._cudnn").use_cudnn(built, spec)
    program: Program = _module("skae.backend._program").Program(spec, built, traces)
    return program


def _build_scorer(placed: _Placed, traces: Traces[Any]) -> "Scorer":
    built = _module("skae.backend._models").build(placed.spec)
    scorer: Scorer = _module("skae.backend._scorer").Scorer(
        built, traces, placed.spec.scoring_batch
    )
    return scorer


def _place_of(placed: _Placed) -> float:
    # What XLA has compiled it keeps for good, so that letting go saves little and costs its time.
    return 0.5 if placed.spec.tier == "xla" else 1.0


POOL = ProgramPool(_build_program, place_of=_place_of)
SCORERS = ProgramPool(_build_scorer)


def borrow_program(spec: ProgramSpec) -> AbstractContextManager[Program]:
    """A compiled program of this specification, for a ``with`` block."""
    return _borrowed(POOL, spec)


def borrow_scorer(network: Network) -> "AbstractContextManager[Scorer]":
    """A compiled scorer of this network, for a ``with`` block."""
    return _borrowed(SCORERS, network)


def is_on_gpu() -> bool:
    """Whether operations of this thread run on a GPU."""
    _refuse_where_none_can_run()
    devices = _module("skae.backend._devices")
    return bool(devices.is_gpu(devices.this_device()))


def on_this_device(function: Callable[P, Result]) -> Callable[P, Result]:
    """A function that runs on TensorFlow's device of this thread, whatever thread calls it."""
    _refuse_where_none_can_run()
    placed: Callable[P, Result] = _module("skae.backend._devices").on_this_device(function)
    return placed


def _told(spec: Any) -> Any:
    """The specification of a program or a network, with what a user's code makes of it."""
    if isinstance(spec, ProgramSpec):
        network = _told(spec.network)
        return spec if network is spec.network else replace(spec, network=network)
    return spec if spec.build is not None else with_build(spec)


def with_build(network: Network) -> Network:
    """A network that tells what a user's code makes of it, if there is any in it.

    Fits of the same code share programs, and what is fitted can tell if the code has changed.
    """
    if network.kind == "custom":
        paths = _module("skae.backend._custom_paths")
        with _undeferred():
            return replace(network, build=paths.own_build(network))
    if callable(network.activation):
        identity = _module("skae.backend._identity")
        with _undeferred():
            return replace(network, build=identity.build_of_activation(network.activation))
    return network


def random_weights(network: Network, rng: np.random.Generator) -> Weights:
    """Starting weights as the layers' own initialisers draw them, with seeds from ``rng``."""
    _refuse_where_none_can_run()
    starts = _module("skae.backend._starts")
    with _undeferred():
        weights: Weights = starts.random_weights(network, rng)
    return weights


def optimizer_settings(
    optimizer: Any,
    learning_rate: Any,
    default_learning_rate: float,
    *,
    most_norm: float | None = None,
) -> "tuple[OptimizerConfig, float | None]":
    """Configuration of an optimizer, for a program, and its learning rate, None for a schedule.

    Parameters
    ----------
    optimizer : str or keras.optimizers.Optimizer
    learning_rate : float, schedule or None
        None means the instance's own, or the default for an optimizer given by name.
    default_learning_rate : float
    most_norm : float or None
        Of all gradients together, beyond which one given by name cuts them.
    """
    _refuse_where_none_can_run()
    if learning_rate is None and isinstance(optimizer, str):
        learning_rate = default_learning_rate
    if isinstance(optimizer, str) and isinstance(learning_rate, Real):
        return _named_optimizer(optimizer, most_norm), float(learning_rate)
    optimizers = _module("skae.backend._optimizers")
    with _undeferred():
        description, rate = optimizers.config_of(optimizer, learning_rate)
    return description, rate


@functools.lru_cache(maxsize=64)
def _named_optimizer(name: str, most_norm: float | None) -> "OptimizerConfig":
    optimizers = _module("skae.backend._optimizers")
    with _undeferred():
        description: OptimizerConfig = optimizers.config_of(name, most_norm=most_norm)[0]
    return description


def callbacks_to_call(
    callbacks: Sequence[Any], optimizer: Any, learning_rate: Any, *, is_one_pass: bool = False
) -> list[Any]:
    """The Keras callbacks among these that a fit with this optimizer has to call.

    Raises
    ------
    ValueError
        For one that cannot do here what it promises.
    """
    averages = optimizer_settings(optimizer, learning_rate, 1.0)[0].averages
    rules = _module("skae.backend._callback_rules")
    called: list[Any] = rules.callbacks_to_call(callbacks, averages, is_one_pass=is_one_pass)
    return called


def check_activation(activation: Any, n_axes: Sequence[int]) -> None:
    """Refuse what no layer can be built with; see ``skae.backend._usable``."""
    _module("skae.backend._usable").check_activation(activation, n_axes)


def check_loss(loss: Any, n_features: int) -> bool:
    """Whether a loss has a value a row; refuse what no step can lower. See ``_usable``."""
    is_of_rows: bool = _module("skae.backend._usable").check_loss(loss, n_features)
    return is_of_rows


def models_in_input_units(
    network: Network,
    weights: Weights,
    mean: Array,
    scale: float,
    output_activation: str | None,
    mask_value: float | None,
    whitening: tuple[Array, Array] | None = None,
) -> tuple[Any, Any]:
    """Keras encoder and decoder of a fitted estimator."""
    build = _module("skae.backend._models").in_input_units
    with _undeferred():
        encoder, decoder = build(
            network, weights, mean, scale, output_activation, mask_value, whitening
        )
    return encoder, decoder
