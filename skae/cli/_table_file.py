"""Rows that are to be compared, and their labels, from a file."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zipfile import is_zipfile

import numpy as np
from sklearn.datasets import load_digits
from sklearn.preprocessing import StandardScaler

from skae.cli._reading import ReadingOptions, check_column, check_size, listed, read_source
from skae.numerics import Array
from skae.tables import non_numbers

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}[./]\d{2,4}")
LEAST_PER_CLASS = 3  # rows on average, as compare asks it of numbers
_LARGEST = float(np.finfo(np.float32).max)


@dataclass
class Table:
    """Rows, their labels or None, and the names of all.

    Rows are an array of numbers, or a data frame where they are more than numbers or have holes.
    """

    name: str
    X: Any
    y: Any
    columns: list[str]
    target: str | None = None
    note: str = ""
    unit: str = "the columns' own units"
    raw: Array | None = None

    @property
    def is_mixed(self) -> bool:
        """Whether rows are more than numbers, or have holes."""
        return not isinstance(self.X, np.ndarray)

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


def read_table(
    path: str | Path | None = None,
    target: str | None = None,
    options: ReadingOptions | None = None,
) -> Table:
    """Read what is to be compared, or scikit-learn's digits without a path.

    Parameters
    ----------
    path : path-like or None
        Any file that ``read_source`` knows, or one of numpy's.
    target : str or None
        The column of labels, or the array of an archive.
    options : ReadingOptions or None
        What is known of the file.
    """
    options = ReadingOptions() if options is None else options
    if path is None:
        _refuse_options(options, "without a file")
        return _digits(target)
    path = Path(path)
    arrays = {".npy": _read_npy, ".npz": _read_npz}
    if path.suffix.lower() in arrays and path.is_file():
        _refuse_options(options, f"{path} has no such thing")
        table = arrays[path.suffix.lower()](path, target)
    else:
        source = read_source(path, options)
        table = _split_frame(path, source.frame, target, " ".join(source.notes))
    if not table.is_mixed:
        _check_finite(table)
        _check_range(table)
        _check_variance(table)
    return table


def _refuse_options(options: ReadingOptions, why: str) -> None:
    for name, value in vars(options).items():
        if value:
            given = ",".join(value) if isinstance(value, list) else value
            raise ValueError(f"--{name} {given!r} says nothing here ({why}); leave it out.")


def _digits(target: str | None) -> Table:
    if target not in (None, "target"):
        raise ValueError(
            f"--target {target!r}: without a file, scikit-learn's digits are used, whose target is "
            "the digit; leave --target out or name a file."
        )
    data = load_digits()
    return Table("scikit-learn digits", data.data, data.target, data.feature_names, "target")


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
                f"{path}: there is no array {name!r}, only {listed(list(arrays))}; save the rows "
                "as X and, if there are labels, these as y."
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
    """Part a frame into rows and target; rows of numbers without holes are an array."""
    if target is not None:
        check_column(list(frame), target, "--target", path)
    rows = frame.drop(columns=[] if target is None else target)
    check_size(path, rows)  # first: the columns of a table without rows have no type
    if not all(_is_number(rows[name]) for name in rows) or rows.isna().any(axis=None):
        # What is not all numbers is checked by what compares it, but for the only column.
        _check_columns(path, list(rows), target)
        labels = None if target is None else frame[target]
        return Table(path.name, rows, labels, list(rows), target, note)
    _check_target(path, frame, target)
    y = None if target is None else _labels(frame[target])
    _check_labels(path, target, y)
    X = rows.to_numpy(dtype=np.float64)
    return Table(path.name, _check_2d(path, X), y, list(rows), target, note)


def _check_target(path: Path, frame: Any, target: str | None) -> None:
    n_unknown = 0 if target is None else int(frame[target].isna().sum())
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
    if n_classes > n_rows / LEAST_PER_CLASS:
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
    check_size(path, X)
    return X if X.dtype.kind == "f" else X.astype(np.float64)


def _check_variance(table: Table) -> None:
    """Refuse rows in which there is nothing to reduce."""
    _check_columns(table.name, table.columns, table.target)
    if (table.X[0] == table.X).all():
        raise ValueError(
            f"{table.name}: all rows are equal, so there is no variance to explain; give rows that "
            "differ."
        )


def _check_columns(name: object, columns: Sequence[str], target: str | None) -> None:
    if len(columns) == 1:
        beside = "" if target is None else " beside the target"
        raise ValueError(
            f"{name}: {columns[0]!r} is the only column{beside}, so there is nothing to reduce; "
            "give two or more."
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
