"""Whether this process was forked from one in which TensorFlow runs.

TensorFlow's threads do not survive a fork: what waits for them waits for ever. Loaded with the
package, so that every fork is noted, and imports next to nothing.
"""

import os
import sys

__all__ = ["refuse_in_a_fork"]

_THREADS = "/proc/self/task"  # of Linux
_OF_TENSORFLOW = "tf_"
_is_fork_of_running = False


def refuse_in_a_fork() -> None:
    """Raise where TensorFlow would hang.

    Raises
    ------
    RuntimeError
    """
    if not _is_fork_of_running and not _has_lost_its_threads():
        return
    raise RuntimeError(
        "This process was forked from one in which TensorFlow was already running, which cannot "
        "run in a fork. Fit in threads, or in processes that are started afresh (joblib's "
        "default 'loky', or multiprocessing with 'spawn'). Scoring networks of skae works."
    )


def _has_started() -> bool:
    """Whether TensorFlow has made its threads, as it does for the first tensor."""
    module = sys.modules.get("tensorflow.python.eager.context")
    if module is None:
        return False
    try:
        context = module.context_safe()
        return context is not None and context._context_handle is not None
    except AttributeError:  # of another version: to be on the safe side
        return True


def _note_fork() -> None:
    global _is_fork_of_running
    _is_fork_of_running = _is_fork_of_running or _has_started()


def _has_lost_its_threads() -> bool:
    """Whether TensorFlow's are gone, where skae was first imported in a worker that was forked."""
    multiprocessing = sys.modules.get("multiprocessing.process")
    is_worker = getattr(multiprocessing, "parent_process", lambda: None)() is not None
    if not is_worker or not _has_started():
        return False
    try:
        names = [_name(os.path.join(_THREADS, thread)) for thread in os.listdir(_THREADS)]
    except OSError:
        return False
    return not any(name.startswith(_OF_TENSORFLOW) for name in names)


def _name(thread: str) -> str:
    with open(os.path.join(thread, "comm")) as file:
        return file.read()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_note_fork)
