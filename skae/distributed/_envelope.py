"""Values that all calls of a fit need, which a worker unpacks once."""

import pickle
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from joblib.externals.loky.cloudpickle_wrapper import dumps

# Fits whose values a worker keeps at a time, and bytes of rows.
_MOST_OPENED, _MOST_BYTES = 8, 2**30


@dataclass(frozen=True)
class Envelope:
    """A pickled value with a name of its own.

    Attributes
    ----------
    name : str
    content : bytes
    """

    name: str
    content: bytes

    @classmethod
    def of(cls, value: Any) -> "Envelope":
        """A value, for other processes; classes and functions of a notebook are in it."""
        try:
            return cls(uuid4().hex, dumps(value))
        # What a class does in ``__reduce__`` may raise anything.
        except Exception as error:
            raise TypeError(
                f"The estimator cannot be sent to workers, as pickle does not take it: {error}. "
                "Pass parameters that can be pickled."
            ) from error


class _Kept:
    """Values by name, the least recently used of which are let go."""

    def __init__(self, most: float) -> None:
        self._most, self._lock = most, threading.Lock()
        self._values: OrderedDict[Any, tuple[Any, float]] = OrderedDict()

    def find(self, key: Any) -> Any | None:
        with self._lock:
            if key not in self._values:
                return None
            self._values.move_to_end(key)
            return self._values[key][0]

    def keep(self, key: Any, value: Any, size: float) -> None:
        with self._lock:
            self._values[key] = (value, size)
            total = sum(each for _, each in self._values.values())
            while total > self._most and len(self._values) > 1:
                total -= self._values.popitem(last=False)[1][1]

    def forget(self, name: str) -> None:
        with self._lock:
            for key in [key for key in self._values if key == name or name in key]:
                del self._values[key]


_opened = _Kept(_MOST_OPENED)
ROWS = _Kept(_MOST_BYTES)


def opened(envelope: Envelope) -> Any:
    """The value of an envelope, which is the same object at each call in a process."""
    value = _opened.find(envelope.name)
    if value is None:
        value = pickle.loads(envelope.content)
        _opened.keep(envelope.name, value, 1)
    return value


def forget(envelope: Envelope) -> None:
    """Let go what this process keeps of a fit that has ended."""
    _opened.forget(envelope.name)
    ROWS.forget(envelope.name)
