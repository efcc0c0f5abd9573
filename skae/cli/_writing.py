"""Tables as files of any kind, and the names of these."""

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from skae.cli._reading import PACKED, SUFFIXES, Dialect, Source, split_name
from skae.messages import needs_extra

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
        return packed(_text(frame, suffix, dialect, source), path)
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
    return packed(buffer.getvalue(), path)


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


def _as_spelt(frame: Any, source: Source | None) -> Any:
    """Return truth values as a text file spells them, such as TRUE."""
    names = [name for name in frame if frame[name].dtype in ("bool", "boolean")]
    if source is None or source.kind != "text" or not names:
        return frame
    cells, texts = source.cells(), {}
    for name in names:
        known = source.frame[name].astype(object).reset_index(drop=True).drop_duplicates().dropna()
        column = cells[source.names.index(name) + source.n_before]
        spelt = {value: column.iloc[place].strip() for place, value in known.items()}
        texts[name] = frame[name].astype(object).map(spelt)
    return frame.assign(**texts)


def _text(frame: Any, suffix: str, dialect: Dialect | None, source: Source | None) -> bytes:
    frame = _as_spelt(frame, source)
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


def packed(data: bytes, path: Path) -> bytes:
    """Return bytes packed as a name says."""
    _, packing = split_name(path)
    if packing == ".zip":
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(path.stem, data)
        return buffer.getvalue()
    return _PACKERS[packing](data) if packing else data


def rounded_like(column: Any, like: Any) -> Any:
    """Return numbers with as many decimals as others have."""
    if like.dtype.kind != "f":
        return column
    known = like.dropna().to_numpy(dtype=np.float64)
    for n_places in range(_MOST_DECIMALS):
        if len(known) and np.allclose(known, np.round(known, n_places), rtol=0, atol=1e-9):
            return column.round(n_places)
    return column
