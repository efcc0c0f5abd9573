"""Read a table of numbers from a file; every problem is one sentence that says the way out."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from zipfile import is_zipfile

import numpy as np
from sklearn.datasets import load_digits
from sklearn.preprocessing import StandardScaler

from skae.numerics import Array
from skae.tables import non_numbers

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}[./]\d{2,4}")
_LEAST_PER_CLASS = 3  # rows on average, as compare asks it of numbers
_LARGEST = float(np.finfo(np.float32).max)
_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars", " ": "spaces"}


@dataclass
class Table:
    """Rows, their labels or None, and the names of all."""

    name: str
    X: Any
    y: Any
    columns: list[str]
    target: str | None = None
    note: str = ""
    unit: str = "the columns' own units"
    raw: Array | None = None

    def value(self, row: int, column: int) -> Any:
        """Return a number as it is in the file."""
        return (self.X if self.raw is None else self.raw)[row, column]

    def standardised(self) -> "Table":
        """Return the same rows measured in deviations of each column.

        The deviations are those of all rows: they are the unit in which every reducer learns and
        is judged, so that no column counts for more because its numbers are larger.
        """
        X = StandardScaler().fit_transform(self.X)
        return replace(self, X=X, unit="standard deviations of the columns", raw=self.X)


def read_table(path: str | Path | None = None, target: str | None = None) -> Table:
    """Read a `.csv`, `.parquet`, `.npy` or `.npz` file, or scikit-learn's digits without a path."""
    if path is None:
        return _digits(target)
    path = Path(path)
    readers = {".csv": _read_csv, ".parquet": _read_parquet, ".npy": _read_npy, ".npz": _read_npz}
    is_known = path.suffix.lower() in readers
    if not path.exists() and (is_known or not path.suffix):
        raise ValueError(f"{path}: no such file; check the path, or leave it out to use digits.")
    if not is_known or not path.is_file():
        raise ValueError(f"{path}: expected a file whose name ends in one of {', '.join(readers)}.")
    table = readers[path.suffix.lower()](path, target)
    if not isinstance(table.X, np.ndarray):
        return table  # what is not all numbers is checked by what compares it
    _check_finite(table)
    _check_range(table)
    _check_variance(table)
    return table


def _digits(target: str | None) -> Table:
    if target not in (None, "target"):
        raise ValueError(
            f"--target {target!r}: without a file, scikit-learn's digits are used, whose target is "
            "the digit; leave --target out or name a file."
        )
    data = load_digits()
    return Table("scikit-learn digits", data.data, data.target, data.feature_names, "target")


def _read_csv(path: Path, target: str | None) -> Table:
    import pandas as pd

    frame = _attempt(pd.read_csv, path)
    _check_separator(path, frame.columns)
    _check_header(path, _attempt(pd.read_csv, path, header=None, nrows=1).iloc[0])
    note = ""
    if len(frame.columns) and str(frame.columns[0]) == "Unnamed: 0":
        frame, note = _with_named_columns(frame)
    return _split_frame(path, frame, target, note)


def _with_named_columns(frame: Any) -> tuple[Any, str]:
    """Leave a first column without name out if it is an index, else give it a name; say which."""
    if _is_index(frame.iloc[:, 0]):
        return frame.iloc[:, 1:], "The first column has no name and was taken as row labels."
    name = "column 0"
    while name in frame:
        name = f"{name}_"
    frame = frame.set_axis([name, *frame.columns[1:]], axis=1)
    return frame, f"The first column has no name and holds other than row labels: it is {name!r}."


def _is_index(column: Any) -> bool:
    """Whether a column numbers the rows, as pandas and R write it first unasked, or names them."""
    from pandas.api.types import is_integer_dtype

    if is_integer_dtype(column.dtype):
        # Numbers are left out where rows are, and rise all the same.
        return bool(column.is_monotonic_increasing and column.is_unique)
    return bool(not _is_number(column) and column.is_unique and column.notna().all())


