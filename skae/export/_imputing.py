"""Missing values of rows that are values of a graph, filled in rounds."""

from typing import Any

import numpy as np

from skae.applications import ReconstructionImputer
from skae.export._inverses import reconstructed
from skae.export._refusals import CannotExport
from skae.export._tensor import Tensor, xp
from skae.reducers import padding_value
from skae.tables import is_missing


def of_imputer(estimator: ReconstructionImputer, method: str, rows: Tensor) -> Tensor:
    """What ``transform`` of an imputer returns for rows."""
    _check(estimator)
    marker = estimator._marker
    gaps = xp.isnan(rows) if is_missing(marker) else rows == marker
    kept, statistics = estimator._is_filled, estimator.initial_imputer_.statistics_
    columns = kept | estimator.keep_empty_features
    values = np.where(np.isnan(statistics), 0.0, statistics.astype(np.float64))
    filled: Tensor = xp.where(gaps, values, rows)[:, columns]
    is_guess = gaps[:, columns]
    # Columns of which nothing is known are not iterated.
    iterated = kept[columns]
    made = _iterated(estimator._rounds, filled[:, iterated], gaps[:, kept])
    if not iterated.all():
        places = np.argsort(np.concatenate([np.flatnonzero(iterated), np.flatnonzero(~iterated)]))
        made = xp.concatenate([made, filled[:, ~iterated]], axis=1)[:, places]
    if estimator._limits is not None:
        made = _within(estimator._limits, made)
    result: Tensor = xp.where(is_guess, made, filled)
    if estimator.indicator_ is not None:
        shown = gaps[:, estimator.indicator_.features_].astype(result.dtype)
        result = xp.concatenate([result, shown], axis=1)
    return result


def _check(estimator: ReconstructionImputer) -> None:
    reducer = estimator.reducers_[0] if estimator.reducers_ else estimator.reducer
    if getattr(estimator, "_rounds", None) is None:
        raise CannotExport("only rows of numbers are filled in a graph. Fill tables in Python.")
    if padding_value(reducer) is not None:
        raise CannotExport(
            "sequences of different lengths are not filled in a graph. Fill them in Python."
        )
    limits = estimator._limits
    if limits is not None and any(grid is not None for grid in limits.grids):
        raise CannotExport(
            "its grid has no graph. Fit with grid=None, and round what the file answers."
        )


def _iterated(rounds: Any, rows: Tensor, gaps: Tensor) -> Tensor:
    """Rows after all rounds, each until it hardly changes."""
    n_gaps = gaps.astype(np.float64).sum(axis=1, keepdims=True)
    active = (n_gaps > 0.0) & (n_gaps < float(rows.shape[1] or 0))
    for number in range(1, rounds.n_rounds + 1 if rounds.reducers else 1):
        reducer = rounds.reducers[min(number, len(rounds.reducers)) - 1]
        step = min(1.0, 2.0 / number) if rounds.averages else 1.0
        target: Any = reconstructed(reducer, rows)
        if rounds.shares is not None:
            target = rounds.mean + rounds.shares * (target - rounds.mean)
        moved = rows + step * (target - rows)
        if rounds.limits is not None:
            moved = _within(rounds.limits, moved)
        after = xp.where(gaps & active, moved, rows)
        changes = (xp.abs(after - rows) / rounds.unit).max(axis=1, keepdims=True)
        rows, active = after, active & (changes > rounds.tol)
    return rows


def _within(limits: Any, rows: Any) -> Any:
    return xp.minimum(xp.maximum(rows, limits.lower), limits.upper)
