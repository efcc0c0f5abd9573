"""The columns of a table from a file: their names and types, checked."""

import datetime
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from difflib import get_close_matches
from numbers import Number
from typing import Any

import numpy as np

from skae.cli._reading._cells import NONE, NOTHING_BESIDE_NUMBERS, is_number
from skae.cli._reading._source import ReadingOptions, Source
from skae.cli._reading._texts import dates_of_text, numbers_of_text

# Numbers among text are levels where so few of them differ.
_FEW_LEVELS = 20
_MOST_NAMES = 5
_LARGEST = 1e150


def check_names(path: object, names: Sequence[object]) -> None:
    """Refuse names that two columns have."""
    twice = [str(name) for name, count in Counter(map(str, names)).items() if count > 1]
    if twice:
        raise ValueError(
            f"{path}: several columns are named {twice[0]!r}; give each a name of its own."
        )


def check_size(path: object, frame: Any) -> None:
    """Refuse a table without rows or columns."""
    if 0 in frame.shape:
        raise ValueError(
            f"{path}: there are {frame.shape[0]} rows and {frame.shape[1]} columns; "
            "give at least a few of each."
        )


def named_columns(
    names: Sequence[str], given: Sequence[str], option: str, path: object
) -> list[str]:
    """Return the columns that an option names: one, or several with commas between them.

    Raises
    ------
    ValueError
        For a name that no column has.
    """
    found = []
    for text in given:
        parts = [text] if text in names else [part.strip() for part in text.split(",")]
        found += [check_column(names, part, option, path) for part in parts]
    return list(dict.fromkeys(found))


def check_column(names: Sequence[str], name: str, option: str, path: object) -> str:
    """Return a name that a column has, or say which one may be meant."""
    if name in names:
        return name
    close = get_close_matches(name.lower(), [str(n).lower() for n in names], n=1)
    meant = [n for n in names if n.lower() in close]
    hint = f"did you mean {meant[0]!r}?" if meant else f"it has {listed(names)}."
    raise ValueError(f"{option} {name!r} is not a column of {path}; {hint}")


def listed(names: Sequence[object], *, most: int = _MOST_NAMES) -> str:
    """Return some names in quotes, and how many more there are."""
    texts = [repr(str(name)) for name in names]
    more = f" and {len(texts) - most} more" if len(texts) > most else ""
    return ", ".join(texts[:most]) + more


def settle_types(source: Source, options: ReadingOptions) -> None:
    """Give every column of a source the type of its values, and note what was found.

    Raises
    ------
    ValueError
        If options name no columns, or a column holds numbers and text.
    """
    frame, path = source.frame, source.path
    categorical = named_columns(list(frame), options.categorical, "--categorical", path)
    dropped = named_columns(list(frame), options.drop, "--drop", path)
    frame = frame.drop(columns=dropped)
    nested = [name for name in frame if _is_nested(frame[name])]
    if nested:
        frame = frame.drop(columns=nested)
        source.notes.append(f"Left aside, as they hold lists, records or bytes: {listed(nested)}.")
    columns: dict[str, Any] = {}
    found: dict[str, list[str]] = {}
    for name in frame:
        columns[name], sentences = _typed(source, name, frame[name], name in categorical)
        for words in sentences:
            found.setdefault(words, []).append(name)
    # All at once: column by column, a frame of many would be copied as often.
    import pandas as pd

    source.frame = pd.DataFrame(columns, index=frame.index)
    for words, names in found.items():
        source.notes.append(f"{words}: {listed(names)}.")


def check_range(path: object, frame: Any) -> None:
    """Refuse numbers whose squares, as of a variance, are infinite."""
    for name in frame:
        if frame[name].dtype.kind != "f":
            continue
        values = frame[name].to_numpy(dtype=np.float64, na_value=np.nan)
        too_large = np.abs(values) > _LARGEST
        if too_large.any():
            row = int(too_large.argmax())
            raise ValueError(
                f"{path}: row {row} of {name!r} holds {values[row]:g}, beyond what can be computed "
                f"with; mend it or leave it empty, or say --drop {name!r}."
            )


def _is_nested(column: Any) -> bool:
    """Whether a column holds values that are no numbers, text or dates, but have parts."""
    if column.dtype != object:
        return False
    kinds = (list, tuple, dict, set, np.ndarray, bytes, bytearray, memoryview)
    return any(isinstance(value, kinds) for value in column.to_numpy())