def _check_separator(path: Path, names: Sequence[object]) -> None:
    for separator, called in _SEPARATORS.items():
        if len(names) == 1 and separator in str(names[0]):
            raise ValueError(
                f"{path}: there is one column, {str(names[0])[:40]!r}; its values seem to be "
                f"separated by {called}: save it with commas between values, and points in numbers."
            )


def _check_header(path: Path, first: Any) -> None:
    """Refuse a file whose first line is a row: it would be lost without a word."""
    from pandas.api.types import is_numeric_dtype

    if not is_numeric_dtype(first.infer_objects().dtype) or first.isna().any():
        return
    # Numbers that rise, such as years or the places of pixels, may be names.
    if np.all(first == first.round()) and np.all(np.diff(first) > 0):
        return
    raise ValueError(
        f"{path}: the first line, {_listed(first, most=3)}, holds numbers and not the names of "
        "columns; add a line of names above it."
    )


def _read_parquet(path: Path, target: str | None) -> Table:
    import pandas as pd

    try:
        return _split_frame(path, _attempt(pd.read_parquet, path), target)
    except ImportError as error:
        raise ImportError("Reading .parquet needs pyarrow; pip install pyarrow") from error


def _read_npy(path: Path, target: str | None) -> Table:
    if target is not None:
        raise ValueError(
            f"--target {target!r}: a .npy file has no names; save an .npz with arrays X and y."
        )
    X = _check_2d(path, _attempt(np.load, path, allow_pickle=False))
    return Table(path.name, X, None, _numbered(X))


def _read_npz(path: Path, target: str | None) -> Table:
    arrays = _attempt(_load_arrays, path)
    target = target or ("y" if "y" in arrays else None)
    for name in ("X", target):
        if name is not None and name not in arrays:
            raise ValueError(
                f"{path}: there is no array {name!r}, only {_listed(arrays)}; save the rows as X "
                "and, if there are labels, these as y."
            )
    X = _check_2d(path, arrays["X"])
    return Table(path.name, X, arrays.get(target), _numbered(X), target)


def _load_arrays(path: Path) -> dict[str, Array]:
    if not is_zipfile(path):
        # NumPy would take it for a pickle and advise to load it unsafely.
        raise ValueError("it is not an archive of arrays")
    with np.load(path, allow_pickle=False) as archive:
        return dict(archive)


def _attempt(read: Callable[..., Any], path: Path, **options: Any) -> Any:
    """Read a file; tell an error of the reader in one sentence."""
    try:
        return read(path, **options)
    except ImportError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"{path}: cannot be read ({reason}); {_cause(error, path)}") from error


def _cause(error: Exception, path: Path) -> str:
    """Say what may be the matter with a file, and what to do."""
    if isinstance(error, UnicodeDecodeError):
        return "save it as UTF-8."
    if path.stat().st_size == 0:
        return "it is empty."
    if "Object arrays" in str(error):
        return "save an array of numbers alone."
    return f"is it really a {path.suffix} file?"


def _split_frame(path: Path, frame: Any, target: str | None, note: str = "") -> Table:
    """Check a data frame and part it into rows and target."""
    frame = frame.set_axis(frame.columns.astype(str), axis=1)
    if target is not None and target not in frame:
        close = get_close_matches(target.lower(), map(str.lower, frame.columns), n=1)
        meant = [name for name in frame.columns if name.lower() in close]
        hint = f"did you mean {meant[0]!r}?" if meant else f"it has {_listed(frame.columns)}."
        raise ValueError(f"--target {target!r} is not a column of {path}; {hint}")
    rows = frame.drop(columns=[] if target is None else target)
    _check_size(path, rows)  # first: the columns of a table without rows have no type
    text = [name for name in rows if not _is_number(rows[name])]
    if text or rows.isna().any(axis=None):
        labels = None if target is None else frame[target]
        return Table(path.name, rows, labels, list(rows), target, note)
    _check_missing(path, frame, target)
    y = None if target is None else _labels(frame[target])
    _check_labels(path, target, y)
    X = rows.to_numpy(dtype=np.float64)
    return Table(path.name, _check_2d(path, X), y, list(rows), target, note)


