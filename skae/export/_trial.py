"""Files are tried before they are put in place: on a few rows they answer as the estimator does."""

import copy
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.pipeline import Pipeline
from sklearn.utils import _safe_indexing

from skae.applications import ReconstructionOutlierDetector
from skae.export._asking import Question
from skae.export._converters import Asked
from skae.export._inputs import Input
from skae.export._inverses import Inverse
from skae.export._made_up import made_up
from skae.export._refusals import CannotExport
from skae.export._running import Run
from skae.folds import NEW
from skae.numerics import Array
from skae.reducers import steps_of, with_names

# Of rows that are given, so many are tried.
_MOST_ROWS = 100
# What a wrong file is beyond: of the deviation of the answers, and of the largest of them.
_OF_DEVIATION, _OF_LARGEST = 1e-2, 1e-5
_OF_LABELS = 0.1


@dataclass(frozen=True)
class Trial:
    """Rows, and what an estimator answers about them.

    Attributes
    ----------
    rows : array-like
        As the estimator reads them.
    feed : dict of str to ndarray
        As a file does.
    expected : list of ndarray
        An answer for each method.
    """

    rows: Any
    feed: Mapping[str, Array]
    expected: list[Array]


def trial_of(question: Question, inputs: list[Input], X: Any) -> Trial:
    """Rows for a file to be tried on, and the answers to be expected.

    Parameters
    ----------
    question : Question
    inputs : list of Input
    X : array-like or None
        Rows of the user; None to make some up.

    Raises
    ------
    ValueError
        If the estimator refuses the rows, or all that were made up.
    """
    if X is not None:
        rows = _first(X, inputs)
        return Trial(rows, feed_of(rows, inputs), expected_of(question, rows))
    refusal: Exception | None = None
    for made in _made_up(question):
        (feed,) = [made.astype(one.given) for one in inputs]
        rows = with_names(question.first, feed)
        try:
            return Trial(rows, {inputs[0].name: feed}, expected_of(question, rows))
        except Exception as error:  # of an estimator that nobody knows
            refusal = refusal or error
    raise ValueError(
        f"No rows could be made up that this {type(question.estimator).__name__} takes, to try the "
        "file on. Pass a few like those of fit: to_onnx(..., X=rows)."
    ) from refusal


def expected_of(question: Question, rows: Any) -> list[Array]:
    """What an estimator answers, a detector as of new rows."""
    estimator = _of_new_rows(question)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return [_plain(getattr(estimator, name)(rows)) for name in question.methods]


def feed_of(rows: Any, inputs: list[Input]) -> dict[str, Array]:
    """Rows as a file reads them."""
    if inputs[0].is_column:
        return {
            one.name: np.asarray(rows[one.name]).astype(one.given).reshape(-1, 1) for one in inputs
        }
    (one,) = inputs
    values = _plain(rows)
    return {one.name: values.reshape(len(values), -1).astype(one.given)}


def check_answers(run: Run, trial: Trial, methods: tuple[str, ...]) -> None:
    """Compare what a file answers with what the estimator does.

    Raises
    ------
    CannotExport
        If a method's answers differ.
    CannotRun
        If there are none.
    """
    found = run(trial.feed)
    for name, answer, expected in zip(methods, found, trial.expected, strict=True):
        difference = _difference(np.asarray(answer), expected)
        if difference is not None:
            raise CannotExport(f"what the file answers for {name!r} {difference}.")


def _difference(found: Array, expected: Array) -> str | None:
    if found.shape != expected.shape:
        return f"has the shape {found.shape}, where the estimator's has {expected.shape}"
    if expected.dtype.kind != "f":
        share = float(np.mean(found != expected)) if expected.size else 0.0
        return f"is another label in {share:.0%} of the rows" if share > _OF_LABELS else None
    if found.dtype.kind != "f":
        return f"is of type {found.dtype}, where the estimator's is of {expected.dtype}"
    finite = np.isfinite(expected)
    known = np.where(finite, expected, np.nan)
    deviation = float(np.nan_to_num(_deviation(known)))
    largest = float(np.abs(expected[finite]).max(initial=0.0))
    most = _OF_DEVIATION * deviation + _OF_LARGEST * largest
    alike = np.isclose(found, expected, rtol=0.0, atol=most, equal_nan=True)
    if alike.all():
        return None
    worst = float(np.nan_to_num(np.abs(found - expected)[~alike], nan=np.inf).max())
    return f"is {worst:.2g} off, where the estimator's deviate by {deviation:.2g}"


def _deviation(values: Array) -> Any:
    """That of the column which deviates most."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # columns without a number
        return np.max(np.nanstd(values, axis=0), initial=0.0)


def _made_up(question: Question) -> Any:
    first = question.first
    if not (isinstance(first, Asked) and isinstance(first.estimator, Inverse)):
        yield from made_up(steps_of(question.estimator))
        return
    steps = first.estimator.steps
    for rows in made_up(steps):
        try:
            code = rows
            for step in steps:
                code = _plain(step.transform(with_names(step, code)))
        except Exception:  # codes of others follow
            continue
        yield code


def _of_new_rows(question: Question) -> Any:
    """The estimator, which does not know the rows of its fit again."""
    if not isinstance(question.last, ReconstructionOutlierDetector):
        return question.estimator
    detector = copy.copy(question.last)
    panel = detector._panel = copy.copy(detector._panel)
    panel.folds = _NoFolds()
    before = steps_of(question.estimator)[:-1]
    steps = [*before, detector]
    return Pipeline([(str(i), step) for i, step in enumerate(steps)]) if before else detector


class _NoFolds:
    def find(self, X: Array) -> Array:
        return np.full(len(X), NEW)


def _first(X: Any, inputs: list[Input]) -> Any:
    """The first rows that can be given to a file, in the precision in which it reads them."""
    if isinstance(X, str | bytes | PathLike):
        raise TypeError(f"X={X!r} is text, but a few rows like those of fit were expected.")
    if not hasattr(X, "shape"):
        X = np.asarray(X)
    if X.ndim == 0 or not X.shape[0]:
        raise ValueError(f"X holds no rows: its shape is {X.shape}. Pass a few like those of fit.")
    if inputs[0].is_column:
        return _first_of_frame(X, inputs)
    rows = X[:_MOST_ROWS] if not hasattr(X, "columns") else _safe_indexing(X, _places(len(X)))
    is_single = inputs[0].given == np.float32
    return rows.astype(np.float32) if is_single and hasattr(rows, "astype") else rows


def _first_of_frame(X: Any, inputs: list[Input]) -> Any:
    """The same of a frame, without rows where text is missing: a file has no such text."""
    is_whole = np.ones(len(X), bool)
    for one in inputs:
        if one.given.kind == "O":
            values = np.asarray(X[one.name])
            is_whole &= np.array([isinstance(value, str) for value in values], bool)
    places = np.flatnonzero(is_whole)[:_MOST_ROWS]
    if not len(places):
        raise ValueError(
            "X holds no row whose text is all there, to try the file on. Pass a few more rows."
        )
    rows = _safe_indexing(X, places)
    single = [one.name for one in inputs if one.given == np.float32]
    if not single:
        return rows
    columns = {name: np.asarray(rows[name]).astype(np.float32) for name in single}
    if hasattr(rows, "assign"):
        return rows.assign(**columns)
    return rows.with_columns(*(type(rows[name])(name, values) for name, values in columns.items()))


def _places(n_rows: int) -> Array:
    return np.arange(min(n_rows, _MOST_ROWS))


def _plain(values: Any) -> Array:
    """An answer or rows as an array."""
    return values.toarray() if sparse.issparse(values) else np.asarray(values)
