"""Fit reducers at several sizes on the same folds, and score them on the rows held out."""

from collections.abc import Sequence
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
from sklearn.manifold import trustworthiness
from sklearn.model_selection import KFold, check_cv
from sklearn.neighbors import KNeighborsClassifier
from sklearn.utils import check_random_state

from skae.comparison._compare_tables import compare_tables
from skae.comparison._comparison import Comparison
from skae.comparison._reducers import Reducers, draw_seed, name_of_pca, name_reducers, prepare
from skae.comparison._running import Callback, check_sizes, run, timed
from skae.comparison._table_models import has_tables
from skae.comparison._table_roles import is_mixed
from skae.inspection._codes import as_array
from skae.inspection._rows import spread_rows
from skae.inspection._target_checks import check_target
from skae.messages import check_integer
from skae.metrics import reconstruction_error, reconstruction_r2_score
from skae.numerics import Array, ArrayLike, Integers, RandomState
from skae.tables import (
    absurd_cells,
    check_array,
    column_moments,
    heavy_columns,
    in_memory,
    refuse_mask,
)

MAX_TRUSTWORTHINESS_ROWS = 1000
N_EXAMPLES = 8
MIN_ROWS_PER_CLASS = 3
# A fold needs so many rows, as their neighbours are compared.
LEAST_HELD_OUT = 3


