"""The reducers of all folds, of one size."""

from collections.abc import Sequence
from numbers import Integral
from typing import Any

from joblib import effective_n_jobs
from sklearn.base import clone
from sklearn.utils.parallel import Parallel, delayed

from skae.reducers import TrainableReducer, fit_reducer
from skae.threads import Stop, long_calls


def fit_reducers(
    reducer: TrainableReducer, rows_of_folds: Sequence[Any], n_jobs: int | None
) -> list[Any]:
    """Fit a reducer for every fold to its rows, all of the size of the first.

    Each is fitted to the same rows with the same seed whatever ``n_jobs``. Threads do for all that
    spends its time outside Python, and one process compiles a program once.
    """
    first, *others = rows_of_folds
    # More threads than folds would idle, and a context of processes would lose warnings.
    n_threads = min(effective_n_jobs(n_jobs), len(rows_of_folds))
    if not _open_sizes(reducer):
        return _fit_together(reducer, [first, *others], n_threads)
    of_first = _fit_one(clone(reducer), first)
    return [of_first, *_fit_together(of_one_size(reducer, of_first), others, n_threads)]


def _fit_together(reducer: TrainableReducer, tables: Sequence[Any], n_threads: int) -> list[Any]:
    # scikit-learn's threads keep its configuration and the filters of warnings.
    together, stop = Parallel(n_jobs=n_threads, require="sharedmem"), Stop()
    fit = stop.heeded_by(_fit_one)
    try:
        fitted: list[Any] = together(delayed(fit)(clone(reducer), rows) for rows in tables)
    except BaseException:
        stop.ask()
        raise
    return fitted


def _fit_one(reducer: TrainableReducer, rows: Any) -> Any:
    # Here, not around all: each may have a thread of its own.
    with long_calls():
        return fit_reducer(reducer, rows)


def of_one_size(reducer: TrainableReducer, fitted: TrainableReducer) -> Any:
    """Return an unfitted copy whose codes are as long as those of ``fitted``.

    A share of the variance may be explained by one component in one fold and by two in another;
    residuals of two such reducers cannot be compared.

    Parameters
    ----------
    reducer : estimator
        Every ``n_components`` that is no integer, in a Pipeline of every step, is set.
    fitted : estimator
        The same, fitted to other rows.
    """
    of_fitted = fitted.get_params()
    sizes = {}
    for name in _open_sizes(reducer):
        owner = name.rpartition("__")[0]
        inner = of_fitted[owner] if owner else fitted
        # What was put around a table is a parameter, of which a copy was fitted.
        size = getattr(inner, "n_components_", getattr(fitted, "n_components_", None))
        if isinstance(size, Integral):
            sizes[name] = int(size)
    # A FrozenEstimator's set_params returns nothing.
    copy = clone(reducer)
    copy.set_params(**sizes)
    return copy


def _open_sizes(reducer: TrainableReducer) -> list[str]:
    """Return the names of the parameters that leave the length of a code to the rows."""
    return [
        name
        for name, value in reducer.get_params().items()
        if name.rpartition("__")[2] == "n_components" and not isinstance(value, Integral)
    ]
