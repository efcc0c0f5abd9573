"""Every reducer at every size on every fold, with progress, and the time that each fit takes."""

from collections.abc import Callable, Sequence
from itertools import product
from numbers import Integral
from time import perf_counter
from typing import Any, TypeVar

import numpy as np

from skae.comparison._progress import progress_of

# Takes the number of fits done, that of all, and a label.
Callback = Callable[[int, int, str], object]
Result = TypeVar("Result")


def run(
    fit: Callable[[str, int, int], Result],
    names: Sequence[str],
    sizes: Sequence[int],
    n_folds: int,
    callback: Callback | None,
    verbose: int,
) -> list[Result]:
    """Fit each reducer at each size on each fold; return the results in that order."""
    # Sizes vary slowest: the cost of each reducer is known once all have been fitted at one size.
    plan = [(name, size, k) for size, name, k in product(sizes, names, range(n_folds))]
    results = {}
    with progress_of([(name, size) for name, size, _ in plan], verbose) as (begin, end):
        for done, (name, size, k) in enumerate(plan):
            label = f"{name}, {size} components, fold {k + 1} of {n_folds}"
            if callback is not None:
                callback(done, len(plan), label)
            begin(label)
            try:
                results[name, size, k] = fit(name, size, k)
            except Exception as error:
                error.add_note(f"This happened in compare: {label}.")
                raise
            end(label)
        if callback is not None:
            callback(len(plan), len(plan), "done")
    return [results[turn] for turn in product(names, sizes, range(n_folds))]


def timed(function: Callable[[Any], Any], X: Any) -> tuple[Any, float]:
    """Return what a function makes of rows, and the seconds it took."""
    start = perf_counter()
    result = function(X)
    return result, perf_counter() - start


def check_sizes(n_components: Any, limit: int, why: str) -> list[int]:
    """Return numbers of components in rising order, each once.

    Parameters
    ----------
    n_components : int or sequence of int
    limit : int
        The largest that can be compared.
    why : str
        What there is that sets the limit, for the error.

    Raises
    ------
    ValueError
        For other values, and for sizes beyond the limit.
    """
    sizes = [n_components] if np.ndim(n_components) == 0 else list(n_components)
    wrong = [
        size
        for size in sizes
        if not isinstance(size, Integral) or isinstance(size, bool) or size < 1
    ]
    if wrong or not sizes:
        raise ValueError(
            f"n_components={n_components!r} must be one or more integers of 1 or more."
        )
    if max(sizes) > limit:
        raise ValueError(
            f"n_components={max(sizes)} is more than the rows can tell apart: there are {why}; "
            f"use at most {limit}."
        )
    return sorted({int(size) for size in sizes})
