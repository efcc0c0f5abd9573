"""Parameters that may be pickled as text, and become objects of Keras when they are first read."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ClassVar

from sklearn.base import BaseEstimator

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


class ParametersAsText(BaseEstimator):
    """An estimator whose parameters can be printed and copied without Keras."""

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters of this estimator.

        Parameters
        ----------
        deep : bool, default=True
            Whether those of estimators among them are returned too.

        Returns
        -------
        parameters : dict of str
            An optimizer or a schedule of Keras that was stored is text, which every estimator
            takes in its place, as long as Keras is not imported.
        """
        # Printing and copying ask for all parameters.
        with left_as_text():
            parameters: dict[str, Any] = super().get_params(deep)
        return parameters
