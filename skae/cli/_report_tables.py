"""What the page of a comparison says of a table that is not all numbers."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from skae.cli._figures import MOST_COLUMNS
from skae.comparison import TableComparison, components, listed
from skae.numerics import Array

N_EXAMPLES = 3
_LONGEST = 24  # characters of a value
_MIDNIGHT = " 00:00:00"


class ColumnRow(NamedTuple):
    """The scores of one column with the most components: a cell for each reducer."""

    name: str
    kind: str
    cells: list[Mapping[str, Any]]


class Value(NamedTuple):
    """A value as a text, and whether it is a level other than that of the row."""

    text: str
    is_wrong: bool = False


def column_rows(comparison: TableComparison) -> list[ColumnRow]:
    """Return a row for each column, in the order of the table."""
    explained = comparison.mean_of_columns()[:, -1]
    accuracy = comparison.mean_of_columns("accuracy")[:, -1]
    return [
        ColumnRow(str(name), kind, _column_cells(explained[:, place], accuracy[:, place]))
        for place, (name, kind) in enumerate(zip(comparison.columns, comparison.kinds, strict=True))
    ]


def _column_cells(explained: Array, accuracy: Array) -> list[Mapping[str, Any]]:
    known = explained[~np.isnan(explained)]
    best = known.max() if len(explained) > 1 and len(known) else np.nan
    return [
        {
            "share": "none" if np.isnan(share) else f"{share:.3f}",
            "accuracy": "" if np.isnan(right) else f"{right:.3f}",
            "best": bool(share == best and share > 0),
        }
        for share, right in zip(explained, accuracy, strict=True)
    ]


def describe_columns(comparison: TableComparison) -> str:
    """Say what the picture of the columns shows, for those who do not see it."""
    shares = comparison.mean_of_columns()[:, -1]
    ends = []
    for name, own in zip(comparison.reducers, shares, strict=True):
        known = np.where(np.isnan(own), -np.inf, own)
        place = int(known.argmax())
        ends.append(f"{name} most of {comparison.columns[place]} ({max(known[place], 0):.0%})")
    n_drawn = min(len(comparison.columns), MOST_COLUMNS)
    return (
        f"The share explained of {n_drawn} columns, the hardest first, with "
        f"{components(comparison.n_components[-1])}: {listed(ends)}."
    ).replace("%", " %")


def example_rows(comparison: TableComparison) -> list[tuple[str, list[Value]]]:
    """Return the values of a few rows by column, each before what reducers make of it."""
    return [
        (str(name), _examples_of(comparison, place))
        for place, name in enumerate(comparison.columns)
    ]


def _examples_of(comparison: TableComparison, place: int) -> list[Value]:
    name: Any = comparison.columns[place]
    table: Any = comparison.originals
    originals = table[name].tolist()
    # Dates alone are told without the midnight that they are kept with.
    known = [str(value) for value in originals if not _is_missing(value)]
    ending = _MIDNIGHT if all(text.endswith(_MIDNIGHT) for text in known) else ""
    values = []
    for row, original in enumerate(originals[:N_EXAMPLES]):
        values.append(Value(_text(original, ending)))
        made: Any
        for made in comparison.reconstructions.values():
            value = made[name].tolist()[row] if name in made else None
            is_wrong = not comparison.is_number[place] and not _is_missing(original)
            values.append(Value(_text(value, ending), is_wrong and str(value) != str(original)))
    return values


def n_examples(comparison: TableComparison) -> int:
    """Return how many rows are shown."""
    return min(N_EXAMPLES, len(comparison.originals))


def _is_missing(value: Any) -> bool:
    return value is None or value != value or type(value).__name__ == "NAType"


def _number(value: float) -> str:
    return f"{value:.0f}" if 1e4 <= abs(value) < 1e12 else f"{value:.4g}"


def _text(value: Any, ending: str) -> str:
    if type(value).__name__ == "NAType" or value is None or value != value:
        return "missing"
    text = _number(value) if isinstance(value, float) else str(value).removesuffix(ending)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
