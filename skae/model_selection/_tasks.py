"""One fit of a search, as joblib hands it over."""

from collections.abc import Callable, Hashable
from functools import cached_property
from typing import Any

import joblib
from sklearn import config_context

# Parameters that are inputs of a compiled program, or only say how long it runs.
_INPUTS = frozenset(
    (
        "adversarial_weight",
        "beta",
        "contraction",
        "divergence_weight",
        "early_stopping",
        "learning_rate",
        "max_iter",
        "n_iter_no_change",
        "noise_level",
        "random_state",
        "sparsity_weight",
        "tol",
        "validation_fraction",
    )
)


class Task:
    """A candidate on one split, to be fitted and scored.

    Parameters
    ----------
    call : joblib.parallel.BatchedCalls
        Of a single call.
    report : callable
        To be called with this once there is a result.
    """

    def __init__(self, call: Any, report: Callable[["Task"], Any]) -> None:
        self._call, self._report = call, report
        (function, self._args, self._kwargs), *_ = call.items
        # scikit-learn's wrapper changes the filters of warnings, which all threads have in common.
        self._function = getattr(function, "function", function)
        self._config: dict[str, Any] = getattr(function, "config", {})
        self._result: Any = None

    @property
    def estimator(self) -> Any:
        """The candidate, before it has its parameters."""
        return self._args[0]

    @property
    def parameters(self) -> dict[str, Any]:
        """What the candidate gets."""
        return self._kwargs.get("parameters") or {}

    @property
    def split(self) -> Hashable:
        """What tells the split from the others."""
        progress: tuple[int, int] | None = self._kwargs.get("split_progress")
        return progress[0] if progress else id(self._kwargs.get("train"))

    @cached_property
    def program(self) -> str:
        """What candidates have in common that share a compiled program."""
        compiled = {
            name: value
            for name, value in self.parameters.items()
            if name.rpartition("__")[2] not in _INPUTS
        }
        return repr(sorted(compiled.items(), key=lambda pair: pair[0]))

    def run(self) -> None:
        """Fit and score."""
        with config_context(**self._config), _nested(self._call):
            self._result = self._function(*self._args, **self._kwargs)

    def tell(self) -> None:
        """Hand the result over."""
        self._report(self)

    def result(self) -> list[Any]:
        """What joblib expects of a batch of one call."""
        return [self._result]


def _nested(call: Any) -> Any:
    return joblib.parallel_config(backend=call._backend, n_jobs=call._n_jobs)
