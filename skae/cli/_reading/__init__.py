"""Read tables from files of many kinds; every problem is one sentence that says the way out."""

from pathlib import Path

from skae.cli._reading._binary_files import read_arrow, read_excel, read_json, read_parquet
from skae.cli._reading._columns import (
    as_text,
    check_column,
    check_range,
    check_size,
    listed,
    named_columns,
    settle_types,
)
from skae.cli._reading._content import PACKED, SUFFIXES, read_content, split_name
from skae.cli._reading._dialect import Dialect
from skae.cli._reading._source import ReadingOptions, Source
from skae.cli._reading._text_files import read_text_file

__all__ = [
    "PACKED",
    "SUFFIXES",
    "Dialect",
    "ReadingOptions",
    "Source",
    "as_text",
    "check_column",
    "check_range",
    "check_size",
    "listed",
    "named_columns",
    "read_source",
    "split_name",
]

_READERS = {
    "text": read_text_file,
    "parquet": read_parquet,
    "arrow": read_arrow,
    "excel": read_excel,
    "json": read_json,
    "json lines": read_json,
}
# What each option of reading is for.
_READ_BY = {
    "delimiter": ("text",),
    "decimal": ("text",),
    "encoding": ("text", "json", "json lines"),
    "sheet": ("excel",),
}


def read_source(path: str | Path, options: ReadingOptions | None = None) -> Source:
    """Read the table of a file.

    Parameters
    ----------
    path : path-like
    options : ReadingOptions or None
        What is known of the file; the rest is found.

    Returns
    -------
    source : Source

    Raises
    ------
    ImportError
        If reading such files needs a package that is not installed.
    ValueError
        If the file holds no table, or options do not fit it.
    """
    options = ReadingOptions() if options is None else options
    content = read_content(Path(path))
    for name, kinds in _READ_BY.items():
        if getattr(options, name) is not None and content.kind not in kinds:
            raise ValueError(
                f"--{name} {getattr(options, name)!r}: {content.path} is of kind {content.kind}, "
                f"for which it says nothing; leave it out."
            )
    source = _READERS[content.kind](content, options)
    check_size(source.path, source.frame)
    source.names = list(source.frame)
    source.whole = source.frame
    settle_types(source, options)
    return source
