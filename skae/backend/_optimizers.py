"""Optimizers as values, which a fit takes of a given one to make new ones from.

Loaded on first use only: it imports Keras.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, NoReturn

import keras
import numpy as np
import tensorflow as tf

from skae.backend._usable import check_schedule

# One formula for each value of a weight, whatever stands beside it, and a state that starts the
# same for all weights: these see all weights as one flat vector.
_ELEMENTWISE = (
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Ftrl",
    "Lion",
    "Nadam",
    "RMSprop",
    "SGD",
)
_SCHEDULE = keras.optimizers.schedules.LearningRateSchedule
_PLAIN = (bool, int, float, str, type(None))


@dataclass(frozen=True)
class KerasConfig:
    """A class of Keras and the configuration of an instance, comparable by both.

    Attributes
    ----------
    cls : type
    config : str
        JSON, sorted.
    """

    cls: type[Any]
    config: str

    def make(self) -> Any:
        """A new instance."""
        return self.cls.from_config(json.loads(self.config))


@dataclass(frozen=True)
class OptimizerConfig(KerasConfig):
    """An optimizer without its learning rate: that is loaded into what ``make`` returns.

    Attributes
    ----------
    schedule : KerasConfig or None
        Of the learning rate, where that is a schedule.
    inner : OptimizerConfig or None
        What a ``LossScaleOptimizer`` is around; the schedule is then there.
    excluded : str or None
        Pattern of the names of variables that do not decay.
    """

    schedule: KerasConfig | None = None
    inner: "OptimizerConfig | None" = None
    excluded: str | None = None

    @property
    def is_elementwise(self) -> bool:
        """Whether the optimizer may see all weights as one flat vector."""
        is_known = self.cls in {getattr(keras.optimizers, name) for name in _ELEMENTWISE}
        return is_known and json.loads(self.config)["clipnorm"] is None and self.excluded is None

    @property
    def has_schedule(self) -> bool:
        """Whether the learning rate follows a schedule."""
        return self.schedule is not None or (self.inner is not None and self.inner.has_schedule)

    @property
    def averages(self) -> bool:
        """Whether the optimizer keeps moving averages of the weights."""
        if self.inner is not None:
            return self.inner.averages
        return bool(json.loads(self.config).get("use_ema", False))

    def make(self) -> keras.optimizers.Optimizer:
        """A new optimizer, not built; its rate is to be set where there is no schedule."""
        config = json.loads(self.config)
        if self.inner is not None:
            return self.cls(self.inner.make(), **config)
        optimizer = self.cls.from_config({**config, "learning_rate": 1.0})
        if self.schedule is not None:
            schedule = self.schedule.make()
            _pin_numbers(schedule)
            optimizer.learning_rate = schedule
        if self.excluded is not None:
            optimizer.exclude_from_weight_decay(var_names=[self.excluded])
        return optimizer

    def build(self, variables: Sequence[keras.Variable]) -> keras.optimizers.Optimizer:
        """A new optimizer of these variables, in float32 throughout."""
        optimizer = self.make()
        optimizer.build(variables)
        for variable in optimizer.variables:
            _pin_dtype(variable)
        return optimizer


def rate_variable(optimizer: keras.optimizers.Optimizer) -> keras.Variable | None:
    """The variable that holds the learning rate; None for a schedule."""
    rate = getattr(optimizer, "inner_optimizer", optimizer)._learning_rate
    return None if isinstance(rate, _SCHEDULE) else rate


def rate_of(optimizer: keras.optimizers.Optimizer) -> float:
    """The learning rate as it is now, in float32; NaN for a schedule."""
    variable = rate_variable(optimizer)
    if variable is None:
        return float("nan")
    # An annealed fit asks before every chunk, and variables take five times as long as operations.
    handle, dtype = variable.value.handle, variable.value.dtype
    rate: float = tf.raw_ops.ReadVariableOp(resource=handle, dtype=dtype).numpy()
    return rate


def set_rate(optimizer: keras.optimizers.Optimizer, rate: float) -> None:
    """Change the learning rate; nothing for a schedule."""
    variable = rate_variable(optimizer)
    if variable is not None:
        value = tf.constant(rate, variable.value.dtype)
        tf.raw_ops.AssignVariableOp(resource=variable.value.handle, value=value)


def assign_rates(optimizers: Sequence[keras.optimizers.Optimizer], rate: Any) -> None:
    """Let a compiled function change the learning rates; nothing for schedules."""
    for variable in map(rate_variable, optimizers):
        if variable is not None:
            variable.assign(rate)


def moments_of(
    optimizer: keras.optimizers.Optimizer,
) -> tuple[list[keras.Variable], list[keras.Variable]]:
    """The variables that hold Adam's mean gradients and mean squared ones, as many as it changes.

    Raises
    ------
    ValueError
        For an optimizer that keeps none.
    """
    if not isinstance(optimizer, keras.optimizers.Adam):
        raise ValueError(
            f"{type(optimizer).__name__} keeps no mean squared gradients; Adam and AdamW do."
        )
    means = [v for v in optimizer.variables if v.path.endswith("_momentum")]
    mean_squares = [v for v in optimizer.variables if v.path.endswith("_velocity")]
    return means, mean_squares


def _pin_dtype(variable: keras.Variable) -> None:
    """Give a variable float32 that Keras made in ``keras.config.floatx()``.

    Keras offers no way to ask for another type, and its setting is not ours to change.
    """
    if variable.dtype in ("float16", "bfloat16", "float64"):
        value = tf.cast(variable.value, tf.float32)
        variable._value = tf.Variable(value, trainable=False, name=variable.name)
        variable._dtype = "float32"


def _pin_numbers(schedule: keras.optimizers.schedules.LearningRateSchedule) -> None:
    """Make a schedule of Keras compute in float32; its numbers would be of ``floatx()``."""
    if getattr(keras.optimizers.schedules, type(schedule).__name__, None) is not type(schedule):
        return
    for name, value in vars(schedule).items():
        if isinstance(value, list):
            setattr(schedule, name, [_pinned(number) for number in value])
        else:
            setattr(schedule, name, _pinned(value))


def _pinned(value: Any) -> Any:
    return np.float32(value) if isinstance(value, float) else value


def config_of(
    optimizer: Any, learning_rate: Any = None, *, most_norm: float | None = None
) -> tuple[OptimizerConfig, float | None]:
    """Configuration of an optimizer, from which a fit makes new ones.

    Parameters
    ----------
    optimizer : str or keras.optimizers.Optimizer
    learning_rate : float, keras.optimizers.schedules.LearningRateSchedule or None
        None for the optimizer's own.
    most_norm : float or None
        Of all gradients together, for one that is named.

    Returns
    -------
    description : OptimizerConfig
    learning_rate : float or None
        None for a schedule.

    Raises
    ------
    ValueError
        If a new optimizer made from it would be another.
    """
    if isinstance(optimizer, str):
        optimizer = _named(optimizer)
        optimizer.global_clipnorm = most_norm
    _check_class(optimizer)
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        if _excluded_of(optimizer) is not None:
            # Keras takes it too, and the optimizer inside decays all.
            raise ValueError(
                "optimizer=LossScaleOptimizer excludes variables from the weight decay of another "
                "optimizer, which is not told. Call exclude_from_weight_decay of its "
                "inner_optimizer."
            )
        inner, rate = config_of(optimizer.inner_optimizer, learning_rate)
        config = {
            "initial_scale": float(optimizer.initial_scale),
            "dynamic_growth_steps": int(optimizer.dynamic_growth_steps),
        }
        return OptimizerConfig(type(optimizer), _to_json(config, optimizer), inner=inner), rate
    rate = optimizer._learning_rate if learning_rate is None else learning_rate
    owner = optimizer if learning_rate is None else None
    schedule, rate = _schedule_and_rate(rate, owner)
    config = dict(_config_of(optimizer, "optimizer"))
    config.pop("name", None)
    config.pop("learning_rate", None)
    description = OptimizerConfig(
        type(optimizer), _to_json(config, optimizer), schedule, excluded=_excluded_of(optimizer)
    )
    _check_copy(optimizer, description)
    return description, rate


def _named(name: str) -> keras.optimizers.Optimizer:
    classes = {
        key.lower(): value
        for key, value in vars(keras.optimizers).items()
        if isinstance(value, type)
    }
    found: Any = classes.get(name.lower())
    if found in _REFUSED or found is keras.optimizers.LossScaleOptimizer:
        _refuse_class(name, found)
    try:
        return found() if _is_optimizer_class(found) else keras.optimizers.get(name)
    except (TypeError, ValueError):
        raise ValueError(
            f"optimizer={name!r} is not the name of a Keras optimizer. Use one such as 'adam', "
            "'sgd' or 'rmsprop', or an instance such as keras.optimizers.SGD(momentum=0.9)."
        ) from None


def _is_optimizer_class(found: Any) -> bool:
    return isinstance(found, type) and issubclass(found, keras.optimizers.Optimizer)


_OPTIMIZER = keras.optimizers.Optimizer
_ONE_FOR_ALL = "Give one optimizer for all weights, such as keras.optimizers.Adam()"
_REFUSED = {
    _OPTIMIZER: "it is the base of all optimizers and trains nothing. Use one such as 'adam'",
    **{
        getattr(keras.optimizers, name): f"{why}. {_ONE_FOR_ALL}"
        for name, why in {
            "MultiOptimizer": "its rules are for the variables of one Keras model",
            "OptimizerMap": "it is a part of a MultiOptimizer and no optimizer itself",
        }.items()
        if hasattr(keras.optimizers, name)
    },
}


def _refuse_class(given: Any, cls: Any) -> NoReturn:
    why = _REFUSED.get(cls, "it is made around another optimizer. Pass it as an instance")
    raise ValueError(f"optimizer={given!r} cannot be used: {why}.")


def _check_class(optimizer: Any) -> None:
    for cls in _REFUSED:
        if type(optimizer) is cls or (cls is not _OPTIMIZER and isinstance(optimizer, cls)):
            _refuse_class(type(optimizer).__name__, cls)
    if isinstance(optimizer, type):
        raise ValueError(
            f"optimizer={optimizer!r} is a class, but an instance was expected. Pass "
            f"{optimizer.__name__}(), or a name such as 'adam'."
        )
    if not isinstance(optimizer, _OPTIMIZER):
        raise ValueError(
            f"optimizer={optimizer!r} is not an optimizer of Keras 3. Use an instance such as "
            "keras.optimizers.Adam(), or a name such as 'adam'."
        )


def _schedule_and_rate(rate: Any, owner: Any) -> tuple[KerasConfig | None, float | None]:
    if isinstance(rate, _SCHEDULE):
        config = _config_of(rate, "learning_rate")
        schedule = KerasConfig(type(rate), _to_json(config, rate, "learning_rate"))
        check_schedule(rate, schedule, owner)
        return schedule, None
    if isinstance(rate, keras.Variable):
        rate = rate.numpy()
    if isinstance(rate, Real | np.ndarray):
        return None, float(rate)
    if isinstance(rate, type):
        raise ValueError(
            f"learning_rate={rate!r} is a class, but a number or a schedule was expected. Pass an "
            f"instance, made by {rate.__name__}(...)."
        )
    raise ValueError(
        f"learning_rate={rate!r} is neither a number nor a schedule. A function that is asked at "
        "every step cannot be compiled: write it as a "
        "keras.optimizers.schedules.LearningRateSchedule, or set the rate of an epoch with "
        "keras.callbacks.LearningRateScheduler."
    )


def _config_of(thing: Any, parameter: str) -> dict[str, Any]:
    try:
        config: dict[str, Any] = thing.get_config()
        return config
    except Exception as error:
        raise _uncopied(thing, parameter, f"get_config() raised {error!r}") from error


def _to_json(config: Mapping[str, Any], thing: Any, parameter: str = "optimizer") -> str:
    try:
        return json.dumps(config, sort_keys=True)
    except TypeError as error:
        raise _uncopied(thing, parameter, f"get_config() holds no plain values ({error})") from None


def _uncopied(thing: Any, parameter: str, why: str) -> ValueError:
    name = type(thing).__name__
    return ValueError(
        f"{parameter}={name}: every fit makes a new one from its configuration, but its {why}. "
        f"Let {name}.get_config() return all arguments of the constructor as plain values."
    )


def _excluded_of(optimizer: keras.optimizers.Optimizer) -> str | None:
    if getattr(optimizer, "_exclude_from_weight_decay", None):
        raise ValueError(
            f"optimizer={type(optimizer).__name__} excludes variables of some other model from "
            "weight decay (exclude_from_weight_decay(var_list=...)). Say which by their names, "
            "for example var_names=['bias']."
        )
    pattern = getattr(optimizer, "_exclude_from_weight_decay_pattern", None)
    return None if pattern is None else pattern.pattern


def _check_copy(optimizer: keras.optimizers.Optimizer, description: OptimizerConfig) -> None:
    """Refuse an optimizer whose configuration leaves out what it was made with."""
    try:
        copy = description.make()
    except Exception as error:
        raise _uncopied(optimizer, "optimizer", f"from_config() raised {error!r}") from error
    lost = [
        name
        for name, value in vars(optimizer).items()
        if not name.startswith("_")
        and name not in ("built", "name")
        and isinstance(value, _PLAIN)
        and getattr(copy, name, copy) != value
    ]
    if lost:
        raise _uncopied(optimizer, "optimizer", f"get_config() leaves out {', '.join(lost)}")
