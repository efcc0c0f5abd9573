"""A search's fits in threads, as a backend of joblib.

joblib begins with a fit as soon as it has the first, and knows nothing of programs. Here all fits
are collected before the first begins; those that need a new program to be compiled begin side by
side with others; and all end together where one fails or the search is interrupted.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from contextvars import copy_context
from typing import Any

import joblib
from joblib.parallel import ParallelBackendBase

from skae import backend
from skae.model_selection._shared_steps import SharedSteps
from skae.model_selection._tasks import Task
from skae.numerics import one_blas_thread
from skae.threads import map_in_threads, n_threads_allowed, sharing


class SearchBackend(ParallelBackendBase):
    """Runs all tasks of a call of ``joblib.Parallel`` once they are known.

    Parameters
    ----------
    n_threads : int
        Where ``n_jobs`` does not say.
    """

    supports_retrieve_callback = True
    supports_sharedmem = True
    uses_threads = True

    def __init__(self, n_threads: int) -> None:
        super().__init__(nesting_level=0)
        self._n_threads = self.default_n_jobs = n_threads
        self._tasks: list[Task] = []

    def configure(self, n_jobs: int = 1, parallel: Any = None, **_: Any) -> int:
        """The number of jobs; called before the first task."""
        self.parallel = parallel
        # All tasks are handed over before one begins.
        parallel.pre_dispatch = "all"
        self._n_threads = _threads_of(n_jobs)
        return self.effective_n_jobs(n_jobs)

    def effective_n_jobs(self, n_jobs: int) -> int:
        """The number of jobs, or two: of one, joblib would hand nothing over."""
        return max(2, _threads_of(n_jobs))

    def submit(self, func: Any, callback: Callable[[Task], Any]) -> Task:
        """Note a task."""
        task = Task(func, callback)
        self._tasks.append(task)
        return task

    # What joblib before 1.5 calls it.
    apply_async = submit

    def retrieve_result_callback(self, out: Task) -> list[Any]:
        """The result of a task."""
        return out.result()

    @contextmanager
    def retrieval_context(self) -> Iterator[None]:
        """Run all tasks."""
        tasks, self._tasks = self._tasks, []
        _run(tasks, self._n_threads)
        for task in tasks:
            task.tell()
        yield

    def abort_everything(self, ensure_ready: bool = True) -> None:
        """Forget what has not begun."""
        self._tasks = []


def _threads_of(n_jobs: int) -> int:
    if n_jobs == 0:
        raise ValueError("n_jobs=0 has no meaning: None takes all cores, 1 this thread alone.")
    return n_jobs if n_jobs > 0 else max(1, joblib.cpu_count() + 1 + n_jobs)


def _run(tasks: list[Task], n_threads: int) -> None:
    n_threads = min(n_threads, len(tasks))
    steps = SharedSteps()
    for task in tasks:
        steps.share(task.estimator, task.split)
    waiting = _Waiting(tasks)
    if n_threads <= 1:
        waiting.work(0)
        return
    share = max(1, n_threads_allowed() // n_threads)
    # Which settings hold, and the device of TensorFlow, are those of the thread that asks.
    context, work = copy_context(), backend.on_this_device(waiting.work)

    def work_in_thread(place: int) -> None:
        with sharing(share):
            context.copy().run(work, place)

    # As joblib does in its processes; each with threads of its own would be too many.
    with one_blas_thread() if share == 1 else nullcontext():
        map_in_threads(work_in_thread, range(n_threads), n_threads)


class _Waiting:
    """Tasks that have not begun.

    Parameters
    ----------
    tasks : list of Task
    """

    def __init__(self, tasks: list[Task]) -> None:
        self._tasks = list(tasks)
        self._lock = threading.Lock()
        # Of programs: those that are being compiled, and those that are there.
        self._begun: set[str] = set()
        self._compiled: set[str] = set()

    def work(self, _: int) -> None:
        """Run tasks until none is left."""
        while (task := self._next()) is not None:
            task.run()
            with self._lock:
                self._compiled.add(task.program)

    def _next(self) -> Task | None:
        with self._lock:
            if not self._tasks:
                return None
            # Whoever needs a program that another thread compiles would wait for it.
            places = (i for i, task in enumerate(self._tasks) if not self._is_awaited(task.program))
            task = self._tasks.pop(next(places, 0))
            self._begun.add(task.program)
            return task

    def _is_awaited(self, program: str) -> bool:
        return program in self._begun and program not in self._compiled
