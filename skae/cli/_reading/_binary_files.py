"""Read parquet, arrow and Excel files, and JSON."""

import io
import json
from typing import Any

from skae.cli._reading._columns import check_names
from skae.cli._reading._content import Content, attempt
from skae.cli._reading._dialect import has_names
from skae.cli._reading._encodings import find_encoding
from skae.cli._reading._source import ReadingOptions, Source
from skae.messages import needs_extra

_DAMAGED = "the file is damaged, cut off, or of another kind than its name says."


def read_parquet(content: Content, options: ReadingOptions) -> Source:
    """Read a parquet file."""
    import pandas as pd

    with needs_extra("tables", f"reading {content.suffix}"):
        import pyarrow.parquet
    schema = attempt(
        pyarrow.parquet.read_schema, content.path, io.BytesIO(content.data), cause=_DAMAGED
    )
    check_names(content.path, schema.names)
    frame = attempt(pd.read_parquet, content.path, io.BytesIO(content.data), cause=_DAMAGED)
    return _of_frame(content, frame)


def read_arrow(content: Content, options: ReadingOptions) -> Source:
    """Read a feather file, or another one of arrow."""
    import pandas as pd

    with needs_extra("tables", f"reading {content.suffix}"):
        import pyarrow as pa
    if content.data.startswith((b"ARROW1", b"FEA1")):
        frame = attempt(pd.read_feather, content.path, io.BytesIO(content.data), cause=_DAMAGED)
    else:
        stream = attempt(pa.ipc.open_stream, content.path, content.data, cause=_DAMAGED)
        frame = attempt(stream.read_pandas, content.path, cause=_DAMAGED)
    return _of_frame(content, frame)


def _of_frame(content: Content, frame: Any) -> Source:
    frame = frame.set_axis([_flat_name(name) for name in frame.columns], axis=1)
    check_names(content.path, list(frame.columns))
    return Source(content.path, content.kind, frame, lambda: frame)


def _flat_name(name: object) -> str:
    return " ".join(map(str, name)) if isinstance(name, tuple) else str(name)


def read_excel(content: Content, options: ReadingOptions) -> Source:
    """Read a sheet of a workbook: the first, unless another is named."""
    import pandas as pd

    with needs_extra("tables", f"reading {content.suffix}"):
        if content.suffix == ".xls" and not content.data.startswith(b"PK"):
            import python_calamine  # noqa: F401

            engine = "calamine"
        else:
            import openpyxl  # noqa: F401

            engine = "openpyxl"
    file = io.BytesIO(content.data)
    book = attempt(pd.ExcelFile, content.path, file, engine=engine, cause=_DAMAGED)
    names = list(map(str, book.sheet_names))
    if not names:
        raise ValueError(f"{content.path} has no sheet: it is damaged, or holds no table.")
    sheet = names[0] if options.sheet is None else options.sheet
    if sheet not in names:
        raise ValueError(
            f"--sheet {sheet!r} is not a sheet of {content.path}; it has "
            f"{', '.join(map(repr, names))}."
        )
    cells = attempt(
        pd.read_excel, content.path, book, sheet, header=None, dtype=object, cause=_DAMAGED
    )
    if cells.empty:
        raise ValueError(f"{content.path}: cannot be read; sheet {sheet!r} is empty.")
    notes = []
    if len(names) > 1 and options.sheet is None:
        notes.append(f"Sheet {sheet!r} of {len(names)} was read; --sheet names another.")
    cells = _without_margins(cells)
    frame = _with_names(cells, notes)
    check_names(content.path, list(frame.columns))
    return Source(content.path, content.kind, frame, lambda: frame, notes, sheet=sheet)


def _without_margins(cells: Any) -> Any:
    """Leave empty rows and columns around a table out."""
    is_full = cells.notna().to_numpy()
    rows, columns = is_full.any(axis=1).nonzero()[0], is_full.any(axis=0).nonzero()[0]
    return cells.iloc[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _with_names(cells: Any, notes: list[str]) -> Any:
    some = cells.head(200)
    rows = [
        ["" if value != value or value is None else str(value) for value in row]
        for row in some.itertuples(index=False)
    ]
    if has_names(rows):
        names = [
            f"column {place}" if value != value or value is None else str(value)
            for place, value in enumerate(cells.iloc[0])
        ]
        cells = cells.iloc[1:]
    else:
        names = [f"column {place}" for place in range(cells.shape[1])]
        notes.append("The first line holds values and no names: columns are named by their places.")
    return cells.reset_index(drop=True).set_axis(names, axis=1).infer_objects()


def read_json(content: Content, options: ReadingOptions) -> Source:
    """Read records, one a line or in a list, or a list for each column."""
    import pandas as pd

    encoding, note = find_encoding(content.data, content.path, options.encoding)
    text = content.data.decode(encoding)
    cause = f"is it really a {content.suffix} file?"
    if content.kind == "json lines":
        values = [
            attempt(json.loads, content.path, line, cause=f"line {number} is no JSON.")
            for number, line in enumerate(text.split("\n"), 1)
            if line.strip()
        ]
    else:
        values = attempt(json.loads, content.path, text, cause=cause)
    records = _records(values)
    if records is None:
        raise ValueError(
            f'{content.path}: expected a list of records, such as [{{"a": 1, "b": "x"}}], one '
            "a line in a .jsonl file, or a list of values for each column."
        )
    frame = attempt(pd.DataFrame, content.path, records, cause=cause)
    frame = frame.set_axis(list(map(str, frame.columns)), axis=1)
    return Source(content.path, content.kind, frame, lambda: frame, [note] if note else [])


def _records(values: Any) -> Any:
    if isinstance(values, list) and values and all(isinstance(row, dict) for row in values):
        return values
    if not isinstance(values, dict) or not values:
        return None
    columns = list(values.values())
    if len(columns) == 1 and _records(columns[0]) is not None and isinstance(columns[0], list):
        return columns[0]
    if all(isinstance(column, dict) for column in columns):
        return values  # pandas' own way: values by the label of their row
    is_table = all(isinstance(column, list) for column in columns)
    return values if is_table and len({len(column) for column in columns}) == 1 else None
