"""Read files of values that a delimiter separates."""

import io
import re
import warnings
from typing import Any

import numpy as np

from skae.cli._reading._cells import MISSING, NONE
from skae.cli._reading._columns import check_names
from skae.cli._reading._content import Content, attempt
from skae.cli._reading._dialect import CALLED, Dialect, find_dialect
from skae.cli._reading._encodings import find_encoding
from skae.cli._reading._source import ReadingOptions, Source

_SAMPLE = 200_000  # bytes that the dialect is found by


def read_text_file(content: Content, options: ReadingOptions) -> Source:
    """Find how a text file is written, and read it."""
    if options.delimiter is not None and options.delimiter == options.decimal:
        raise ValueError(
            f"--delimiter and --decimal are both {options.decimal!r}; values and decimals cannot "
            "be told apart by one sign: leave one of them out."
        )
    encoding, note = find_encoding(content.data, content.path, options.encoding)
    notes = [note] if note else []
    given = options.delimiter
    if given is None and content.suffix in (".tsv", ".tab"):
        given = "\t" if b"\t" in content.data[:_SAMPLE] else None
    beginning = _beginning(content.data, encoding)
    dialect = find_dialect(
        beginning,
        delimiter=given,
        decimal=options.decimal,
        encoding=encoding,
    )
    usual = "\t" if content.suffix in (".tsv", ".tab") else ","
    if options.delimiter is None and dialect.delimiter != usual:
        notes.append(f"Values are separated by {CALLED[dialect.delimiter]}.")
    if options.decimal is None and dialect.decimal == ",":
        notes.append("Numbers have decimal commas.")
    missing: dict[str, Any] = {"keep_default_na": False, "na_values": sorted(MISSING - {NONE})}
    frame = attempt(
        _read_frame,
        content.path,
        content.data,
        dialect,
        **missing,
        cause=f"is it really a {content.suffix} file?",
    )
    codes = _codes(content.data, dialect, frame, missing)
    frame = _without_empty_end(_with_columns(frame, codes))
    if dialect.names is None:
        names = [f"column {i}" for i in range(frame.shape[1])]
        notes.append("The first line holds values and no names: columns are named by their places.")
    else:
        names = list(map(str, frame.columns))
    check_names(content.path, [name for name in names if name])
    frame = frame.set_axis(names, axis=1)
    source = Source(content.path, content.kind, frame, lambda: frame, notes, dialect)
    source.codes = frozenset(names[place] for place in codes)
    source.text = lambda: content.data.decode(encoding)
    _name_columns(source)
    source.cells = lambda: _cells_as_written(content, source)
    return source


def _beginning(data: bytes, encoding: str) -> str:
    text = data[:_SAMPLE].decode(encoding, errors="ignore")
    if len(data) > _SAMPLE:
        text = text[: text.rfind("\n") + 1] or text
    return text


def _read_frame(data: bytes, dialect: Dialect, **options: Any) -> Any:
    import pandas as pd

    has_names = dialect.names is not None
    if has_names:
        names = list(dialect.names or ())
        options["names"] = _distinct(["", *names] if dialect.is_short else names)
    with warnings.catch_warnings():
        # Of a line that is longer than the first, pandas would drop the end with a warning.
        warnings.simplefilter("error", pd.errors.ParserWarning)
        frame = pd.read_csv(
            io.BytesIO(data),
            sep=r"\s+" if dialect.delimiter == " " else dialect.delimiter,
            decimal=dialect.decimal,
            encoding=dialect.encoding,
            header=0 if has_names else None,
            skiprows=dialect.n_skipped,
            index_col=False,
            low_memory=False,
            **({"skipinitialspace": True} | options),
        )
    if has_names:
        names = list(dialect.names or ())
        frame.columns = ["", *names] if dialect.is_short else names
    return frame


def _codes(data: bytes, dialect: Dialect, frame: Any, missing: dict[str, Any]) -> dict[int, Any]:
    """Return, by place, columns of digits of one length of which some begin with 0, as text."""
    ends = re.escape(dialect.delimiter)
    pattern = re.compile(rf"(?:^|[{ends}\s\"])0\d+(?=[{ends}\s\"]|$)", re.MULTILINE)
    is_whole = [_may_be_whole(frame.iloc[:, place]) for place in range(frame.shape[1])]
    if not any(is_whole) or pattern.search(data.decode(dialect.encoding)) is None:
        return {}
    texts = _read_frame(data, dialect, dtype=str, **missing)
    columns = {place: texts.iloc[:, place] for place in np.flatnonzero(is_whole).tolist()}
    return {place: column for place, column in columns.items() if _are_codes(column)}


def _may_be_whole(column: Any) -> bool:
    if column.dtype.kind not in "iuf" or not column.notna().any():
        return False
    return column.dtype.kind != "f" or bool((column.dropna() % 1 == 0).all())


def _are_codes(column: Any) -> bool:
    known = column.dropna().str.strip()
    if known.str.len().nunique() != 1 or len(known.iloc[0]) < 2:
        return False
    return bool(known.str.fullmatch(r"\d+").all() and known.str.startswith("0").any())


def _with_columns(frame: Any, columns: dict[int, Any]) -> Any:
    import pandas as pd

    if not columns:
        return frame
    parts = [columns.get(place, frame.iloc[:, place]) for place in range(frame.shape[1])]
    return pd.concat(parts, axis=1).set_axis(frame.columns, axis=1)


def _distinct(names: list[str]) -> list[str]:
    """Names for a reader that takes none twice."""
    return [f"{place} {name}" for place, name in enumerate(names)]


def _without_empty_end(frame: Any) -> Any:
    """Leave a last column out that has neither name nor values: every line ends in a delimiter."""
    if frame.shape[1] > 1 and frame.columns[-1] == "" and frame.iloc[:, -1].isna().all():
        return frame.iloc[:, :-1]
    return frame


def _name_columns(source: Source) -> None:
    """Take a first column without name for labels of rows if it is such; name others."""
    frame = source.frame
    names = list(frame.columns)
    if names and names[0] == "" and is_index(frame.iloc[:, 0]) and len(names) > 1:
        source.labels = frame.iloc[:, 0]
        source.frame = frame.iloc[:, 1:]
        source.notes.append("The first column has no name and was taken as row labels.")
        names = names[1:]
    for place, name in enumerate(names):
        if name != "":
            continue
        new = f"column {place}"
        while new in names:
            new = f"{new}_"
        names[place] = new
        called = "The first column" if place == 0 else f"Column {place}"
        values = " and holds other than row labels" if place == 0 else ""
        source.notes.append(f"{called} has no name{values}: it is {new!r}.")
    source.frame = source.frame.set_axis(names, axis=1)
    source.n_before = int(source.labels is not None)


def is_index(column: Any) -> bool:
    """Whether a column numbers the rows, as pandas and R write it first unasked, or names them."""
    from pandas.api.types import is_integer_dtype, is_numeric_dtype

    if is_integer_dtype(column.dtype):
        # Numbers are left out where rows are, and rise all the same.
        return bool(column.is_monotonic_increasing and column.is_unique)
    is_number = is_numeric_dtype(column.dtype)
    return bool(not is_number and column.is_unique and column.notna().all())


def _cells_as_written(content: Content, source: Source) -> Any:
    """The text of every cell, with the columns called by their places."""
    assert source.dialect is not None
    options = {"dtype": str, "keep_default_na": False, "skipinitialspace": False}
    frame = _read_frame(content.data, source.dialect, **options)
    return frame.set_axis(range(frame.shape[1]), axis=1)
