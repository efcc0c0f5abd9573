"""Tables as files of any kind, and files with some of their cells filled."""

import bz2
import csv
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from skae.cli._reading import PACKED, SUFFIXES, Dialect, Source, split_name
from skae.cli._recovery import is_number
from skae.messages import needs_extra
from skae.numerics import Array

_PACKERS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
}
_MOST_DECIMALS = 6


def output_path(given: str | None, source: str, part: str) -> Path:
    """Return where a table is written: as asked, or beside nothing under a name of the input.

    Raises
    ------
    ValueError
        If no table can be written under that name, or it is that of the input.
    """
    path = Path(source)
    suffix, packing = split_name(path)
    if given is None:
        stem = path.name
        for end in (packing, suffix):
            stem = stem[: -len(end)] if end and stem.lower().endswith(end) else stem
        # Old workbooks cannot be written, and an archive says nothing of what is in it.
        kept = {".xls": ".xlsx"}.get(suffix, suffix if suffix in SUFFIXES else ".csv")
        return Path(f"{stem}{part}{kept}{packing}")
    out = Path(given)
    check_suffix(out)
    if out.exists() and path.exists() and out.samefile(path):
        raise ValueError(f"--output {given}: this is the file that is read; choose another.")
    return out


def page_beside(path: Path) -> Path:
    """Return where the page about a file is written."""
    stem = path.name
    for end in reversed(split_name(path)):
        stem = stem[: -len(end)] if end else stem
    return path.with_name(f"{stem}.html")


def check_suffix(path: Path) -> None:
    """Refuse a name that no table is written under."""
    suffix, _ = split_name(path)
    if suffix in SUFFIXES and suffix != ".xls":
        if SUFFIXES[suffix] in ("parquet", "arrow"):
            with needs_extra("tables", f"writing {suffix}"):
                import pyarrow  # noqa: F401
        if SUFFIXES[suffix] == "excel":
            with needs_extra("tables", f"writing {suffix}"):
                import openpyxl  # noqa: F401
        return
    known = ", ".join(name for name in SUFFIXES if name != ".xls")
    raise ValueError(
        f"--output {path}: expected a name that ends in one of {known}, or in one of these and "
        f"{', '.join(PACKED)}."
    )


def table_bytes(frame: Any, path: Path, source: Source | None = None) -> bytes:
    """Return a table as a file of the kind that a name says; text is written as the source is."""
    suffix, _ = split_name(path)
    kind = SUFFIXES[suffix]
    buffer = io.BytesIO()
    if kind == "text":
        dialect = (
            None if source is None or _is_tab(source) is not _is_tab(suffix) else source.dialect
        )
        return _packed(_text(frame, suffix, dialect, source), path)
    if kind == "parquet":
        frame.to_parquet(buffer)
    elif kind == "arrow":
        frame.reset_index(drop=True).to_feather(buffer)
    elif kind == "excel":
        sheet = (source and source.sheet) or "Sheet1"
        _without_zones(frame).to_excel(buffer, sheet_name=sheet, index=False, engine="openpyxl")
    else:
        lines = kind == "json lines"
        frame = _as_written(frame, source)
        text = frame.to_json(orient="records", lines=lines, date_format="iso", force_ascii=False)
        buffer.write(text.encode())
    return _packed(buffer.getvalue(), path)


def _is_tab(found: Source | str) -> bool:
    suffix = found if isinstance(found, str) else split_name(found.path)[0]
    return suffix in (".tsv", ".tab")


def _without_zones(frame: Any) -> Any:
    """Return moments without their time zone, which a workbook cannot hold."""
    zoned = {
        name: frame[name].dt.tz_localize(None)
        for name in frame
        if getattr(frame[name].dtype, "tz", None) is not None
    }
    return frame.assign(**zoned)


def _as_written(frame: Any, source: Source | None) -> Any:
    """Return the columns that a file has as text as such text."""
    formats = {} if source is None else source.formats
    texts = {
        name: frame[name].astype(object).map(formats[name].write, na_action="ignore")
        for name in frame
        if name in formats
    }
    return frame.assign(**texts)


def _text(frame: Any, suffix: str, dialect: Dialect | None, source: Source | None) -> bytes:
    if dialect is None:
        dialect = Dialect("\t" if suffix in (".tsv", ".tab") else ",", ".")
        # Its decimal sign may differ from that of a source: only dates keep their way.
        has_names = True
        if source is not None:
            dates = {name: f for name, f in source.formats.items() if "numbers" not in f.described}
            source = Source(source.path, source.kind, frame, source.cells, formats=dates)
    else:
        has_names = dialect.names is not None
    text: str = _as_written(frame, source).to_csv(
        sep=dialect.delimiter, decimal=dialect.decimal, index=False, header=has_names
    )
    return text.encode(dialect.encoding)