def _check_missing(path: Path, frame: Any, target: str | None) -> None:
    n_unknown = 0 if target is None else frame[target].isna().sum()
    if n_unknown:
        raise ValueError(
            f"{path}: {n_unknown} rows have no {target!r}; drop them, or leave --target out and "
            "drop the column."
        )


def _labels(column: Any) -> Array:
    is_number = _is_number(column)
    labels: Array = column.to_numpy() if is_number else column.astype(str).to_numpy(object)
    return labels


def _check_labels(path: Path, target: str | None, y: Array | None) -> None:
    """Refuse text of too many values to be classes: numbers could colour, but text has no order."""
    if y is None or y.dtype.kind != "O":
        return
    n_classes, n_rows = len(np.unique(y)), len(y)
    if n_classes > n_rows / _LEAST_PER_CLASS:
        is_date = _DATE.match(y[0]) is not None
        advice = "make numbers of dates, such as days" if is_date else "make numbers of it"
        raise ValueError(
            f"{path}: --target {target!r} holds text, such as {y[0][:40]!r}, of {n_classes} "
            f"different values in {n_rows} rows, too many for classes; {advice}, name another "
            "column, or drop it."
        )


def _is_number(column: Any) -> bool:
    from pandas.api.types import is_numeric_dtype

    return bool(is_numeric_dtype(column.dtype))


def _check_2d(path: Path, X: Array) -> Array:
    found = non_numbers(X) if X.ndim == 2 else []
    if found:
        raise ValueError(
            f"{path}: column {found[0].label} of an array of type {X.dtype} is not numeric; drop "
            f"or encode such columns. Row {found[0].row} holds {found[0].shown}, {found[0].kind}."
        )
    if X.ndim != 2 or X.dtype.kind not in "biuf":
        raise ValueError(
            f"{path}: expected numbers in rows and columns, and got an array of shape {X.shape} "
            f"and type {X.dtype}; flatten each sample to one row of numbers."
        )
    _check_size(path, X)
    return X if X.dtype.kind == "f" else X.astype(np.float64)


def _check_size(path: Path, rows: Any) -> None:
    if 0 in rows.shape:
        raise ValueError(
            f"{path}: there are {rows.shape[0]} rows and {rows.shape[1]} columns to compare; "
            "give at least a few of each."
        )


def _check_variance(table: Table) -> None:
    """Refuse rows in which there is nothing to reduce."""
    if table.X.shape[1] == 1:
        raise ValueError(
            f"{table.name}: {table.columns[0]!r} is the only column beside the target, so there is "
            "nothing to reduce; give two or more."
            if table.target is not None
            else f"{table.name}: {table.columns[0]!r} is the only column, so there is nothing to "
            "reduce; give two or more."
        )
    if (table.X[0] == table.X).all():
        raise ValueError(
            f"{table.name}: all rows are equal, so there is no variance to explain; give rows that "
            "differ."
        )


def _check_finite(table: Table) -> None:
    rows, columns = np.nonzero(~np.isfinite(table.X))
    if len(rows):
        raise ValueError(
            f"{table.name}: {len(rows)} missing or infinite values, the first in row {rows[0]} of "
            f"column {table.columns[columns[0]]!r}; fill or drop them first."
        )


def _check_range(table: Table) -> None:
    """Refuse numbers that networks, which compute in single precision, take for infinite."""
    rows, columns = np.nonzero(np.abs(table.X) > _LARGEST)
    if len(rows):
        raise ValueError(
            f"{table.name}: row {rows[0]} of column {table.columns[columns[0]]!r} holds "
            f"{table.X[rows[0], columns[0]]:.3g}, beyond the largest number that networks compute "
            f"with, {_LARGEST:.3g}; mend or drop such rows, or divide the column by a constant."
        )


def _numbered(X: Array) -> list[str]:
    return [f"column {i}" for i in range(X.shape[1])]


def _listed(names: Iterable[object], *, quote: bool = True, most: int = 5) -> str:
    texts = [repr(str(name)) if quote else str(name) for name in names]
    more = f" and {len(texts) - most} more" if len(texts) > most else ""
    return ", ".join(texts[:most]) + more
