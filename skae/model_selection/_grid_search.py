"""``GridSearchCV`` whose fits share compiled programs, cores and the steps before them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from contextvars import ContextVar
from typing import Any, Self

import joblib
import numpy as np
from joblib.parallel import get_active_backend
from sklearn.model_selection import GridSearchCV

from skae.model_selection._workers import SearchBackend
from skae.numerics import ArrayLike
from skae.states import StampedEstimator
from skae.tables import in_memory, mapped
from skae.threads import long_calls, n_threads_allowed

# Until joblib has been handed the fits of a search; a refit is no part of them.
_handing_over: ContextVar[ExitStack | None] = ContextVar("handing_over", default=None)


class BatchedGridSearchCV(StampedEstimator, GridSearchCV):
    """``GridSearchCV`` that is handed all its fits at once, and finds the same in less time.

    Results are those of :class:`sklearn.model_selection.GridSearchCV`, row by row. Fits are made
    side by side in threads, which share compiled programs, and fits that need different programs
    begin first, so that these are compiled side by side too. Steps of a
    :class:`~sklearn.pipeline.Pipeline` that no candidate changes are fitted once for each split. An
    estimator without any of skae in it is searched as ``GridSearchCV`` does.

    Parameters
    ----------
    estimator : estimator
        One of skae's, or anything around one, such as a Pipeline.
    param_grid : dict or list of dict
        Values to try, by the names of parameters.
    scoring : str, callable, list, tuple or dict, default=None
        What to score; None for the estimator's own ``score``.
    n_jobs : int, default=None
        Threads. None takes as many as there are cores, or ``OMP_NUM_THREADS`` where that is less;
        -1 takes all cores; 1 makes one fit after the other, as ``GridSearchCV`` does. In a
        ``joblib.parallel_config`` of another backend than threads, that one makes the fits.
    refit : bool, str or callable, default=True
        Whether the best candidate is fitted to all rows; with several scores, by which one.
    cv : int, cross-validation generator or iterable, default=None
        How rows are split; None for five folds.
    verbose : int, default=0
        How much is printed.
    pre_dispatch : int or str, default="2*n_jobs"
        For ``GridSearchCV``; fits in threads copy no rows, and are handed over at once.
    error_score : "raise" or float, default=nan
        The score of a candidate whose fit fails.
    return_train_score : bool, default=False
        Whether training rows are scored, too.

    Attributes
    ----------
    cv_results_ : dict of ndarray
        Scores and times of all candidates, as ``GridSearchCV`` has them. Of a step that candidates
        share, the first one's time has all.
    best_estimator_ : estimator
        The best candidate, fitted to all rows. Only with ``refit``.
    best_score_ : float
        Its mean score.
    best_params_ : dict
        Its parameters.
    best_index_ : int
        Its place in ``cv_results_``.
    scorer_ : callable or dict
        What scored.
    n_splits_ : int
        Number of splits.
    refit_time_ : float
        Seconds that the last fit took. Only with ``refit``.
    multimetric_ : bool
        Whether there were several scores.
    classes_ : ndarray of shape (n_classes,)
        Labels, of a classifier.
    n_features_in_ : int
        Number of features seen in ``fit``.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, where X has any.

    See Also
    --------
    sklearn.model_selection.GridSearchCV : The same, one fit after the other.
    sklearn.model_selection.HalvingGridSearchCV : Few epochs first.

    Notes
    -----
    Equal seeds give equal weights, bit for bit: a candidate is fitted in a thread exactly as it is
    fitted alone. Scores may differ in their last bits, as BLAS runs on one thread meanwhile. An
    estimator whose ``random_state`` is None differs from fit to fit in either search; where it is a
    step that candidates share, it is the same for all of them.

    An interruption (Ctrl-C) ends all fits.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skae import Autoencoder, BatchedGridSearchCV
    >>> X = load_iris().data
    >>> autoencoder = Autoencoder(2, max_iter=5, early_stopping=False, random_state=0)
    >>> grid = {"learning_rate": [0.001, 0.004], "activation": ["gelu", "tanh"]}
    >>> search = BatchedGridSearchCV(autoencoder, grid, cv=3).fit(X)
    >>> len(search.cv_results_["params"])
    4
    >>> search.transform(X).shape
    (150, 2)
    """

    def __init__(
        self,
        estimator: Any,
        param_grid: Mapping[str, Iterable[Any]] | Sequence[Mapping[str, Iterable[Any]]],
        *,
        scoring: Any = None,
        n_jobs: int | None = None,
        refit: bool | str | Callable[[dict[str, Any]], int] = True,
        cv: Any = None,
        verbose: int = 0,
        pre_dispatch: int | str = "2*n_jobs",
        error_score: Any = np.nan,
        return_train_score: bool = False,
    ) -> None:
        super().__init__(
            estimator,
            param_grid,
            scoring=scoring,
            n_jobs=n_jobs,
            refit=refit,
            cv=cv,
            verbose=verbose,
            pre_dispatch=pre_dispatch,
            error_score=error_score,
            return_train_score=return_train_score,
        )

    def fit(self, X: ArrayLike, y: object = None, **params: Any) -> Self:
        """Fit and score all candidates, and the best one to all rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows; arrays of h5py, zarr and dask, and frames of dask, are unpacked once.
        y : array-like of shape (n_samples,), optional
            Labels or targets, where the estimator learns any.
        **params : dict
            For ``fit`` of the estimator, the scorer and the splitter, such as ``sample_weight`` and
            ``groups``.

        Returns
        -------
        self : object
            The fitted search.

        Raises
        ------
        ValueError
            As ``GridSearchCV`` does; with ``error_score="raise"`` also what a fit raised.
        KeyboardInterrupt
            At Ctrl-C; all fits have ended then.
        """
        n_threads = self._n_threads()
        # Of chunks, scikit-learn takes rows one by one, or cannot take any.
        given, X, y = X, mapped(X), in_memory(y)
        if n_threads is None and X is not given and isinstance(X, np.memmap):
            # Other processes may be asked, which cannot open a file that has no name.
            X = np.array(X)
        with ExitStack() as until_done, ExitStack() as until_handed_over:
            if n_threads is not None:
                config = joblib.parallel_config(SearchBackend(n_threads), n_jobs=n_threads)
                until_handed_over.enter_context(config)
                until_done.enter_context(long_calls())
            token = _handing_over.set(until_handed_over)
            try:
                super().fit(X, y, **params)
            finally:
                _handing_over.reset(token)
        return self

    @property
    def n_features_in_(self) -> int:
        """Number of features seen in ``fit``."""
        n_features: int = super().n_features_in_
        return n_features

    def _run_search(
        self, evaluate_candidates: Callable[..., Any], *, callback_ctx: Any = None
    ) -> None:
        # joblib has its backend now: whatever else asks for one is no fit of this search.
        until_handed_over = _handing_over.get()
        assert until_handed_over is not None
        until_handed_over.close()
        super()._run_search(evaluate_candidates, callback_ctx=callback_ctx)

    def _n_threads(self) -> int | None:
        """Threads, where ``n_jobs`` does not say; None for another search than in threads."""
        # Where nobody has chosen a backend, joblib gives the preferred one.
        chosen, n_chosen = get_active_backend(prefer="threads")[0], get_active_backend()[1]
        if not getattr(chosen, "supports_sharedmem", False):
            return None
        if not any(map(_is_of_skae, self._parts())):
            return None
        return n_threads_allowed() if n_chosen is None else n_chosen

    def _parts(self) -> Iterator[Any]:
        """The estimator, what it consists of, and what the grid puts in its place."""
        yield from _with_parts(self.estimator)
        grids = [self.param_grid] if isinstance(self.param_grid, Mapping) else self.param_grid
        for grid in grids:
            for values in grid.values() if isinstance(grid, Mapping) else ():
                # What cannot be searched is refused by scikit-learn.
                for value in values if isinstance(values, Iterable) else ():
                    yield from _with_parts(value)


def _is_of_skae(part: object) -> bool:
    # What is in a search are parts of their own.
    return isinstance(part, StampedEstimator) and not isinstance(part, BatchedGridSearchCV)


def _with_parts(value: Any) -> Iterator[Any]:
    yield value
    if hasattr(value, "get_params") and not isinstance(value, type):
        yield from value.get_params().values()
