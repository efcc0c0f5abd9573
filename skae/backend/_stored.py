"""Optimizers and schedules of Keras as plain text, for pickles that are read without Keras."""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from skae.backend._gateway import _module

_SCHEDULES = "keras.optimizers.schedules"
_PLACES = ("keras.optimizers", _SCHEDULES)
# Options of an optimizer that are one themselves.
_NESTED = ("learning_rate", "inner_optimizer")


@dataclass(frozen=True, repr=False)
class StoredKeras:
    """An optimizer or a schedule, of a class of Keras itself, until it is asked for.

    Attributes
    ----------
    place : {"keras.optimizers", "keras.optimizers.schedules"}
    name : str
        Of the class there.
    config : str
        JSON of its configuration, in which another such thing is a pair of name and configuration.
    """

    place: str
    name: str
    config: str

    def __repr__(self) -> str:
        try:
            return _written(self.place, self.name, json.loads(self.config))
        except (TypeError, ValueError, AttributeError):  # damaged, as `make` says
            return f"{self.place}.{self.name}(...)"

    def make(self) -> Any:
        """The optimizer or schedule, new.

        Raises
        ------
        ValueError
            If Keras has no such class, or the configuration is none of it.
        """
        config = json.loads(self.config)
        is_config = isinstance(config, dict) and isinstance(self.name, str)
        if self.place not in _PLACES or not is_config:
            raise _damaged(self, "no optimizer and no schedule")
        for option, value in config.items():
            if isinstance(value, dict):
                config[option] = self._made_of(option, value)
        # An optimizer around another takes it as it is; `from_config` wants it as Keras writes it.
        around = [config.pop("inner_optimizer")] if "inner_optimizer" in config else []
        cls = _class_of(self)
        try:
            return cls(*around, **config) if around else cls.from_config(config)
        except (TypeError, ValueError, AttributeError) as error:
            raise _damaged(self, str(error)) from error

    def _made_of(self, option: str, value: Mapping[str, Any]) -> Any:
        if option not in _NESTED or set(value) != {"name", "config"}:
            raise _damaged(self, f"its {option} is no number")
        return StoredKeras(_place_of(option), value["name"], json.dumps(value["config"])).make()


def _written(place: str, name: str, config: Mapping[str, Any]) -> str:
    """An optimizer or a schedule as it may be written in code, but for what is None."""
    given = [
        f"{option}={_written_option(option, value)}"
        for option, value in config.items()
        if value is not None and option != "name"
    ]
    return f"{place}.{name}({', '.join(given)})"


def _written_option(option: str, value: Any) -> str:
    if not isinstance(value, dict):
        return repr(value)
    return _written(_place_of(option), value["name"], value["config"])


def _place_of(option: str) -> str:
    return _SCHEDULES if option == "learning_rate" else "keras.optimizers"


def keras_is_imported() -> bool:
    """Whether somebody has imported Keras in this process."""
    return sys.modules.get("keras") is not None


def _class_of(stored: StoredKeras) -> Any:
    """The class of a name, among optimizers and schedules and nothing else that lies there."""
    optimizers = _module("keras").optimizers
    here = optimizers.schedules if stored.place == _SCHEDULES else optimizers
    base = here.LearningRateSchedule if stored.place == _SCHEDULES else here.Optimizer
    found = vars(here).get(stored.name)
    if not isinstance(found, type) or not issubclass(found, base):
        raise _damaged(stored, f"{stored.place} has no {stored.name}")
    return found


def _damaged(stored: StoredKeras, why: str) -> ValueError:
    return ValueError(
        f"A stored {stored.name!r} cannot be made again: {why}. It is damaged, or of another "
        "version of Keras. Set the parameter anew, with set_params."
    )


def stored(value: Any) -> Any:
    """A parameter as it is pickled: an optimizer or a schedule as text, where that says it all."""
    described = _described(value)
    if described is None:
        return value
    place, name, config = described
    return StoredKeras(place, name, json.dumps(config, sort_keys=True))


def _described(value: Any) -> tuple[str, str, dict[str, Any]] | None:
    # A class of Keras was imported by whoever made an instance of it.
    if type(value).__module__.partition(".")[0] != "keras" or isinstance(value, type):
        return None
    optimizers = sys.modules["keras"].optimizers
    name = type(value).__name__
    is_schedule = isinstance(value, optimizers.schedules.LearningRateSchedule)
    here = optimizers.schedules if is_schedule else optimizers
    # What a configuration leaves out.
    excluded = "_exclude_from_weight_decay", "_exclude_from_weight_decay_pattern"
    if vars(here).get(name) is not type(value) or any(getattr(value, e, None) for e in excluded):
        return None
    config: dict[str, Any] = {}
    for option, given in value.get_config().items():
        if isinstance(given, dict):
            inner = _described(_option(value, option))
            if inner is None:
                return None
            config[option] = {"name": inner[1], "config": inner[2]}
        elif _is_plain(given):
            config[option] = given
        else:
            return None
    return (_SCHEDULES if is_schedule else "keras.optimizers"), name, config


def _option(optimizer: Any, option: str) -> Any:
    """An option as the object that it is; ``learning_rate`` of a schedule gives a number."""
    return getattr(optimizer, f"_{option}", None) or getattr(optimizer, option, None)


def _is_plain(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, bool | int | float | str)
