"""The records of a text file, of which some have cells filled and all others stay to the byte."""

import io
import re
from collections.abc import Iterator, Mapping
from itertools import islice

_END = re.compile(r"[\r\n]+$")


def filled_text(
    text: str,
    fillings: Mapping[int, Mapping[int, str]],
    delimiter: str,
    n_rows: int,
    n_skipped: int,
    n_names: int,
) -> str | None:
    """Return a text file with some cells filled.

    Parameters
    ----------
    text : str
        The whole file.
    fillings : dict of int to dict of int to str
        By row and place, what a cell is to hold.
    delimiter : str
    n_rows : int
        How many there should be.
    n_skipped, n_names : int
        Lines, and records, before the first row.

    Returns
    -------
    text : str or None
        None where records are not what they should be.
    """
    if delimiter == " ":
        return None  # any number of them may stand between two values
    written: list[str] = []
    row = -n_names
    lines = io.StringIO(text, newline="")
    written += islice(lines, n_skipped)
    for record in _records(lines):
        if not record.strip():
            written.append(record)
            continue
        changed = fillings.get(row)
        written.append(record if changed is None else _filled(record, changed, delimiter))
        row += 1
    return "".join(written) if row == n_rows else None


def _records(lines: Iterator[str]) -> Iterator[str]:
    """Yield lines, joined where a quoted value goes on in the next."""
    begun = ""
    for line in lines:
        begun += line
        if begun.count('"') % 2 == 0:
            yield begun
            begun = ""
    if begun:
        yield begun


def _filled(record: str, changed: Mapping[int, str], delimiter: str) -> str:
    end = match[0] if (match := _END.search(record)) else ""
    fields = _fields(record.removesuffix(end), delimiter)
    fields += [""] * (max(changed) + 1 - len(fields))
    for place, text in changed.items():
        is_quoted = fields[place].strip().startswith('"')
        fields[place] = _quoted(text) if is_quoted or _needs_quotes(text, delimiter) else text
    return delimiter.join(fields) + end


def _fields(record: str, delimiter: str) -> list[str]:
    """Return the values of a record as they are written, quotes included."""
    if '"' not in record:
        return record.split(delimiter)
    fields, begun = [], ""
    for part in record.split(delimiter):
        begun += part
        if begun.count('"') % 2 == 0:
            fields.append(begun)
            begun = ""
        else:
            begun += delimiter
    return [*fields, begun] if begun else fields


def _needs_quotes(text: str, delimiter: str) -> bool:
    return any(sign in text for sign in (delimiter, '"', "\n", "\r"))


def _quoted(text: str) -> str:
    doubled = text.replace('"', '""')
    return f'"{doubled}"'
