"""Whether Ctrl-C ends a fit with its best weights, or ends all that the fit is a part of.

A fit that a user calls keeps what it has learned, as one wants it of a long training. Inside
anything else a fit cut short would be one result among others, and the next fit would begin: there
the interruption goes on to the caller.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic
from types import FrameType

from skae.fitting._cross_fitting import CrossFit

# Packages whose functions fit estimators as a part of something else.
_OTHERS = frozenset(
    (
        "concurrent",
        "dask",
        "distributed",
        "hyperopt",
        "imblearn",
        "joblib",
        "mlxtend",
        "multiprocessing",
        "optuna",
        "ray",
        "skae",
        "sklearn",
        "skopt",
        "skorch",
    )
)
# A fit that begins so soon after one that was interrupted is a turn of the same loop. Seconds.
_AT_ONCE = 1.0

_granted: ContextVar[bool | None] = ContextVar("granted", default=None)
_last_kept = -float("inf")


def keeps_interrupted(estimator: object) -> bool:
    """Whether an interruption of the fit that this is called in keeps the best weights.

    True where a user's code called the fit: none of the functions above it are of packages that
    fit estimators as a part of something else.

    Parameters
    ----------
    estimator : estimator
        The one whose fit this is.
    """
    granted = _granted.get()
    if granted is not None:
        return granted
    return monotonic() - _last_kept > _AT_ONCE and not _is_part_of_another(estimator)


@contextmanager
def granting(keeps: bool | None) -> Iterator[None]:
    """Let fits inside the block keep their best weights or not; None lets each find out."""
    token = _granted.set(keeps)
    try:
        yield
    finally:
        _granted.reset(token)


def remember_interruption() -> None:
    """Note that a fit has been interrupted and has kept its best weights."""
    global _last_kept
    _last_kept = monotonic()


def forget_interruption() -> None:
    """Let the next fit be one of its own."""
    global _last_kept
    _last_kept = -float("inf")


def interruption(crossed: CrossFit | None = None) -> str:
    """What an interruption left, for a warning."""
    if crossed is None or not crossed.interrupted:
        return "Training interrupted: the best weights so far are kept."
    return (
        "Training interrupted: the start is kept, as folds were still choosing the number of "
        "epochs. Training with early_stopping=True holds rows out once, and keeps the best "
        "weights so far."
    )


def _is_part_of_another(estimator: object) -> bool:
    """Whether functions of other packages stand above the methods of the estimator."""
    above = list(_frames(sys._getframe(1)))
    own = [place for place, frame in enumerate(above) if _first_argument(frame) is estimator]
    return any(_package(frame) in _OTHERS for frame in above[max(own, default=0) + 1 :])


def _frames(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _first_argument(frame: FrameType) -> object:
    code = frame.f_code
    return frame.f_locals.get(code.co_varnames[0]) if code.co_argcount else None


def _package(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]
