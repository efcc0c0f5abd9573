"""Compiled programs, kept for the next fit of the same architecture.

A program is borrowed: one borrower at a time loads weights, runs, and takes the weights back. Two
threads that want the same program at once get two, which share what was compiled for the first. The
least recently used are let go: those beyond a number of architectures, and those beyond a number of
bytes.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, Protocol, TypeVar
from weakref import WeakValueDictionary

from skae.backend._traces import Traces

Spec = TypeVar("Spec", bound=Hashable)


class Releasable(Protocol):
    """What a pool keeps: it has a size, and can be emptied."""

    @property
    def n_bytes(self) -> int:
        """Memory of its variables."""

    def release(self) -> None:
        """Empty its variables, as it will never be used again."""


Compiled = TypeVar("Compiled", bound=Releasable)


class ProgramPool(Generic[Spec, Compiled]):
    """A bounded, thread-safe store of idle programs.

    Parameters
    ----------
    build : callable
        Makes a program from its specification and the traces of all such programs, which it keeps.
    max_idle : int
        Of how many specifications idle programs are kept.
    max_bytes : int
        How large these may be together. The last one used is always kept.
    place_of : callable
        How many of these specifications one counts as.
    """

    def __init__(
        self,
        build: Callable[[Spec, Traces[Any]], Compiled],
        max_idle: int = 16,
        max_bytes: int = 256 * 2**20,
        place_of: Callable[[Spec], float] = lambda _: 1.0,
    ) -> None:
        self._build = build
        self._max_idle, self._max_bytes, self._place_of = max_idle, max_bytes, place_of
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
            programs = [program for idle in self._idle.values() for program in idle]
            self._idle.clear()
            self._traces.clear()
        for program in programs:
            program.release()

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
            let_go = list(self._let_go())
        for each in let_go:
            each.release()

    def _let_go(self) -> Iterator[Compiled]:
        """Take out what is too much, the least recently used first."""
        n_bytes = sum(program.n_bytes for idle in self._idle.values() for program in idle)
        n_places = sum(map(self._place_of, self._idle))
        while len(self) > 1 and (n_places > self._max_idle or n_bytes > self._max_bytes):
            oldest = next(iter(self._idle))
            program = self._idle[oldest].pop(0)
            n_bytes -= program.n_bytes
            if not self._idle[oldest]:
                del self._idle[oldest]
                n_places -= self._place_of(oldest)
            yield program