def compare(
    reducers: Reducers,
    X: ArrayLike,
    y: ArrayLike | None = None,
    *,
    n_components: int | Sequence[int] | Integers = (2, 4, 8, 16),
    cv: Any = 5,
    n_neighbors: int = 5,
    random_state: RandomState = None,
    callback: Callback | None = None,
    verbose: int = 0,
) -> Comparison:
    """Compare reducers at equal numbers of components, on held-out rows.

    Every reducer is cloned and fitted at every size on the training rows of every fold. On the
    rows held out it is scored by

    - `reconstruction_r2` and `reconstruction_error`, see :mod:`skae.metrics`, in the units of `X`
      also where a Pipeline scales first;
    - `accuracy`, if `y` holds class labels, of a nearest-neighbour classifier that is fitted on the
      codes of the training rows;
    - `trustworthiness`, see :func:`sklearn.manifold.trustworthiness`, of at most 1,000 rows of the
      fold, the same for every reducer, because its cost is quadratic;
    - `fit_seconds` of the training rows and `transform_seconds` of the rows held out. Fits run one
      after another so as not to disturb each other's times; what a reducer loads or compiles on
      its first fit is part of that fit's time.

    Every reducer is fitted at one size before any is at the next, so that it is soon known how long
    each takes.

    A frame with text, categories, dates or missing values is compared column by column.
    Autoencoders are wrapped in :class:`TableAutoencoder`, and PCA stands for factor analysis of
    mixed data (FAMD), which is to such tables what PCA is to numbers: PCA of numbers divided by
    their deviations, and of levels less their frequencies, divided by the roots of these. What is
    missing counts as the mean. The scores are

    - `explained_share`, the mean over columns of the share explained: of numbers, dates and spans
      of time R², of categories the share of mistakes that are avoided of those made by always
      guessing the most frequent level. A column counts 0 where it is guessed worse than by the mean
      or that level of the rows held out; `column_scores` has it as it is. Values are those that
      `reconstruct` returns, and only those that are known are scored;
    - `number_r2` and `category_gain`, the same of either kind, where there are both, and
      `category_log_loss`, the mean surprise in nats of the levels, in which pooled levels are one;
    - `target_auroc`, if `y` holds classes, of a logistic regression on codes, each class against
      all others; `target_r2` of a ridge regression if it is continuous. Rows without a target are
      learnt, but not scored by it;
    - times, as of numbers.

    Options of columns, such as `drop`, are those of the `TableAutoencoder` among the reducers, if
    there is one, and hold for all. Where `cv` is a number, a fold learns at most 6,000 rows, drawn
    at random, and is scored on at most 10,000; the folds of a splitter are taken as they are.

    Parameters
    ----------
    reducers : estimator, list of estimators, or dict of str to estimator
        Anything with `transform`, `inverse_transform` and a parameter `n_components`, or a
        Pipeline, whose last step with such a parameter is sized. They see `X` only, never `y`. Of
        a table that is not all numbers: PCA, dense autoencoders, and `TableAutoencoder`.

    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        The rows. Frames of pandas and polars may hold what is no number, and holes.

    y : array-like of shape (n_samples,), default=None
        Class labels, numbers or strings. Numbers that are not whole, or have fewer than three rows
        each on average, are continuous values: they only colour the codes, without `accuracy`.

    n_components : int or sequence of int, default=(2, 4, 8, 16)
        The sizes, at most the number of features and of training rows in a fold: so wide a linear
        code already holds all of the training rows, and nothing is left to compare.

    cv : int or splitter, default=5
        The number of shuffled folds, or a splitter such as `ShuffleSplit`, or an iterable of pairs
        of training and held-out indices.

    n_neighbors : int, default=5
        The neighbours of the classifier and of trustworthiness; small folds use as many as they
        allow. Tables that are not all numbers have no such scores.

    random_state : int, RandomState instance or None, default=None
        Fixes the folds and every `random_state` of every reducer. None shuffles anew each time and
        leaves the reducers as they are.

    callback : callable, default=None
        Called as ``callback(done, total, label)`` before every fit, with the number of fits done,
        and once at the end.

    verbose : int, default=0
        Above 0, progress is shown with the time that is left, as far as the fits so far tell: in a
        terminal or a notebook as a bar in which a fit counts as much as it is expected to take,
        elsewhere as a line after each fit.

    Returns
    -------
    comparison : Comparison
        With `to_frame()`, `plot()`, `plot_codes()` and `plot_reconstructions()`. A
        `TableComparison`, with `to_column_frame()` and `plot_columns()`, of tables that are not all
        numbers.

    Raises
    ------
    TypeError
        If a reducer cannot reconstruct or has no `n_components`.
    ValueError
        If a size, the folds or the labels cannot be used, or if fewer than two columns of a table
        are left to learn from; always before the first fit.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.decomposition import PCA, TruncatedSVD
    >>> from skae import compare
    >>> X, y = load_digits(return_X_y=True)
    >>> comparison = compare(
    ...     [PCA(), TruncatedSVD()], X, y, n_components=(2, 8), cv=3, random_state=0
    ... )
    >>> frame = comparison.to_frame()
    >>> frame[["reducer", "n_components", "mean_reconstruction_r2", "mean_accuracy"]].round(2)
            reducer  n_components  mean_reconstruction_r2  mean_accuracy
    0           PCA             2                    0.28           0.62
    1           PCA             8                    0.67           0.96
    2  TruncatedSVD             2                    0.17           0.40
    3  TruncatedSVD             8                    0.66           0.95

    A table as people have them, with text and holes:

    >>> import numpy as np
    >>> import pandas as pd
    >>> size = np.random.default_rng(0).normal(size=100)
    >>> frame = pd.DataFrame({"size": size, "weight": 3 * size + 1})
    >>> frame["kind"] = np.where(size > 0, "large", "small")
    >>> frame.loc[::10, "weight"] = np.nan
    >>> comparison = compare(PCA(), frame, n_components=1, random_state=0)
    >>> comparison.reducers
    ['FAMD']
    >>> print(comparison.summary())
    FAMD explains 97 % of the table with 1 component.
    ...
    """
    n_neighbors = check_integer("n_neighbors", n_neighbors)
    X, y = in_memory(X), in_memory(y)
    if has_tables(reducers) or is_mixed(X):
        options = {"n_components": n_components, "cv": cv, "random_state": random_state}
        return compare_tables(reducers, X, y, **options, callback=callback, verbose=verbose)
    reducers = name_reducers(reducers)
    X, y = _check_rows(X, y)
    classes = None if _is_continuous(y) else y
    seed = draw_seed(random_state)
    folds = _make_folds(cv, X, y, seed)
    n_train = min(len(fold.train) for fold in folds)
    why = f"{X.shape[1]} features and {n_train} training rows in the smallest fold"
    sizes = check_sizes(n_components, min(n_train, X.shape[1]), why)

    def fit(name: str, size: int, k: int) -> _Result:
        reducer = prepare(reducers[name], size, seed)
        return _score(reducer, X, classes, folds[k], n_neighbors)

    names, verbose = list(reducers), check_integer("verbose", verbose, 0)
    results = run(fit, names, sizes, len(folds), callback, verbose)
    comparison = _collect(results, names, sizes, X, y, folds)
    comparison.baseline = name_of_pca(reducers)
    return comparison


class _Fold(NamedTuple):
    train: Integers
    test: Integers
    # Positions within `test`: the rows of trustworthiness, those kept to look at, and those whose
    # codes are kept.
    judged: Integers
    shown: Integers
    coded: Integers


class _Result(NamedTuple):
    scores: dict[str, float]
    reconstruction: Array
    code: Array


