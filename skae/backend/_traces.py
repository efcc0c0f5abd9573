"""What was compiled for programs that are alike, made once whoever asks first."""

import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Trace = TypeVar("Trace")


class Traces(Generic[Trace]):
    """Traced functions of one specification, by the shapes of their arguments."""

    def __init__(self) -> None:
        self._traces: dict[Hashable, Trace] = {}
        self._lock = threading.RLock()

    def get(
        self, key: Hashable, make: Callable[[], Trace], is_shared: Callable[[Trace], bool]
    ) -> Trace:
        """The trace of a key; who comes first makes it while others wait.

        Parameters
        ----------
        key : hashable
        make : callable
            Called if there is none yet.
        is_shared : callable
            Whether what was made is for others too.
        """
        found = self._traces.get(key)
        if found is not None:
            return found
        with self._lock:
            if key not in self._traces:
                made = make()
                if not is_shared(made):
                    return made
                self._traces[key] = made
            return self._traces[key]
