"""Compiled programs, kept for the next fit of the same architecture.

A program is borrowed: one borrower at a time loads weights, runs, and takes the weights back. Two
threads that want the same program at once get two, which share what was compiled for the first. The
least recently used are let go.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar
from weakref import WeakValueDictionary

from skae.backend._traces import Traces

Spec = TypeVar("Spec", bound=Hashable)
Compiled = TypeVar("Compiled")


class ProgramPool(Generic[Spec, Compiled]):
    """A bounded, thread-safe store of idle programs.

    Parameters
    ----------
    build : callable
        Makes a program from its specification and the traces of all such programs, which it keeps.
    max_idle : int
        How many idle programs are kept.
    """

    def __init__(self, build: Callable[[Spec, Traces[Any]], Compiled], max_idle: int = 32) -> None:
        self._build = build
        self._max_idle = max_idle
        self._idle: OrderedDict[Spec, list[Compiled]] = OrderedDict()
        self._traces: WeakValueDictionary[Spec, Traces[Any]] = WeakValueDictionary()
        self._lock = threading.Lock()
        self.n_built = 0

    def __len__(self) -> int:
        return sum(len(programs) for programs in self._idle.values())

    @contextmanager
    def borrow(self, spec: Spec) -> Iterator[Compiled]:
        """A program of this specification, exclusively, until the block ends."""
        program = self._take(spec) or self._make(spec)
        try:
            yield program
        finally:
            self._put_back(spec, program)

    def clear(self) -> None:
        """Let all idle programs go."""
        with self._lock:
            self._idle.clear()
            self._traces.clear()

    def _take(self, spec: Spec) -> Compiled | None:
        with self._lock:
            programs = self._idle.get(spec)
            if not programs:
                return None
            program = programs.pop()
            if not programs:
                del self._idle[spec]
            return program

    def _make(self, spec: Spec) -> Compiled:
        with self._lock:
            self.n_built += 1
            traces: Traces[Any] = self._traces.setdefault(spec, Traces())
        return self._build(spec, traces)

    def _put_back(self, spec: Spec, program: Compiled) -> None:
        with self._lock:
            self._idle.setdefault(spec, []).append(program)
            self._idle.move_to_end(spec)
            while len(self) > self._max_idle:
                oldest = next(iter(self._idle))
                self._idle[oldest].pop(0)
                if not self._idle[oldest]:
                    del self._idle[oldest]
