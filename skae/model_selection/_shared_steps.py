"""Steps of a Pipeline that are the same for several candidates, fitted once for each split.

A Pipeline asks its ``memory`` before it fits a step. scikit-learn's own is a folder on a disk that
knows inputs by their hashes; in one search, the split and the steps before say what an input is.
"""

import threading
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import joblib
import numpy as np
from sklearn.pipeline import Pipeline

# What is kept of rows that steps have transformed, at most.
_MOST_BYTES = 2**29

FitTransform = Callable[..., tuple[Any, Any]]


class SharedSteps:
    """What steps have become, for all candidates of a search."""

    def __init__(self) -> None:
        self._fitted: dict[Hashable, tuple[Any, Any]] = {}
        self._locks: dict[Hashable, threading.Lock] = {}
        self._lock = threading.Lock()
        self._n_bytes = 0

    def share(self, estimator: Any, split: Hashable) -> None:
        """Let a candidate take its steps from here, if it is a Pipeline without another memory."""
        # A subclass may fit its steps in another way; callbacks want to hear of every fit.
        is_plain = type(estimator) is Pipeline and estimator.memory is None
        if is_plain and not _has_callbacks(estimator):
            estimator.memory = _StepMemory(self, split)

    def fitted(self, key: Hashable, fit: Callable[[], tuple[Any, Any]]) -> tuple[Any, Any]:
        """Rows and step of a key; who comes first makes them while others wait."""
        with self._lock:
            own = self._locks.setdefault(key, threading.Lock())
        with own:
            if key not in self._fitted:
                made = fit()
                if not (hasattr(made[0], "copy") and self._is_kept(made[0])):
                    return made
                self._fitted[key] = made
            rows, step = self._fitted[key]
        # Who comes next may write into its rows. In another order sums would have other last bits.
        return (rows.copy("K") if isinstance(rows, np.ndarray) else rows.copy()), step

    def _is_kept(self, rows: Any) -> bool:
        n_bytes = _size_of(rows)
        with self._lock:
            if n_bytes is None or self._n_bytes + n_bytes > _MOST_BYTES:
                return False
            self._n_bytes += n_bytes
            return True


class _StepMemory:
    """The memory of one Pipeline, which asks for its steps in turn.

    Parameters
    ----------
    steps : SharedSteps
    split : hashable
    """

    def __init__(self, steps: SharedSteps, split: Hashable) -> None:
        self._steps = steps
        # What the rows are that come next: those of a split, after some steps; None if unknown.
        self._rows: Hashable | None = (split,)

    def __repr__(self) -> str:
        # As the user has set it, where an error shows a Pipeline.
        return "None"

    def cache(self, function: FitTransform, ignore: Sequence[str] | None = None) -> FitTransform:
        """The function, which is called once for all candidates."""

        def shared(transformer: Any, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
            name = _name_of(transformer)
            self._rows = None if name is None or self._rows is None else (self._rows, name)
            if self._rows is None:
                return function(transformer, *args, **kwargs)
            return self._steps.fitted(self._rows, lambda: function(transformer, *args, **kwargs))

        return shared


def _name_of(transformer: Any) -> str | None:
    """A hash of a step's class and parameters; None if it cannot be told from another."""
    try:
        name: str | None = joblib.hash(transformer)
    except Exception:  # What cannot be pickled, as a lambda, raises whatever it likes.
        return None
    return name


def _has_callbacks(pipeline: Pipeline) -> bool:
    steps = [step for _, step in pipeline.steps]
    return any(getattr(each, "_skl_callbacks", None) for each in (pipeline, *steps))


def _size_of(rows: Any) -> int | None:
    """Bytes of rows, as far as their container says."""
    if hasattr(rows, "memory_usage"):
        return int(rows.memory_usage(deep=True).sum())
    if hasattr(rows, "nbytes"):
        return int(rows.nbytes)
    names = ("data", "indices", "indptr", "row", "col")
    sizes = [getattr(getattr(rows, name, None), "nbytes", None) for name in names]
    known = [size for size in sizes if size is not None]
    return sum(known) if known else None
