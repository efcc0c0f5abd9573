"""Parameters that may be pickled as text, and become objects of Keras when they are first read."""

from typing import Any, ClassVar

from skae.backend import StoredKeras


class ReadLater:
    """A parameter whose stored form is made into an object when somebody asks for it.

    Scoring does not ask for it, and so needs no Keras.

    Parameters
    ----------
    name : str
    default : object
        Value of the class, which dataclasses read there.
    """

    # What an instance holds by this name is its value, and hides nothing.
    is_stored: ClassVar[bool] = True

    def __init__(self, name: str, default: Any) -> None:
        self._name, self._default = name, default

    def __get__(self, instance: Any, owner: type[Any] | None = None) -> Any:
        """The value of an instance, or the default of the class."""
        if instance is None:
            return self._default
        held = vars(instance)
        value = held.get(self._name, self._default)
        if isinstance(value, StoredKeras):
            value = held[self._name] = value.make()
        return value

    def __set__(self, instance: Any, value: Any) -> None:
        vars(instance)[self._name] = value
