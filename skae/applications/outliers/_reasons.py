"""The columns that make rows odd, in words."""

import datetime
from collections.abc import Hashable, Mapping, Sequence
from statistics import mode
from typing import Any

import numpy as np

from skae.applications.outliers._causes import LEAST_SUSPICIOUS, Hidden
from skae.applications.outliers._judges import Panel
from skae.folds import NEW, HeldOutFolds
from skae.numerics import Array, Bools
from skae.reducers import reconstructed
from skae.tables import is_missing
from skae.tabular import TableRows, columns_of_numbers, table_rows

# A column that adds less to the score of its row, as a share of it, is no reason.
_LEAST_SHARE = 0.01
# Rows of each fold that say how far numbers lie from what is expected of them.
_ROWS_FOR_SPREAD = 100
_DEVIATIONS_PER_MEDIAN = 1.4826
_MICROSECONDS_PER_DAY = 86_400e6


def chosen_columns(contributions: Array, n_reasons: int, least: Array | float) -> Bools:
    """Return which columns add most to the scores of their rows, and more than the least."""
    worst = np.argsort(-contributions, axis=1, kind="stable")[:, :n_reasons]
    is_chosen = np.zeros(contributions.shape, np.bool_)
    np.put_along_axis(is_chosen, worst, True, axis=1)
    chosen: Bools = is_chosen & (contributions > least)
    return chosen


def in_order(
    said: Mapping[tuple[int, int], str], contributions: Array, unit: str
) -> list[list[str]]:
    """Return what is said of columns, by row, the most that is added first."""
    reasons: list[list[str]] = [[] for _ in contributions]
    for row, column in sorted(said, key=lambda cell: (cell[0], -contributions[cell])):
        reasons[row].append(f"{said[row, column]}: {_rounded(contributions[row, column], 3)}{unit}")
    return reasons


def reasons_of_numbers(
    panel: Panel[Array], rows: Array, labels: Sequence[Hashable], contributions: Array, n: int
) -> list[list[str]]:
    """Return why rows of numbers are odd."""
    expected = panel.judged(rows, np.zeros(rows.shape), lambda judge: _reconstructed_by(judge))
    least = _LEAST_SHARE * np.abs(contributions).sum(axis=1, keepdims=True)
    said = {
        (row, column): f"{labels[column]} = {_shown(rows[row, column])}, expected "
        f"{_shown(expected[row, column])}"
        for row, column in np.argwhere(chosen_columns(contributions, n, least)).tolist()
    }
    return in_order(said, contributions, "")


def _reconstructed_by(judge: Any) -> Any:
    return lambda X: reconstructed(judge.reducer, X)


def reasons_of_tables(
    panel: Any,
    rows: TableRows,
    labels: Sequence[Hashable],
    contributions: Array,
    n: int,
    spreads: Mapping[int, float],
    causes: Mapping[int, Hidden],
) -> list[list[str]]:
    """Return why rows of a table are odd: what is expected is what other columns suggest.

    Those that are to blame, as ``laid_on_causes`` returns them, suggest nothing.
    """
    is_chosen = chosen_columns(contributions, n, LEAST_SUSPICIOUS)
    is_new, said = panel.novelty(rows) > 0, {}
    groups: dict[tuple[int, Hidden], list[int]] = {}
    for row, column in np.argwhere(is_chosen).tolist():
        hidden = tuple(sorted({column, *causes.get(row, ())}))
        groups.setdefault((column, hidden), []).append(row)
    for (column, hidden), chosen in groups.items():
        places = np.array(chosen)
        own = rows[places]
        expected = _expected(panel, own, column, hidden, is_number=column in spreads)
        for place, value, other in zip(places.tolist(), own.column(column), expected, strict=True):
            fact = _fact(labels[column], value, is_new=bool(is_new[place, column]))
            said[place, column] = fact + _instead(value, other, spreads.get(column))
    return in_order(said, contributions, " nats")