def _check_rows(X: ArrayLike, y: ArrayLike | None) -> tuple[Any, Array | None]:
    refuse_mask(X, "X")
    X = check_array(X, accept_sparse="csr", input_name="X")
    if X.dtype.kind == "b":
        X = X.astype(np.float64)  # truth values have no differences
    return X, None if y is None else check_target(y, X)


def _is_continuous(y: Array | None) -> bool:
    if y is None or y.dtype.kind not in "iuf":
        return False
    # Whole numbers with so few rows each are measurements and no classes.
    return bool(np.any(y != np.round(y))) or len(np.unique(y)) > len(y) / MIN_ROWS_PER_CLASS


def _make_folds(cv: Any, X: Any, y: Array | None, seed: int | None) -> list[_Fold]:
    if isinstance(cv, Integral):
        cv = KFold(cv, shuffle=True, random_state=seed)
    generator = check_random_state(seed)
    splits = check_cv(cv).split(X, y)
    folds = [_make_fold(train, test, k == 0, generator) for k, (train, test) in enumerate(splits)]
    smallest = min(len(fold.test) for fold in folds)
    if smallest < LEAST_HELD_OUT:
        raise ValueError(
            f"cv={cv!r} leaves a fold of {smallest} held-out rows out of {X.shape[0]}, but their "
            f"neighbours are compared, which takes {LEAST_HELD_OUT} or more; use fewer folds."
        )
    return folds


def _make_fold(
    train: Integers, test: Integers, is_first: bool, generator: np.random.RandomState
) -> _Fold:
    train, test = np.asarray(train), np.asarray(test)
    n_judged = min(len(test), MAX_TRUSTWORTHINESS_ROWS)
    judged = np.sort(generator.choice(len(test), n_judged, replace=False))
    return _Fold(
        train, test, judged, spread_rows(test, N_EXAMPLES), np.arange(len(test) if is_first else 0)
    )


def _score(reducer: Any, X: Any, y: Array | None, fold: _Fold, n_neighbors: int) -> _Result:
    """Fit one reducer on one fold; return its scores and what is kept to look at."""
    X_train, X_test = X[fold.train], X[fold.test]
    _, fit_seconds = timed(reducer.fit, X_train)
    raw_code, transform_seconds = timed(reducer.transform, X_test)
    code, reconstruction = as_array(raw_code), as_array(reducer.inverse_transform(raw_code))
    scores = {
        "reconstruction_r2": reconstruction_r2_score(X_test, reconstruction),
        "reconstruction_error": reconstruction_error(X_test, reconstruction),
    }
    if y is not None:
        classifier = KNeighborsClassifier(min(n_neighbors, len(fold.train)))
        classifier.fit(as_array(reducer.transform(X_train)), y[fold.train])
        scores["accuracy"] = classifier.score(code, y[fold.test])
    scores["trustworthiness"] = trustworthiness(
        as_array(X_test[fold.judged]),
        code[fold.judged],
        # It is defined for fewer neighbours than half of the rows.
        n_neighbors=min(n_neighbors, (len(fold.judged) - 1) // 2),
    )
    scores |= {"fit_seconds": fit_seconds, "transform_seconds": transform_seconds}
    return _Result(scores, reconstruction[fold.shown], code[fold.coded])


def _collect(
    results: Sequence[_Result],
    names: list[str],
    sizes: list[int],
    X: Any,
    y: Array | None,
    folds: Sequence[_Fold],
) -> Comparison:
    """Arrange the results, which come in the order reducer, size, fold."""
    shape = len(names), len(sizes), len(folds)
    scores = {
        metric: np.reshape([result.scores[metric] for result in results], shape)
        for metric in results[0].scores
    }
    # The first fold is shown, at the largest size, and at the smallest that fills a plane.
    firsts = np.reshape(np.arange(len(results)), shape)[:, :, 0]
    place = min(int(np.searchsorted(sizes, 2)), len(sizes) - 1)
    largest, planar = firsts[:, -1], firsts[:, place]
    held_out = as_array(X[folds[0].test][folds[0].shown])
    # All rows are looked at, as a rare value may not occur among those of one fold.
    means, deviations = column_moments(X)
    heavy = heavy_columns(X)
    return Comparison(
        names,
        sizes,
        scores,
        originals=held_out,
        reconstructions={
            name: results[i].reconstruction for name, i in zip(names, largest, strict=True)
        },
        feature_means=means,
        feature_deviations=deviations,
        codes={name: results[i].code for name, i in zip(names, planar, strict=True)},
        labels=None if y is None else y[folds[0].test],
        heavy_columns=() if heavy is None else heavy.places,
        absurd_cells=absurd_cells(X),
    )
