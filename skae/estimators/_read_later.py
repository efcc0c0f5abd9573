"""Parameters that may be pickled as text, and become objects of Keras when they are first read."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ClassVar

from skae.backend import StoredKeras, keras_is_imported

_LEAVES = ContextVar("leaves", default=False)


@contextmanager
def left_as_text() -> Iterator[None]:
    """In this block, reading parameters does not import Keras."""
    token = _LEAVES.set(True)
    try:
        yield
    finally:
        _LEAVES.reset(token)


class ReadLater:
    """A parameter whose stored form is made into an object when somebody asks for it.

    Scoring does not ask for it, and so needs no Keras. Where Keras cannot be used, and inside of
    ``left_as_text`` where it is not imported yet, the stored form is given, which can be printed,
    copied and passed on.

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
        if not isinstance(value, StoredKeras) or (_LEAVES.get() and not keras_is_imported()):
            return value
        try:
            made = held[self._name] = value.make()
        except (ImportError, RuntimeError):
            return value
        return made

    def __set__(self, instance: Any, value: Any) -> None:
        vars(instance)[self._name] = value
