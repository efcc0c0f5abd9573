"""What a user's models are, as a value that can be compared. Loaded on first use only.

Configurations of Keras say which layers there are and how they are joined, but of a user's function
or layer no more than its name: those are looked into.
"""

import itertools
from typing import Any

import keras
import tensorflow as tf

from skae.networks import Build, Digest, is_installed

# Made by Keras for every new layer, or drawn: our own numbers take the place of every seed.
_VARYING = ("seed", "shared_object_id")
# The attributes that Keras gives each layer and model.
_OF_KERAS = frozenset(vars(keras.layers.Layer(name="layer"))) | frozenset(
    vars(keras.Sequential(name="model"))
)


def build_of(*models: keras.Model) -> Build:
    """What tells these models from others, but for the values of their weights."""
    configuration, code = ModelDigest(), ModelDigest()
    for model in models:
        try:
            configuration.add(_Anonymous().of(model.get_config()))
        except Exception:
            # A layer without ``get_config``, which may raise anything.
            configuration.give_up(model)
        variables = [(v.shape, str(v.dtype), v.trainable) for v in model.variables]
        configuration.add(variables)
        code.add(model)
    return Build.of(configuration, code, keras.__version__)


def build_of_activation(activation: object) -> Build:
    """What tells a function, or a layer without weights, between layers of our own from others."""
    code = ModelDigest()
    code.add(activation)
    return Build.of(Digest(), code, keras.__version__)


class ModelDigest(Digest):
    """A digest that knows the objects of Keras and TensorFlow."""

    def _add_object(self, value: Any) -> None:
        if isinstance(value, keras.layers.Layer):
            self._add_layer(value)
        elif isinstance(value, keras.random.SeedGenerator):
            self.tell("generator")
        elif isinstance(value, keras.Variable | tf.Variable | keras.KerasTensor):
            self.tell("variable", value.shape, value.dtype)
        elif isinstance(value, tf.Tensor) and hasattr(value, "numpy"):
            self._add_array(value.numpy())
        elif hasattr(value, "get_config"):
            self._add_configured(value)
        else:
            super()._add_object(value)

    def _add_configured(self, value: Any) -> None:
        self.add(type(value))
        self._add_configuration(value)

    def _add_configuration(self, value: Any) -> None:
        try:
            self.add(_Anonymous().of(value.get_config()))
        except Exception:
            self.give_up(value)

    def _add_layer(self, layer: keras.layers.Layer) -> None:
        """The user's parts of a layer, what is Keras' own as its configuration says."""
        own = not is_installed(type(layer).__module__)
        self.add(type(layer))
        if not own and not isinstance(layer, keras.Model):  # a model is its layers
            self._add_configuration(layer)
        for part in getattr(layer, "layers", ()) if isinstance(layer, keras.Model) else ():
            self.add(part)
        for name in sorted(set(vars(layer)) - _OF_KERAS):
            value = vars(layer)[name]
            if own or (not name.startswith("_") and _may_hold_code(value)):
                self.tell(name)
                self.add(value)


def _may_hold_code(value: Any) -> bool:
    return callable(value) or hasattr(value, "get_config")


class _Anonymous:
    """Configurations without what differs from one making of a model to the next.

    Keras numbers the layers of a process. Here a name is its place in the order of first mention.
    """

    def __init__(self) -> None:
        self._places: dict[str, int] = {}
        self._next = itertools.count()

    def of(self, config: Any) -> Any:
        if isinstance(config, list | tuple):
            return [self.of(part) for part in config]
        if not isinstance(config, dict):
            return config
        if config.get("class_name") in ("__lambda__", "function"):
            return "function"
        if str(config.get("class_name")).endswith("Policy"):
            return config
        return {key: self._value(key, value) for key, value in config.items()}

    def _value(self, key: str, value: Any) -> Any:
        if key in _VARYING:
            return None
        if key == "name" and isinstance(value, str):
            return self._place(value)
        if key in ("keras_history", "input_layers", "output_layers"):
            return self._places_in(value)
        return self.of(value)

    def _places_in(self, value: Any) -> Any:
        """Layers in lists of a name and numbers."""
        if isinstance(value, list | tuple):
            return [self._places_in(part) for part in value]
        if isinstance(value, dict):
            return {key: self._places_in(part) for key, part in value.items()}
        return self._place(value) if isinstance(value, str) else value

    def _place(self, name: str) -> int:
        if name not in self._places:
            self._places[name] = next(self._next)
        return self._places[name]
