"""Compare reducers on a table: the folds, the fits, and what is kept of them."""

from collections.abc import Hashable, Mapping, Sequence
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
from sklearn.model_selection import KFold, check_cv
from sklearn.utils import _safe_indexing, check_random_state

from skae.comparison._column_scores import COLUMN_METRICS, mean_scores, score_columns
from skae.comparison._reducers import Reducers, draw_seed, name_of_pca, prepare
from skae.comparison._running import Callback, check_sizes, run, timed
from skae.comparison._table_comparison import TableComparison
from skae.comparison._table_models import (
    TableModel,
    model_of,
    name_table_reducers,
    outer_of,
    template_of,
)
from skae.comparison._table_roles import Roles, roles_of
from skae.comparison._table_target import Target, read_target
from skae.inspection._rows import spread_rows
from skae.messages import check_integer
from skae.numerics import Array, Integers
from skae.tables import refuse_mask
from skae.tabular._cells import Cells
from skae.tabular._frames import native_table, read_table

# Of each fold, where folds are not the user's own: fits take seconds, however long a table is.
MOST_TRAINED, MOST_HELD_OUT = 6_000, 10_000
LEAST_HELD_OUT = 2
N_EXAMPLES = 4


class _Fold(NamedTuple):
    train: Integers
    test: Integers
    # Positions within `test` of the rows to look at.
    shown: Integers
    # The held-out cells of each column.
    truth: Mapping[Hashable, Cells]


class _Result(NamedTuple):
    scores: dict[str, float]
    columns: dict[str, Array]
    reconstruction: Any
    code: Array


def compare_tables(
    reducers: Reducers,
    X: Any,
    y: Any,
    *,
    n_components: Any,
    cv: Any,
    random_state: Any,
    callback: Callback | None,
    verbose: int,
) -> TableComparison:
    """Compare reducers on a table that is not all numbers; see `compare`."""
    template = template_of(reducers)
    named = name_table_reducers(reducers)
    outer = outer_of(reducers, named)
    refuse_mask(X, "X")
    X = native_table(X)
    if not hasattr(X, "columns"):
        # Numbers beside text stay numbers.
        X = np.array(X, dtype=object) if isinstance(X, list | tuple) else np.asarray(X)
    roles = roles_of(X, template)
    target = None if y is None else read_target(y, X)
    seed = draw_seed(random_state)
    folds = _make_folds(cv, X, target, seed)
    n_train = min(len(fold.train) for fold in folds)
    why = f"{roles.n_features} numbers and levels and {n_train} training rows in the smallest fold"
    sizes = check_sizes(n_components, min(n_train, roles.n_features), why)

    def fit(name: str, size: int, k: int) -> _Result:
        model = model_of(prepare(named[name], size, seed), outer[name], roles)
        return _score(model, X, target, folds[k], roles)

    names = list(named)
    results = run(fit, names, sizes, len(folds), callback, check_integer("verbose", verbose, 0))
    comparison = _collect(results, names, sizes, X, target, folds, roles)
    comparison.baseline = name_of_pca(named)
    return comparison


def _make_folds(cv: Any, X: Any, target: Target | None, seed: int | None) -> list[_Fold]:
    is_counted = isinstance(cv, Integral)
    if is_counted:
        cv = KFold(cv, shuffle=True, random_state=seed)
    generator = check_random_state(seed)
    splits = check_cv(cv).split(X, None if target is None else target.values)
    pairs = [(np.asarray(train), np.asarray(test)) for train, test in splits]
    smallest = min(len(test) for _, test in pairs)
    if smallest < LEAST_HELD_OUT:
        raise ValueError(
            f"cv={cv!r} leaves a fold of {smallest} held-out rows out of {len(X)}, but they are "
            f"compared with their mean, which takes {LEAST_HELD_OUT} or more; use fewer folds."
        )
    if is_counted:
        pairs = [
            (_some(train, MOST_TRAINED, generator), _some(test, MOST_HELD_OUT, generator))
            for train, test in pairs
        ]
    return [_make_fold(X, train, test) for train, test in pairs]


def _some(rows: Integers, most: int, generator: np.random.RandomState) -> Integers:
    if len(rows) <= most:
        return rows
    return np.sort(generator.choice(rows, most, replace=False))


def _make_fold(X: Any, train: Integers, test: Integers) -> _Fold:
    _, truth = read_table(_safe_indexing(X, test))
    return _Fold(train, test, spread_rows(test, N_EXAMPLES), truth)


def _score(model: TableModel, X: Any, target: Target | None, fold: _Fold, roles: Roles) -> _Result:
    """Fit one reducer on one fold; return its scores and what is kept to look at."""
    X_train, X_test = _safe_indexing(X, fold.train), _safe_indexing(X, fold.test)
    _, fit_seconds = timed(model.fit, X_train)
    code, transform_seconds = timed(model.transform, X_test)
    columns = score_columns(model, code, fold.truth, roles)
    scores = mean_scores(columns, roles)
    if target is not None:
        seen = fold.train, model.transform(X_train)
        scores[target.metric] = target.score(seen, (fold.test, code))
    scores |= {"fit_seconds": fit_seconds, "transform_seconds": transform_seconds}
    return _Result(scores, columns, _made_of(model, code[fold.shown], roles), code)


def _made_of(model: TableModel, code: Array, roles: Roles) -> Any:
    """Return the table that some codes stand for, of the types of the training rows."""
    made = model.encoding.table(model.decode(code))
    container = model.encoding.container
    return container.joined({n: container.column(n, made[n]) for n in roles.names if n in made})


def _collect(
    results: Sequence[_Result],
    names: list[str],
    sizes: list[int],
    X: Any,
    target: Target | None,
    folds: Sequence[_Fold],
    roles: Roles,
) -> TableComparison:
    """Arrange the results, which come in the order reducer, size, fold."""
    shape = len(names), len(sizes), len(folds)
    scores = {
        metric: np.reshape([result.scores[metric] for result in results], shape)
        for metric in results[0].scores
    }
    column_scores = {
        metric: np.reshape([r.columns[metric] for r in results], (*shape, len(roles.names)))
        for metric in COLUMN_METRICS
    }
    # The first fold is shown, at the largest size, and at the smallest that fills a plane.
    firsts = np.reshape(np.arange(len(results)), shape)[:, :, 0]
    place = min(int(np.searchsorted(sizes, 2)), len(sizes) - 1)
    fold = folds[0]
    coloured = np.arange(len(fold.test)) if target is None else target.is_known[fold.test]
    examples = _safe_indexing(X, fold.test[fold.shown])
    return TableComparison(
        names,
        sizes,
        scores,
        columns=roles.names,
        kinds=roles.kinds,
        column_scores=column_scores,
        left_out=roles.left_out,
        originals=_safe_indexing(examples, roles.places, axis=1),
        reconstructions={
            name: results[i].reconstruction for name, i in zip(names, firsts[:, -1], strict=True)
        },
        codes={
            name: results[i].code[coloured] for name, i in zip(names, firsts[:, place], strict=True)
        },
        labels=None if target is None else target.values[fold.test][coloured],
        absurd_cells=roles.absurd,
        n_samples=len(X),
        n_train=max(len(each.train) for each in folds),
        n_held_out=max(len(each.test) for each in folds),
    )