def _expected(
    panel: Panel[TableRows], rows: TableRows, column: int, hidden: Hidden, *, is_number: bool
) -> list[Any]:
    """Return what judges that have not seen a row impute for a cell that is hidden from them."""
    found: list[list[Any]] = [[] for _ in range(len(rows))]
    held_out_in = panel.held_out_in(rows)
    for fold, judge in enumerate(panel.judges):
        places = np.flatnonzero((held_out_in == fold) | (held_out_in == NEW))
        if len(places):
            filled = _imputed(judge.reducer, rows[places], hidden).column(column)
            for place, value in zip(places.tolist(), filled, strict=True):
                # The rows of a fold may have left the column out.
                if not is_missing(value):
                    found[place].append(value)
    middle = _middle if is_number else mode
    return [middle(values) if values else None for values in found]


def _middle(values: list[Any]) -> Any:
    """Return the median of numbers, or of moments the lower of two."""
    return sorted(values)[(len(values) - 1) // 2]


def _imputed(reducer: Any, rows: TableRows, hidden: Hidden) -> TableRows:
    return table_rows(reducer.impute(rows.without(*hidden)))


def spreads_of_numbers(
    reducers: Sequence[Any], rows: TableRows, folds: HeldOutFolds
) -> dict[int, float]:
    """Return how far numbers lie from what the others suggest, by the place of their column.

    Numbers are in their unit, dates and spans in microseconds; robust standard deviations, of rows
    that their reducer has not seen.
    """
    residuals: dict[int, list[Array]] = {}
    for fold, reducer in enumerate(reducers):
        own = np.flatnonzero(folds.of_rows == fold)
        some = rows[own[np.linspace(0, len(own) - 1, min(len(own), _ROWS_FOR_SPREAD)).astype(int)]]
        for label in columns_of_numbers(reducer):
            column = rows.labels.index(label)
            made = _imputed(reducer, some, (column,)).keys[:, column]
            residuals.setdefault(column, []).append(np.abs(made - some.keys[:, column]))
    return {column: _spread(np.concatenate(all_)) for column, all_ in residuals.items()}


def _spread(distances: Array) -> float:
    """Return a robust standard deviation; 0 where nothing is known."""
    known = distances[~np.isnan(distances)]
    return _DEVIATIONS_PER_MEDIAN * float(np.median(known)) if len(known) else 0.0


def _fact(label: Hashable, value: Any, *, is_new: bool) -> str:
    """Return what the value of a column is."""
    if is_missing(value):
        return f"{label} is missing, as never in fit" if is_new else f"{label} is missing"
    return f"{label} = {_shown(value)}{', never seen in fit' if is_new else ''}"


def _instead(value: Any, expected: Any, spread: float | None) -> str:
    """Return what was expected of a column, where anything else was."""
    is_same = not is_missing(value) and not is_missing(expected)
    if is_missing(expected) or (is_same and _shown(expected) == _shown(value)):
        return ""
    text = f", expected {_shown(expected)}"
    if spread is None:
        return text
    is_time = isinstance(expected, datetime.date | datetime.timedelta)
    shown = _rounded(spread / _MICROSECONDS_PER_DAY if is_time else spread, 2)
    return text if float(shown) == 0 else f"{text} (+/- {shown}{' days' if is_time else ''})"


def _shown(value: Any) -> str:
    """Return a value, which is not missing, as it is written in a sentence."""
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return str(value.date())
    if isinstance(value, datetime.timedelta):
        return str(value).removesuffix(" 00:00:00").removesuffix(", 0:00:00")
    if isinstance(value, float):
        return f"{value:.15g}" if value % 1 == 0 else _rounded(value, 4)
    return str(value)


def _rounded(value: float, n_digits: int) -> str:
    """Return a number of so many digits, without a power of ten unless it is far from one."""
    return f"{float(f'{value:.{n_digits}g}'):.15g}"
