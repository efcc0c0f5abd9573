"""Rounds of an imputation: fill, fit a reducer, replace what is missing by its reconstruction."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
from sklearn import config_context
from sklearn.base import OneToOneFeatureMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import has_fit_parameter

from skae.applications._limits import Limits
from skae.applications.imputation._judge import Judgement
from skae.applications.imputation._size import known_means
from skae.exceptions import StartKeptWarning
from skae.messages import warn
from skae.numerics import Array, Bools
from skae.reducers import Reducer, reconstructed, with_names
from skae.threads import long_calls

# Rounds for max_iter="auto", of fits that are random and of fits that converge.
_FEW_ROUNDS, _MANY_ROUNDS = 5, 100


@dataclass(eq=False)
class Rounds:
    """The fitted reducers of all rounds, and how they fill other rows.

    Attributes
    ----------
    unit : ndarray of shape (n_features,)
        Unit of changes.
    tol : float
        Largest change, in those units, after which a row is left alone.
    n_rounds : int
        Rounds at most.
    averages : bool
        Whether a missing value becomes the weighted mean of the rounds, or the last one's.
    reducers : list of fitted estimators
        One for each round; where there are more rounds, the last goes on.
    n_iter : int
        Rounds that the fit took.
    limits : Limits or None
        Bounds of what is filled in.
    mean, shares : ndarray of shape (n_features,), or None
        A reconstruction goes that share of its distance from the mean; None means all of it.
    n_components : int or None
        The size that was chosen; None if there was nothing to choose.
    """

    unit: Array
    tol: float
    n_rounds: int
    averages: bool
    reducers: list[Any]
    n_iter: int = 0
    limits: Limits | None = None
    mean: Array | None = None
    shares: Array | None = None
    n_components: int | None = None

    def filled(self, rows: Array, is_missing: Bools) -> Array:
        """Replace the missing values of rows, of each row until it hardly changes.

        Rows of which nothing is known stay as they are.
        """
        rows = rows.copy()
        active = np.flatnonzero(is_missing.any(axis=1) & ~is_missing.all(axis=1))
        for number in range(1, self.n_rounds + 1):
            if not self.reducers or not active.size:
                break
            reducer = self.reducers[min(number, len(self.reducers)) - 1]
            before, gaps = rows[active], is_missing[active]
            rows[active] = self.replaced(reducer, before, gaps, number)
            active = active[self.changes(before, rows[active]) > self.tol]
        return rows

    def replaced(self, reducer: Reducer, rows: Array, is_missing: Bools, number: int) -> Array:
        """Return rows after one more round."""
        # The weights of the mean rise with the number of the round. That of the first is zero, as
        # it reconstructs rows that were not yet iterated.
        step = min(1.0, 2.0 / number) if self.averages else 1.0
        target = reconstructed(reducer, rows)
        if self.shares is not None:
            target = self.mean + self.shares * (target - self.mean)
        moved = rows + step * (target - rows)
        moved = moved if self.limits is None else self.limits.clip(moved)
        return np.where(is_missing, moved, rows).astype(rows.dtype)

    def changes(self, before: Array, after: Array) -> Array:
        """Return the largest change of each row."""
        # fmax passes over NaN, which fills sequences up.
        largest: Array = np.fmax.reduce(np.abs(after - before) / self.unit, axis=1, initial=0.0)
        return largest


def fit_rounds(
    new_reducer: Callable[..., Any],
    rows: Array,
    is_missing: Bools,
    unit: Array,
    *,
    max_iter: int | Literal["auto"],
    tol: float,
    verbose: int,
    limits: Limits | None = None,
    judge: Callable[..., Judgement] | None = None,
) -> Rounds:
    """Fit a reducer in every round, to rows as the round before filled them.

    Parameters
    ----------
    new_reducer : callable
        Makes an unfitted reducer, by the arguments of ``default_reducer`` if there is a ``judge``.
    rows : ndarray of shape (n_samples, n_features)
        Filled by other means.
    is_missing : ndarray of bool of the same shape
    unit : ndarray of shape (n_features,)
    max_iter : int or "auto"
    tol : float
    verbose : int
    limits : Limits, optional
        Bounds of what is filled in.
    judge : callable, optional
        ``judge(new_reducer, fit, rows, is_missing, unit)`` chooses the size, and may fit the
        reducer of the first round; that is used if others follow.

    Returns
    -------
    rounds : Rounds
    """
    is_known = ~is_missing.all(axis=1)
    rows, is_missing = rows[is_known], is_missing[is_known]
    # A single column has nothing to be reconstructed from.
    largest = np.inf if rows.shape[1] > 1 else 0.0
    judgement = None
    if judge is not None and max_iter != 0 and rows.size and largest > tol:
        judgement = judge(new_reducer, _fitted, rows, is_missing, unit)
        new_reducer = _planned(new_reducer, judgement, len(rows), is_alone=max_iter == 1)
    is_fitted = judgement is not None and judgement.reducer is not None and max_iter != 1
    reducer = judgement.reducer if judgement is not None and is_fitted else new_reducer()
    averages = observed_parameter(reducer) is not None
    if max_iter == "auto":
        max_iter = _FEW_ROUNDS if averages else _MANY_ROUNDS
    rounds = Rounds(unit, tol, max_iter, averages, [], limits=limits)
    if judgement is not None:
        rounds.n_components, rounds.shares = judgement.n_components, judgement.shares
        rounds.mean = known_means(rows, ~is_missing)
    while rounds.n_iter < max_iter and largest > tol:
        rounds.n_iter += 1
        if rounds.n_iter > 1:
            reducer = new_reducer() if judgement is None else new_reducer(before=reducer)
        if rounds.n_iter > 1 or not is_fitted:
            with warnings.catch_warnings():
                if rounds.n_iter > 1 and judgement is not None and not judgement.is_alone:
                    # Its start is where the round before ended, not PCA: to stay there is no fault.
                    warnings.simplefilter("ignore", StartKeptWarning)
                _fitted(reducer, rows, is_missing)
        # Fits that converge end where the last one's reconstruction does.
        rounds.reducers = [*rounds.reducers, reducer] if averages else [reducer]
        before, rows = rows, rounds.replaced(reducer, rows, is_missing, rounds.n_iter)
        largest = rounds.changes(before, rows).max(initial=0.0)
        if verbose:
            print(
                f"[ReconstructionImputer] Round {rounds.n_iter} of {max_iter}: largest change "
                f"{largest:.3g} standard deviations"
            )
    if not averages and 0 < tol < largest and max_iter > 0:
        warn(
            f"Missing values still change by {largest:.3g} standard deviations in round "
            f"{max_iter}, which is more than tol={tol}. Raise max_iter or tol, or give the "
            "reducer fewer components.",
            ConvergenceWarning,
        )
    return rounds


def _planned(
    new_reducer: Callable[..., Any], judgement: Judgement, n_rows: int, *, is_alone: bool
) -> Callable[..., Any]:
    return partial(
        new_reducer,
        n_components=judgement.n_components,
        n_rows=n_rows,
        is_alone=is_alone or judgement.is_alone,
    )


def _fitted(reducer: Any, rows: Array, is_missing: Bools) -> Any:
    parameter = observed_parameter(reducer)
    known = {} if parameter is None else {parameter: ~is_missing}
    # With routing, a Pipeline would refuse an argument that its step did not request.
    with long_calls(), config_context(enable_metadata_routing=False):
        return reducer.fit(with_names(reducer, rows), None, **known)


def observed_parameter(reducer: object) -> str | None:
    """Return the name of the parameter of ``fit`` that says which values are known, or None.

    In a Pipeline it belongs to the last step, if the steps before keep columns apart.
    """
    reducer = _thawed(reducer)
    if not isinstance(reducer, Pipeline):
        takes_it = hasattr(reducer, "fit") and has_fit_parameter(reducer, "observed")
        return "observed" if takes_it else None
    *others, (name, last) = reducer.steps
    if not all(_keeps_columns(step) for _, step in others):
        return None
    inner = observed_parameter(last)
    return None if inner is None else f"{name}__{inner}"


def _keeps_columns(step: object) -> bool:
    return step in (None, "passthrough") or isinstance(_thawed(step), OneToOneFeatureMixin)


def _thawed(estimator: Any) -> Any:
    return estimator.estimator if isinstance(estimator, FrozenEstimator) else estimator
