"""How a text file separates values and writes numbers, found by its first lines."""

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from skae.cli._reading._cells import has_comma_groups, has_decimals, is_date, is_missing, is_number

CALLED = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars", " ": "spaces"}
# Spaces come last: text has them too.
_TRUST = {",": 1.0, ";": 1.0, "\t": 1.0, "|": 0.98, " ": 0.8}
_LEAST_ALIKE = 0.7  # of the lines, with as many values as most
_MOST_LINES = 300


@dataclass(frozen=True)
class Dialect:
    """How a text file is written.

    Attributes
    ----------
    delimiter : str
    decimal : str
        "." or ",".
    encoding : str
    names : list of str or None
        The first line, where it holds the names of columns.
    n_skipped : int
        Lines before it.
    is_short : bool
        Whether the first column has no name in it, as R writes it.
    is_padded : bool
        Whether ``names`` has an empty one at its end that the file has not.
    """

    delimiter: str
    decimal: str
    encoding: str = "utf-8"
    names: tuple[str, ...] | None = None
    n_skipped: int = 0
    is_short: bool = False
    is_padded: bool = False


def find_dialect(
    text: str, *, delimiter: str | None = None, decimal: str | None = None, encoding: str = "utf-8"
) -> Dialect:
    """Find how a file is written.

    Parameters
    ----------
    text : str
        Its first lines.
    delimiter, decimal : str or None
        What is known.
    encoding : str
        What the dialect is to say.
    """
    first, _, rest = text.partition("\n")
    n_skipped = 0
    if first.lower().startswith("sep=") and len(first.strip()) == 5:  # Excel's own hint
        delimiter, text, n_skipped = delimiter or first[4], rest, 1
    chosen = delimiter or _find_delimiter(text)
    rows = split(text, chosen)
    decimal = decimal or _find_decimal(rows, chosen)
    is_short = _lacks_a_name(rows)
    names = tuple(rows[0]) if rows and has_names(rows, decimal, is_short) else None
    # Every line but the first may end in a delimiter.
    is_padded = names is not None and not is_short and _is_wider(rows)
    if names is not None and is_padded:
        names = (*names, "")
    return Dialect(
        chosen, decimal, encoding, names, n_skipped, is_short and names is not None, is_padded
    )


def split(text: str, delimiter: str) -> list[list[str]]:
    """Return the values of the first lines that are not blank."""
    lines = text.splitlines(keepends=True)
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
    rows: list[list[str]] = []
    try:
        for row in reader:
            if row and any(cell != "" for cell in row):
                rows.append([*row[:-1], row[-1].rstrip()])
            if len(rows) == _MOST_LINES:
                break
    except csv.Error:  # a value that is longer than any is
        pass
    return rows


def _find_delimiter(text: str) -> str:
    scores = {delimiter: _score(split(text, delimiter), delimiter) for delimiter in CALLED}
    best = max(scores, key=lambda delimiter: scores[delimiter])
    return best if scores[best] > 0 else ","


def _score(rows: Sequence[Sequence[str]], delimiter: str) -> float:
    """How alike lines are, and how many values are clean, if this is the delimiter.

    Both as of CleverCSV (van den Burg, Nazábal and Sutton 2019), in short.
    """
    if not rows:
        return 0.0
    width, count = Counter(map(len, rows)).most_common(1)[0]
    share = (count + (len(rows[0]) == width - 1)) / len(rows)
    if width < 2 or share < _LEAST_ALIKE:
        return 0.0
    others = [other for other in CALLED if other not in (delimiter, " ")]
    cells = [cell for row in rows for cell in row]
    clean = sum(
        is_missing(cell) or is_number(cell) or is_date(cell) or not any(o in cell for o in others)
        for cell in cells
    )
    score: float = _TRUST[delimiter] * share * (clean / len(cells)) ** 2 * (1 - 1 / width) ** 0.2
    return score


def _find_decimal(rows: Sequence[Sequence[str]], delimiter: str) -> str:
    cells = [cell for row in rows[1:] for cell in row]
    n_commas = sum(has_decimals(cell, ",") for cell in cells)
    n_points = sum(has_decimals(cell, ".") for cell in cells)
    if delimiter == ";" and not n_points:
        # Between semicolons a comma is one of decimals, even where it could part thousands.
        n_commas += sum(has_comma_groups(cell) for cell in cells)
    return "," if n_commas > n_points else "."


def _lacks_a_name(rows: Sequence[Sequence[str]]) -> bool:
    return _is_wider(rows) and any(row[-1] != "" for row in rows[1:])


def _is_wider(rows: Sequence[Sequence[str]]) -> bool:
    """Whether every line has one value more than the first."""
    widths = {len(row) for row in rows[1:]}
    return len(widths) == 1 and widths == {len(rows[0]) + 1}


def has_names(rows: Sequence[Sequence[str]], decimal: str = ".", is_short: bool = False) -> bool:
    """Whether the first of some rows holds the names of columns.

    Parameters
    ----------
    rows : sequence of sequence of str
    decimal : str
    is_short : bool
        Whether it lacks that of the first column.
    """
    first, *body = rows
    if not body or is_short:
        return True
    votes = []
    for place, name in enumerate(first):
        known = [row[place] for row in body if place < len(row) and not is_missing(row[place])]
        votes.append(_vote(name, known, decimal))
    if 1 in votes:
        return True
    if -1 in votes:
        # Numbers that rise, such as years or the places of pixels, may be names.
        return all(is_number(name, decimal) for name in first) and _rise(first, decimal)
    again = [
        any(place < len(row) and row[place] == name for row in body)
        for place, name in enumerate(first)
    ]
    return sum(again) <= len(again) / 2


def _vote(name: str, known: Sequence[str], decimal: str) -> int:
    """1 where a cell is unlike the numbers or dates below it, -1 where it is alike, else 0."""
    if not known or is_missing(name):
        return 0
    for is_one in (lambda cell: is_number(cell, decimal), is_date):
        if all(map(is_one, known)):
            if is_one(name):
                return -1
            return 1 if any(letter.isalpha() for letter in name) else 0
    return 0


def _rise(cells: Sequence[str], decimal: str) -> bool:
    numbers = np.array([float(cell.replace(decimal, ".")) for cell in cells])
    return bool(np.all(numbers == numbers.round()) and np.all(np.diff(numbers) > 0))