def _packed(data: bytes, path: Path) -> bytes:
    _, packing = split_name(path)
    if packing == ".zip":
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(path.stem, data)
        return buffer.getvalue()
    return _PACKERS[packing](data) if packing else data


def filled_bytes(source: Source, values: Mapping[str, tuple[Array, Any]], path: Path) -> bytes:
    """Return the file of a source with some cells filled, and all others as they are.

    Parameters
    ----------
    source : Source
    values : dict of str to tuple
        By column, the places of rows, and a Series of values for these.
    path : Path
        What the kind of file is told by.
    """
    cells = source.cells()
    is_text = source.kind == "text"
    columns: dict[Any, Any] = {}
    for name, (rows, fillings) in values.items():
        label = source.names.index(name) + source.n_before if is_text else name
        columns[label] = _filled(source, name, cells[label], rows, fillings)
    cells = cells.assign(**columns) if not is_text else _assigned(cells, columns)
    if is_text and SUFFIXES[split_name(path)[0]] == "text":
        return _packed(_lines(cells, source, path), path)
    if is_text:
        # In a file of another kind, columns have the types that were found.
        frame = source.frame.copy()
        for name, (rows, fillings) in values.items():
            frame[name] = _set(frame[name], rows, list(fillings))
        return table_bytes(frame, path)
    return table_bytes(
        cells, path, Source(source.path, source.kind, cells, source.cells, sheet=source.sheet)
    )


def _assigned(cells: Any, columns: Mapping[Any, Any]) -> Any:
    for label, column in columns.items():
        cells[label] = column
    return cells


def _filled(source: Source, name: str, cells: Any, rows: Array, fillings: Any) -> Any:
    """Return a column of cells as the file has them, with fillings written likewise."""
    if name in source.formats:
        return _set(cells, rows, [source.formats[name].write(value) for value in fillings])
    if source.kind != "text":
        return _set(cells, rows, list(fillings))
    assert source.dialect is not None
    if is_number(source.frame[name]):
        known = cells[source.frame[name].notna().to_numpy()]
        n_places = _places_of_text(known, source.dialect.decimal)
        texts = [f"{float(value):.{n_places}f}" for value in fillings]
        return _set(cells, rows, [text.replace(".", source.dialect.decimal) for text in texts])
    column = source.frame[name].astype(object).reset_index(drop=True)
    first = column.drop_duplicates().dropna()
    spelt = {value: cells.iloc[place] for place, value in first.items()}
    return _set(cells, rows, [spelt.get(value, str(value)) for value in fillings])


def _places_of_text(known: Any, decimal: str) -> int:
    ends = known.str.strip().str.partition(decimal)[2]
    lengths = ends[ends.str.isdigit()].str.len()
    return min(int(lengths.max()), 12) if len(lengths) else 0


def _set(column: Any, rows: Array, values: list[Any]) -> Any:
    import pandas as pd

    dtype = column.dtype
    if dtype.kind == "O" and not hasattr(column, "cat"):
        cells = column.astype(object).to_numpy().copy()
        cells[rows] = values
        return pd.Series(cells, index=column.index, dtype=dtype, name=column.name)
    column = column.copy()
    column.iloc[rows] = pd.Series(values).astype(dtype).to_numpy()
    return column


def _lines(cells: Any, source: Source, path: Path) -> bytes:
    """Return text in the dialect of the source."""
    dialect = source.dialect
    assert dialect is not None
    beginning = source.beginning
    end = "\r\n" if "\r\n" in beginning else "\n"
    buffer = io.StringIO()
    for line in beginning.splitlines()[: dialect.n_skipped]:
        buffer.write(line + end)
    if dialect.names is not None:
        csv.writer(buffer, delimiter=dialect.delimiter, lineterminator=end).writerow(
            _original_names(dialect)
        )
    cells.to_csv(buffer, sep=dialect.delimiter, header=False, index=False, lineterminator=end)
    return buffer.getvalue().encode(dialect.encoding)


def _original_names(dialect: Dialect) -> list[str]:
    names = list(dialect.names or ())
    # A name was added where lines end in a delimiter and that of names does not.
    return names[:-1] if dialect.is_padded else names


def rounded_like(column: Any, like: Any) -> Any:
    """Return numbers with as many decimals as others have."""
    if like.dtype.kind != "f":
        return column
    known = like.dropna().to_numpy(dtype=np.float64)
    for n_places in range(_MOST_DECIMALS):
        if len(known) and np.allclose(known, np.round(known, n_places), rtol=0, atol=1e-9):
            return column.round(n_places)
    return column
