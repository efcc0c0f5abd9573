"""How alike drawn rows and real ones are."""

from typing import Any, NamedTuple

import numpy as np

from skae.cli._recovery import as_floats, is_number, kind_of
from skae.cli._table_file import LEAST_PER_CLASS
from skae.numerics import Array

_MOST_LEVELS = 20
_MOST_ROWS = 5_000
_N_TREES = 50


class Likeness(NamedTuple):
    """How alike one column is.

    Attributes
    ----------
    name : str
    kind : {"number", "date", "span", "category"}
    distance : float
        Of categories, the share of rows that would have to change; of numbers, the largest
        difference of the shares of rows below a value (Kolmogorov and Smirnov).
    missing, missing_drawn : float
        Shares.
    """

    name: str
    kind: str
    distance: float
    missing: float
    missing_drawn: float


def likenesses(real: Any, drawn: Any) -> list[Likeness]:
    """Compare the columns of drawn rows with those of real ones."""
    found = []
    for name in drawn:
        ours, theirs = drawn[name], real[name]
        kind = kind_of(theirs)
        distance = (
            _total_variation(theirs.dropna(), ours.dropna())
            if kind == "category"
            else _kolmogorov(as_floats(theirs.dropna()), as_floats(ours.dropna()))
        )
        absent = float(theirs.isna().mean()), float(ours.isna().mean())
        found.append(Likeness(name, kind, distance, *absent))
    return found


def _kolmogorov(first: Array, second: Array) -> float:
    if not len(first) or not len(second):
        return 0.0 if len(first) == len(second) else 1.0
    values = np.concatenate([first, second])
    below = [
        np.searchsorted(np.sort(some), values, side="right") / len(some) for some in (first, second)
    ]
    return float(np.abs(below[0] - below[1]).max())


def _total_variation(first: Any, second: Any) -> float:
    if not len(first) or not len(second):
        return 0.0 if len(first) == len(second) else 1.0
    shares = [some.astype(str).value_counts(normalize=True) for some in (first, second)]
    return float(shares[0].subtract(shares[1], fill_value=0).abs().sum() / 2)


def associations(frame: Any, names: list[str]) -> Array:
    """Return how much columns say about each other, between 0 and 1.

    Of two numbers the correlation without its sign, of two categories Cramér's V, and of a number
    and a category the root of the share of the variance that the category explains.
    """
    columns = {name: _prepared(frame[name].iloc[:_MOST_ROWS]) for name in names}
    table = np.eye(len(names))
    for i, first in enumerate(names):
        for j, second in enumerate(names[:i]):
            table[i, j] = table[j, i] = _association(columns[first], columns[second])
    return table


def _prepared(column: Any) -> Array:
    """Return numbers as floats, and categories as integers, -1 where missing."""
    if is_number(column):
        return as_floats(column)
    texts = column.astype(object).map(str, na_action="ignore")
    frequent = texts.value_counts().index[:_MOST_LEVELS]
    places = {level: place for place, level in enumerate(frequent)}
    codes = texts.map(lambda text: places.get(text, len(places)), na_action="ignore")
    return np.asarray(codes.fillna(-1).astype(np.int64))


def _association(first: Array, second: Array) -> float:
    are_numbers = [some.dtype.kind == "f" for some in (first, second)]
    known = [np.isfinite(some) if some.dtype.kind == "f" else some >= 0 for some in (first, second)]
    both = known[0] & known[1]
    first, second = first[both], second[both]
    if len(first) < 3 or np.all(first == first[0]) or np.all(second == second[0]):
        return 0.0
    if all(are_numbers):
        return float(abs(np.corrcoef(first, second)[0, 1]))
    if not any(are_numbers):
        return _cramer(first, second)
    numbers, codes = (first, second) if are_numbers[0] else (second, first)
    sizes = np.bincount(codes)
    means = np.bincount(codes, weights=numbers) / np.maximum(sizes, 1)
    between = np.sum(sizes * np.square(means - numbers.mean())) / len(numbers)
    return float(np.sqrt(min(1.0, between / numbers.var())))


def _cramer(first: Array, second: Array) -> float:
    counts = np.zeros((first.max() + 1, second.max() + 1))
    np.add.at(counts, (first, second), 1)
    counts = counts[counts.any(axis=1)][:, counts.any(axis=0)]
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / counts.sum()
    chi2 = np.sum(np.square(counts - expected) / expected)
    return float(np.sqrt(min(1.0, chi2 / counts.sum() / max(1, min(counts.shape) - 1))))


class Usefulness(NamedTuple):
    """How well a target is predicted on real rows that nothing has seen.

    Attributes
    ----------
    score : str
        "accuracy" or "R²".
    real, drawn, plain : float
        After training on real rows, on drawn ones, and by the most frequent class or the mean.
    n_tested : int
    """

    score: str
    real: float
    drawn: float
    plain: float
    n_tested: int


def usefulness(train: Any, drawn: Any, test: Any, target: str, random_state: int) -> Usefulness:
    """Train forests on real and on drawn rows, and test both on other real rows."""
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    train, drawn, test = (rows[rows[target].notna()] for rows in (train, drawn, test))
    names = [name for name in drawn if name != target]
    is_class = _has_classes(train[target])
    model = RandomForestClassifier if is_class else RandomForestRegressor
    are_levels = is_class and not is_number(train[target])
    labels = (lambda r: r[target].astype(str)) if are_levels else lambda r: as_floats(r[target])
    features = {id(rows): _features(rows, train, names) for rows in (train, drawn, test)}
    y_train, y_drawn, y_test = (np.asarray(labels(rows)) for rows in (train, drawn, test))

    def score(rows: Any, y: Array) -> float:
        if len(np.unique(y)) < 2:
            return _constant_score(y[0] if len(y) else y_train[0], y_test, is_class)
        fitted = model(_N_TREES, min_samples_leaf=3, random_state=random_state).fit(
            features[id(rows)], y
        )
        return float(fitted.score(features[id(test)], y_test))

    real, synthetic = score(train, y_train), score(drawn, y_drawn)
    if is_class:
        values, counts = np.unique(y_train, return_counts=True)
        plain = float(np.mean(y_test == values[counts.argmax()]))
    else:
        plain = 0.0
    return Usefulness("accuracy" if is_class else "R²", real, synthetic, plain, len(test))


def _has_classes(column: Any) -> bool:
    """Whether a target without missing values has classes, as `compare` tells."""
    if not is_number(column):
        return True
    if column.dtype.kind in "mM":
        return False
    values = as_floats(column)
    is_whole = bool(np.all(values == np.round(values)))
    return is_whole and len(np.unique(values)) <= len(values) / LEAST_PER_CLASS


def _constant_score(value: Any, real: Array, is_class: bool) -> float:
    if is_class:
        return float(np.mean(real == value))
    return float(1 - np.mean(np.square(real - value)) / (real.var() or 1.0))


def _features(rows: Any, train: Any, names: list[str]) -> Array:
    """Return numbers as they are, and levels by their frequency among the rows of training."""
    columns = []
    for name in names:
        if is_number(train[name]):
            columns.append(as_floats(rows[name]))
            continue
        order = train[name].astype(object).map(str, na_action="ignore").value_counts().index
        places = {level: float(place) for place, level in enumerate(order)}
        texts = rows[name].astype(object).map(str, na_action="ignore")
        columns.append(np.asarray(texts.map(places), dtype=np.float64))
    return np.column_stack(columns)
