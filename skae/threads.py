"""Calls side by side in threads, which end together where one of them, or their caller, is stopped.

So does a call of the main thread after Ctrl-C, also where the exception that Python raises is lost.

Compiled programs leave Python while they run, so threads use all cores, share what was compiled
and copy no rows. Many fits that are alike may compile what pays for all of them only.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import ContextVar
from types import FrameType
from typing import ParamSpec, TypeVar

import joblib

P = ParamSpec("P")
Item = TypeVar("Item")
Result = TypeVar("Result")

# Seconds.
_A_MOMENT = 0.1

_of_thread = threading.local()
_interruption = threading.Event()
_calls_may_be_long: ContextVar[bool] = ContextVar("calls_may_be_long", default=False)


class Stopped(BaseException):
    """Raised in a thread whose result nobody waits for any more."""


class Stop:
    """The wish that calls in several threads end early."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def ask(self) -> None:
        """Let all calls end where they next look."""
        self._event.set()

    def heeded_by(self, function: Callable[P, Result]) -> Callable[P, Result]:
        """The function, which ends at ``check_stop`` once this was asked for."""

        def heeding(*args: P.args, **kwargs: P.kwargs) -> Result:
            before = getattr(_of_thread, "event", None)
            _of_thread.event = self._event
            try:
                check_stop()
                return function(*args, **kwargs)
            finally:
                _of_thread.event = before

        return heeding


def check_stop() -> None:
    """Raise ``Stopped`` where whoever started this thread has asked for it.

    Raises
    ------
    KeyboardInterrupt
        In the main thread after Ctrl-C, where its own exception was lost.
    """
    event = getattr(_of_thread, "event", None)
    if event is not None and event.is_set():
        raise Stopped
    if _interruption.is_set() and threading.current_thread() is threading.main_thread():
        _interruption.clear()
        raise KeyboardInterrupt


@contextmanager
def hearing_interruptions() -> Iterator[None]:
    """Let no Ctrl-C be lost in this block.

    Python raises ``KeyboardInterrupt`` in whatever runs. In a finalizer, or in a function that a
    library in C calls, such as TensorFlow while it traces, nobody hears of it. Here it is noted
    too: ``check_stop`` raises it again, and so does the end of the block. A handler of the user's
    own is left alone.
    """
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    heard_interruption()
    signal.signal(signal.SIGINT, _note_interruption)
    try:
        yield
        check_stop()
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        heard_interruption()


@contextmanager
def deferring_interruptions() -> Iterator[None]:
    """Let the first Ctrl-C of this block be noted alone, so that it ends what it is at.

    ``interruption_waits`` tells of it, also after the block; whoever asks deals with it, or else
    ``check_stop`` raises it. A second one is raised at once. A handler of the user's own is left
    alone.
    """
    before = signal.getsignal(signal.SIGINT)
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or before not in (signal.default_int_handler, _note_interruption):
        yield
        return
    signal.signal(signal.SIGINT, _defer_interruption)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def interruption_waits() -> bool:
    """Whether a Ctrl-C was noted that nobody has dealt with yet."""
    return _interruption.is_set() and threading.current_thread() is threading.main_thread()


def heard_interruption() -> None:
    """Note that the exception of the last Ctrl-C has arrived where it is dealt with."""
    _interruption.clear()


def _note_interruption(number: int, frame: FrameType | None) -> None:
    _interruption.set()
    signal.default_int_handler(number, frame)


def _defer_interruption(number: int, frame: FrameType | None) -> None:
    if _interruption.is_set():
        signal.default_int_handler(number, frame)
    _interruption.set()


@contextmanager
def long_calls() -> Iterator[None]:
    """Let fits of this block join epochs that nobody hears of in calls of their programs.

    They compile a program for it, which many fits have to share for that to pay. It is a matter
    of one thread: others are told by a block of their own.
    """
    token = _calls_may_be_long.set(True)
    try:
        yield
    finally:
        _calls_may_be_long.reset(token)


def calls_may_be_long() -> bool:
    """Whether this thread is in such a block."""
    return _calls_may_be_long.get()


@contextmanager
def sharing(n_threads: int) -> Iterator[None]:
    """Let calls of this thread, which is not the first, start so many threads themselves."""
    before = getattr(_of_thread, "n_threads", 1)
    _of_thread.n_threads = n_threads
    try:
        yield
    finally:
        _of_thread.n_threads = before


def n_threads_allowed() -> int:
    """Threads that pay here: the cores, or fewer where ``OMP_NUM_THREADS`` says so.

    joblib sets it in its processes. In a thread other than the first it is 1, or what ``sharing``
    gave it: whoever started that shares out the cores.
    """
    if threading.current_thread() is not threading.main_thread():
        share: int = getattr(_of_thread, "n_threads", 1)
        return share
    given = os.environ.get("OMP_NUM_THREADS", "")
    n_cores: int = joblib.effective_n_jobs(-1)
    return min(n_cores, int(given)) if given.isdigit() and int(given) > 0 else n_cores


def map_in_threads(
    function: Callable[[Item], Result], items: Iterable[Item], n_threads: int
) -> list[Result]:
    """Results of a function for some items, in their order.

    Parameters
    ----------
    function : callable
    items : iterable
    n_threads : int
        With 1, all calls are made in this thread.

    Raises
    ------
    Exception
        The first that a call raised; the others are stopped.
    KeyboardInterrupt
        Of this thread; all calls are stopped.
    """
    items = list(items)
    n_threads = min(n_threads, len(items))
    if n_threads <= 1:
        return [function(item) for item in items]
    stop = Stop()
    call = stop.heeded_by(function)
    with ThreadPoolExecutor(n_threads) as threads:
        try:
            futures = [threads.submit(call, item) for item in items]
            waiting = set(futures)
            while waiting:
                # Python sees an interruption that another thread was told of when this one wakes.
                done, waiting = wait(waiting, _A_MOMENT, return_when=FIRST_EXCEPTION)
                check_stop()
                for future in done:
                    future.result()
        except BaseException:
            stop.ask()
            raise
    return [future.result() for future in futures]
