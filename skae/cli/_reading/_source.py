"""A table that was read from a file, and what is known of the file."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from skae.cli._reading._dialect import Dialect
from skae.cli._reading._texts import TextFormat


@dataclass(frozen=True)
class ReadingOptions:
    """What a user says about a file.

    Attributes
    ----------
    delimiter, decimal, encoding, sheet : str or None
        None for what is to be found.
    drop, categorical : list of str
        Columns, or several with commas between them.
    """

    delimiter: str | None = None
    decimal: str | None = None
    encoding: str | None = None
    sheet: str | None = None
    drop: list[str] = field(default_factory=list)
    categorical: list[str] = field(default_factory=list)


@dataclass
class Source:
    """A table as it was read.

    Attributes
    ----------
    path : Path
    kind : str
        "text", "parquet", "arrow", "excel", "json", "json lines".
    frame : DataFrame
        Its columns, with types as found.
    notes : list of str
        Sentences about what was found and assumed.
    dialect : Dialect or None
        Of a text file.
    formats : dict of str to TextFormat
        How columns of numbers and dates are written that the file holds as text.
    cells : callable
        Without arguments, the cells as the file has them, in a DataFrame of all of its columns; of
        a text file, texts, with columns called by their places.
    codes : set of str
        Columns of digits that begin with 0, as postal codes do; they are text.
    labels : Series or None
        What names the rows.
    names : list of str
        Columns of the file in their order, with those that were dropped and without labels.
    n_before : int
        Columns of the file before these: 1 where it has labels, else 0.
    text : callable
        Without arguments, all of a text file.
    whole : DataFrame
        All columns, with the types that a reader gave them.
    sheet : str or None
        Of a workbook.
    """

    path: Path
    kind: str
    frame: Any
    cells: Callable[[], Any]
    notes: list[str] = field(default_factory=list)
    dialect: Dialect | None = None
    formats: dict[str, TextFormat] = field(default_factory=dict)
    codes: frozenset[str] = frozenset()
    labels: Any = None
    names: list[str] = field(default_factory=list)
    n_before: int = 0
    text: Callable[[], str] = str
    whole: Any = None
    sheet: str | None = None

    @property
    def name(self) -> str:
        """The name of the file, without its folder."""
        return self.path.name