def _typed(source: Source, name: str, column: Any, is_category: bool) -> tuple[Any, list[str]]:
    """Return a column with the type of its values, and how sentences about it begin."""
    if column.dtype == object:
        column = _of_objects(column)
    if is_category:
        return as_text(column).astype("category"), []
    if name in source.codes:
        words = "Read as categories, since their numbers begin with 0 as codes do"
        return column.astype("category"), [words]
    if _is_text(column):
        decimal = "." if source.dialect is None else source.dialect.decimal
        # Who writes decimal commas, or semicolons because of them, writes the day first.
        day_first = decimal == "," or getattr(source.dialect, "delimiter", ",") == ";"
        column = _without_none(column, decimal) if source.kind == "text" else column
        known = column.dropna()
        if len(known) == 0:
            return column, []
        if not _is_text(column):
            return _whole(column), []
        without, signs = _without_signs(column)
        plain = _plain_numbers(without, decimal) if signs else None
        if plain is not None:
            return _whole(plain), [_told_missing(signs)]
        for found in (
            numbers_of_text(without, decimal),
            dates_of_text(without, day_first=day_first),
        ):
            if found is not None:
                source.formats[name] = found[1]
                kind = "" if "numbers" in found[1].described else "dates, "
                told = [f"Read as {kind}{found[1].described}"]
                return _whole(found[0]), told + ([_told_missing(signs)] if signs else [])
        _check_mixed(source.path, name, known, decimal)
        return column, []
    return (_whole(column) if source.kind != "parquet" and source.kind != "arrow" else column), []


def _without_signs(column: Any) -> tuple[Any, list[str]]:
    """Return text without signs of nothing, and which of these there are."""
    texts = column.astype(object)
    is_sign = texts.map(str.strip, na_action="ignore").isin(NOTHING_BESIDE_NUMBERS)
    if not is_sign.any() or not texts[~is_sign].notna().any():
        return column, []
    return texts.mask(is_sign), sorted({str(text).strip() for text in texts[is_sign]})


def _told_missing(signs: list[str]) -> str:
    return f"{', '.join(map(repr, signs))} beside other values read as missing"


def _plain_numbers(texts: Any, decimal: str) -> Any:
    """Return text that holds nothing but numbers as these, or None."""
    import pandas as pd

    if not all(is_number(text, decimal) for text in texts.dropna().unique()):
        return None
    return pd.to_numeric(texts.str.strip().str.replace(decimal, ".", regex=False))


def _without_none(column: Any, decimal: str) -> Any:
    """Return numbers of which some are None, as Python writes what is missing, as numbers."""
    texts = column.astype(object)
    is_none = texts == NONE
    if not is_none.any() or not texts[~is_none].notna().any():
        return column
    numbers = _plain_numbers(texts.mask(is_none), decimal)
    return column if numbers is None else numbers


def _is_text(column: Any) -> bool:
    import pandas as pd

    if isinstance(column.dtype, pd.StringDtype):
        return True
    return column.dtype == object and all(isinstance(v, str) for v in column.dropna())


def _whole(column: Any) -> Any:
    """Return floats as integers where all are whole and some are missing, as of a text file."""
    if column.dtype.kind != "f" or not isinstance(column.dtype, np.dtype):
        return column
    known = column.to_numpy()[column.notna()]
    is_whole = len(known) and np.all(known == np.round(known)) and np.abs(known).max() < 2**53
    return column.astype("Int64") if is_whole and len(known) < len(column) else column


def _of_objects(column: Any) -> Any:
    """Return Python objects as the type of column that holds such."""
    import pandas as pd

    known = column.dropna()
    if len(known) == 0:
        return column.astype(np.float64) if len(column) else column
    kinds = {type(value) for value in known}
    if kinds <= {bool, np.bool_}:
        return column.astype("boolean") if len(known) < len(column) else column.astype(bool)
    if all(issubclass(kind, Decimal) for kind in kinds):
        return column.astype(np.float64)
    if all(issubclass(kind, datetime.date) for kind in kinds):
        return pd.to_datetime(column)
    if all(issubclass(kind, Number) and not issubclass(kind, bool) for kind in kinds):
        return pd.to_numeric(column)
    if all(issubclass(kind, str | Number | datetime.date) for kind in kinds) and len(kinds) > 1:
        return as_text(column)  # what the file means by it is told by all of its values
    return column


def as_text(column: Any) -> Any:
    """Return values as text, whole numbers without a point; what is missing stays so."""
    return column.astype(object).map(_written, na_action="ignore").astype(object)


def _written(value: Any) -> str:
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def _check_mixed(path: object, name: str, known: Any, decimal: str) -> None:
    """Refuse a column of numbers of which some are none."""
    different = known.unique()
    if len(different) <= _FEW_LEVELS:
        return
    others = [text for text in different if not is_number(text, decimal)]
    if len(others) == 0 or (len(different) - len(others)) <= _FEW_LEVELS:
        return
    is_other = known.isin(others)
    if is_other.mean() >= 0.5:
        return
    row, text = is_other.idxmax(), str(known[is_other].iloc[0])
    raise ValueError(
        f"{path}: {name!r} holds numbers and text: row {row} of {name!r} holds {text[:40]!r}. Mend "
        f"such values or leave them empty, or say --categorical {name!r} for a column of codes, or "
        f"--drop {name!r}."
    )
