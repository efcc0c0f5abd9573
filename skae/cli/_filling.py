"""A file with some of its cells filled, and all others as they are."""

import io
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from skae.cli._reading import SUFFIXES, Source, split_name
from skae.cli._records import filled_text
from skae.cli._recovery import is_number
from skae.cli._writing import packed, table_bytes
from skae.numerics import Array

# By column, the places of rows and a Series of what fills them.
Fillings = Mapping[str, tuple[Array, Any]]


def filled_bytes(source: Source, values: Fillings, path: Path) -> bytes:
    """Return the file of a source with some cells filled, and all others as they are.

    Parameters
    ----------
    source : Source
    values : dict of str to tuple
        By column, the places of rows, and a Series of values for these.
    path : Path
        What the kind of file is told by.
    """
    if source.kind == "text" and SUFFIXES[split_name(path)[0]] == "text":
        return packed(_filled_text(source, values), path)
    # In a file of another kind than text, columns have the types that were found.
    frame = source.whole.copy()
    for name, (rows, fillings) in values.items():
        if source.kind == "text":
            frame[name] = _set(source.frame[name], rows, list(fillings))
        elif name in source.formats:
            texts = [source.formats[name].write(value) for value in fillings]
            frame[name] = _set(frame[name], rows, texts)
        else:
            frame[name] = _set(frame[name], rows, list(fillings))
    like = Source(source.path, source.kind, frame, source.cells, sheet=source.sheet)
    return table_bytes(frame, path, like)


def _filled_text(source: Source, values: Fillings) -> bytes:
    cells, dialect = source.cells(), source.dialect
    assert dialect is not None
    texts: dict[int, dict[int, str]] = {}
    for name, (rows, fillings) in values.items():
        place = source.names.index(name) + source.n_before
        for row, text in zip(rows, _texts(source, name, cells[place], fillings), strict=True):
            texts.setdefault(int(row), {})[place] = text
    whole = source.text()
    n_before = dialect.n_skipped, int(dialect.names is not None)
    filled = filled_text(whole, texts, dialect.delimiter, len(cells), *n_before)
    if filled is None:
        filled = _written_again(source, cells, texts)
    return filled.encode(dialect.encoding)


def _texts(source: Source, name: str, cells: Any, fillings: Any) -> list[str]:
    """Return what fills cells as text, written as other cells of the column are."""
    assert source.dialect is not None
    if name in source.formats:
        return [source.formats[name].write(value) for value in fillings]
    if is_number(source.frame[name]):
        decimal = source.dialect.decimal
        n_places = _places_of_text(cells[source.frame[name].notna().to_numpy()], decimal)
        return [f"{float(value):.{n_places}f}".replace(".", decimal) for value in fillings]
    column = source.frame[name].astype(object).reset_index(drop=True)
    first = column.drop_duplicates().dropna()
    spelt = {value: cells.iloc[place] for place, value in first.items()}
    return [spelt.get(value, str(value)) for value in fillings]


def _places_of_text(known: Any, decimal: str) -> int:
    ends = known.str.strip().str.partition(decimal)[2]
    lengths = ends[ends.str.isdigit()].str.len()
    return min(int(lengths.max()), 12) if len(lengths) else 0


def _as_decimals(values: list[Any], cells: Array) -> list[Any]:
    """Return numbers as decimals with as many places as there are, where cells hold such."""
    exponents = [
        cell.as_tuple().exponent for cell in cells if isinstance(cell, Decimal) and cell.is_finite()
    ]
    if not exponents:
        return values
    n_places = max(0, -min(map(int, exponents)))
    return [Decimal(f"{value:.{n_places}f}") for value in values]


def _set(column: Any, rows: Array, values: list[Any]) -> Any:
    import pandas as pd

    dtype = column.dtype
    if dtype.kind == "O" and not hasattr(column, "cat"):
        cells = column.astype(object).to_numpy().copy()
        cells[rows] = _as_decimals(values, cells)
        return pd.Series(cells, index=column.index, dtype=dtype, name=column.name)
    column = column.copy()
    column.iloc[rows] = pd.Series(values).astype(dtype).to_numpy()
    return column


def _written_again(source: Source, cells: Any, texts: Mapping[int, Mapping[int, str]]) -> str:
    """Return all cells as text in the dialect of the source, where lines cannot be told apart."""
    dialect = source.dialect
    assert dialect is not None
    cells = cells.astype(object)
    for row, changed in texts.items():
        for place, text in changed.items():
            cells.iat[row, place] = text
    names = list(dialect.names or ())
    buffer = io.StringIO()
    if dialect.names is not None:
        header = cells.iloc[:0].set_axis(["", *names] if dialect.is_short else names, axis=1)
        header.to_csv(buffer, sep=dialect.delimiter, index=False)
    cells.to_csv(buffer, sep=dialect.delimiter, header=False, index=False)
    return buffer.getvalue()
