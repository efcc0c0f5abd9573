"""scikit-learn's checks of rows, whose errors also say which column they are about.

``check_array`` and ``validate_data`` are called as those of scikit-learn, and raise where those do.
Of a value that is not a number, or of one that is missing, they say the value alone: in a
table of many columns that is a riddle. Dates are refused everywhere; scikit-learn refuses them
beside numbers, and reads them as nanoseconds or days where they are alone.
"""

import datetime
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from numbers import Number
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.utils import validation
from sklearn.utils.validation import _num_samples

from skae.numerics import Array, Bools
from skae.tables._column_labels import check_labels, remember_labels
from skae.tables._storage import check_storage, in_memory, mapped

_BLOCK_BYTES = 8 * 2**20
_MOST_NAMES = 5
_LONGEST = 30  # characters of an example
_DATES = (datetime.date, np.datetime64)
_DURATIONS = (datetime.timedelta, np.timedelta64)
_NAMES_DIFFER = "The feature names should match"
_MISSING, _INFINITE = "contains NaN", "contains infinity"
# Above this share of numbers, what is not one is a slip and no category.
_MOSTLY = 0.5

# Kinds of values in words, and for each a way out for its columns.
_TEXT, _SLIP, _NA = "text", "text in a column of numbers", "missing"
_LARGE = "too large for a float"
_WAYS_OUT = {
    _TEXT: (
        "encode text, for example with make_column_transformer((OneHotEncoder(), [{columns}]), "
        'remainder="passthrough") of scikit-learn, or use a TableAutoencoder, which reads it'
    ),
    _SLIP: (
        "mend what should be numbers, or make it missing with pandas.to_numeric(column, "
        'errors="coerce")'
    ),
    _NA: "fill what is missing, for example with SimpleImputer of scikit-learn",
    _LARGE: "divide such a column by a constant, or take its logarithm",
    "a date": "make numbers of dates, for example the days since the first, or the month",
    "a time of day": "make numbers of times, for example hours",
    "a duration": "make numbers of durations, for example hours",
}
_OTHER_WAY_OUT = "make numbers of it"

# Those under which plain numbers that are finite, of a dtype that is asked for, come back as they
# are.
_PLAIN_OPTIONS = {"reset", "accept_sparse", "dtype", "ensure_all_finite"}

_Test = Callable[[Array], Bools]
# Label of a column, number of wrong values in it, and row of the first.
_Place = tuple[Hashable, int, int]


def check_array(X: Any, **options: Any) -> Any:
    """As ``sklearn.utils.check_array``; errors name the column.

    Raises
    ------
    ValueError
        For text, dates, durations and missing values where numbers are expected.
    TypeError
        For other objects.
    """
    name = options.get("input_name") or "X"
    X = mapped(X, name)
    with _naming_columns(X, name):
        return validation.check_array(X, **options)


def validate_data(estimator: Any, X: Any, **options: Any) -> Any:
    """As ``sklearn.utils.validation.validate_data`` of rows alone; errors name the column.

    Labels of columns that are not strings are checked as scikit-learn checks names.

    Raises
    ------
    ValueError
        For text, dates, durations and missing values where numbers are expected, and for a frame
        whose columns are not those of the fit.
    TypeError
        For other objects.
    """
    X, resets = in_memory(X), options.get("reset", True)
    if not resets:
        if _is_well(estimator, X, options):
            return X
        check_labels(estimator, X)
    if options.get("skip_check_array"):
        check_storage(X, "X")
    else:
        X = mapped(X)
    # What is not checked is not looked through either.
    naming = nullcontext() if options.get("skip_check_array") else _naming_columns(X, "X")
    with naming:
        checked = validation.validate_data(estimator, X, **options)
    if resets:
        remember_labels(estimator, X)
    return checked


def _is_well(estimator: Any, X: Any, options: Mapping[str, Any]) -> bool:
    """Whether scikit-learn would return rows as they are, for sure.

    For a single row its checks take longer than all else of ``transform``: most of them find out
    which of many kinds of table has come.
    """
    if type(X) is not np.ndarray or X.ndim != 2 or not options.keys() <= _PLAIN_OPTIONS:
        return False
    dtypes = options.get("dtype")
    if not isinstance(dtypes, list) or X.dtype not in dtypes:
        return False
    if not len(X) or X.shape[1] != getattr(estimator, "n_features_in_", None):
        return False
    # A frame was fitted: scikit-learn warns of rows without names.
    if hasattr(estimator, "feature_names_in_"):
        return False
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(np.add.reduce(X, axis=None)))


@dataclass(frozen=True)
class Cell:
    """A value that is not a number.

    Attributes
    ----------
    label : object
        The name of its column if it has one, else the column's place.
    row : int
    value : object
    kind : str
        What it is, in words.
    """

    label: Hashable
    row: int
    value: Any
    kind: str

    @property
    def shown(self) -> str:
        """The value as it is written in a message."""
        value = _plain(self.value)
        text = repr(value) if isinstance(value, str | bytes) else str(value)
        return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def non_numbers(X: Any) -> list[Cell]:
    """The first cell of every column of a table that no number can be made of.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        A frame, an array of objects or a list of rows.

    Returns
    -------
    cells : list of Cell
    """
    cells = (_first_non_number(label, values) for label, values in _columns(X))
    return [cell for cell in cells if cell is not None]


@contextmanager
def _naming_columns(X: Any, name: str) -> Iterator[None]:
    if _holds_dates(X):
        raise ValueError(_sentence(non_numbers(X), name))
    try:
        # The sums by which scikit-learn looks for what is not finite may overflow to both sides.
        with np.errstate(over="ignore", invalid="ignore"):
            yield
    except (OverflowError, TypeError, ValueError) as error:
        named = _named(error, X, name)
        if named is None:
            raise
        raise named from None


def _named(error: Exception, X: Any, name: str) -> Exception | None:
    """The error with the column it is about, or None where it is about none."""
    text = str(error)
    if text.startswith(_NAMES_DIFFER):
        return None
    if _MISSING in text or _INFINITE in text:
        return _about_not_finite(text, X)
    found = non_numbers(X)
    if not found:
        return None
    sentence = _sentence(found, name)
    if found[0].kind in _WAYS_OUT:
        return ValueError(sentence)
    # Of other objects scikit-learn's own words are expected too, and their type.
    kind = TypeError if isinstance(error, TypeError) else ValueError
    return kind(f"{sentence} ({text.splitlines()[0]})")


def _sentence(found: list[Cell], name: str) -> str:
    first, *others = found
    text = f"Column {first.label!r} of {name} is not numeric: row {first.row} holds {first.shown}"
    text += f", which is {first.kind}."
    if others:
        labels = [f"{cell.label!r} ({cell.kind})" for cell in others[:_MOST_NAMES]]
        more = f" and {len(others) - _MOST_NAMES} more" if len(others) > _MOST_NAMES else ""
        text += f" Nor {'is' if len(others) == 1 else 'are'} {', '.join(labels)}{more}."
    return f"{text} {_ways_out(found)}."


def _ways_out(found: list[Cell]) -> str:
    """Ways out for all kinds of values that were found."""
    ways = [
        _WAYS_OUT.get(kind, _OTHER_WAY_OUT).format(
            columns=", ".join(repr(cell.label) for cell in found if cell.kind == kind)
        )
        for kind in dict.fromkeys(cell.kind for cell in found)
    ]
    ways.append(f"or drop the column{'s' if len(found) > 1 else ''}")
    return _capitalised("; ".join(dict.fromkeys(ways)))


def _capitalised(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}"


def _about_not_finite(text: str, X: Any) -> ValueError | None:
    """The first line of what scikit-learn says, and where it is."""
    is_wrong = np.isnan if _MISSING in text else np.isinf
    places = _places_in_blocks if _is_plain(X) else _places_by_column
    label, n_wrong, row = next(places(X, is_wrong), (None, 0, 0))
    if not n_wrong:
        return None
    message = (
        f"{text.splitlines()[0].rstrip('.')}: column {label!r} in {n_wrong} of "
        f"{_num_samples(X)} rows, the first is row {row}. "
    )
    fill = _WAYS_OUT[_NA] if _MISSING in text else "replace such values"
    return ValueError(f"{message}{_capitalised(fill)}, or drop these rows.")


def _is_plain(X: Any) -> bool:
    return isinstance(X, np.ndarray) and X.ndim == 2 and X.dtype.kind == "f"


def _places_by_column(X: Any, is_wrong: _Test) -> Iterator[_Place]:
    """Label, number of wrong values and row of the first, of columns that have any."""
    for label, values in _columns(X):
        wrong = is_wrong(_as_floats(values, na=np.nan))
        if wrong.any():
            yield label, int(wrong.sum()), int(np.argmax(wrong))


def _places_in_blocks(X: Array, is_wrong: _Test) -> Iterator[_Place]:
    """The same of an array that may stay on its disk, which is read once."""
    n_wrong, first = np.zeros(X.shape[1], int), np.zeros(X.shape[1], int)
    n_rows = max(1, _BLOCK_BYTES // (X.itemsize * max(1, X.shape[1])))
    for start in range(0, len(X), n_rows):
        wrong = is_wrong(X[start : start + n_rows])
        first = np.where(n_wrong == 0, start + wrong.argmax(axis=0), first)
        n_wrong += wrong.sum(axis=0)
    places = np.flatnonzero(n_wrong)
    yield from zip(places.tolist(), n_wrong[places].tolist(), first[places].tolist(), strict=True)


def _first_non_number(label: Hashable, values: Array) -> Cell | None:
    if values.dtype.kind in "biuf":
        return None
    is_number = np.fromiter(map(_is_number, values), bool, len(values))
    if is_number.all():
        return None
    row = int(np.argmin(is_number))
    kind = _kind(values[row])
    is_slip = kind == _TEXT and is_number.mean() > _MOSTLY
    return Cell(label, row, values[row], _SLIP if is_slip else kind)


def _is_number(value: Any) -> bool:
    """Whether numpy makes a float of it: numbers, numbers in words, and None, which is NaN."""
    if isinstance(value, (*_DATES, *_DURATIONS, complex)):
        return False
    if value is None or (isinstance(value, Number) and not isinstance(value, int)):
        return True
    try:
        float(value)
    except (OverflowError, TypeError, ValueError):
        return False
    return True


def _kind(value: Any) -> str:
    if isinstance(value, str | bytes):
        return _TEXT
    if type(value).__name__ == "NAType":
        return _NA
    if isinstance(value, _DURATIONS):
        return "a duration"
    if isinstance(value, _DATES) or type(value).__name__ in ("Period", "NaTType"):
        return "a date"
    if isinstance(value, datetime.time):
        return "a time of day"
    if isinstance(value, int):
        return _LARGE
    return "a complex number" if isinstance(value, complex) else f"of type {type(value).__name__}"


def _plain(value: Any) -> Any:
    """A value of numpy as Python's."""
    if isinstance(value, np.datetime64 | np.timedelta64) and np.isnat(value):
        return value
    plain = value.item() if isinstance(value, np.generic) else value
    # Python has no dates of nanoseconds.
    is_count = isinstance(value, np.datetime64 | np.timedelta64) and isinstance(plain, int)
    return value.astype(f"{value.dtype.kind}8[s]").item() if is_count else plain


def _as_floats(values: Array, na: float) -> Array:
    """The numbers of a column, and ``na`` for what is none."""
    if values.dtype.kind in "biuf":
        return values
    is_number = [value is not None and _is_number(value) for value in values]
    return np.array(
        [float(v) if is_one else na for v, is_one in zip(values, is_number, strict=True)]
    )


def _columns(X: Any) -> Iterator[tuple[Hashable, Array]]:
    """Labels and values of the columns; none where there are no columns."""
    if issparse(X):
        X = X.tocsc()
        yield from ((place, X[:, [place]].toarray().ravel()) for place in range(X.shape[1]))
    elif hasattr(X, "columns") and hasattr(X, "dtypes"):
        columns = X.iloc if hasattr(X, "iloc") else X
        yield from ((label, np.asarray(columns[:, k])) for k, label in enumerate(X.columns))
    else:
        array = _as_array(X)
        if array is not None and array.ndim == 2 and array.dtype.names is None:
            yield from enumerate(array.T)


def _as_array(X: Any) -> Array | None:
    if not isinstance(X, list | tuple):
        return np.asarray(X)
    try:
        return np.array(X, dtype=object)
    except ValueError:  # rows of different lengths
        return None


def _holds_dates(X: Any) -> bool:
    """Whether some columns are of a type for dates or durations."""
    if hasattr(X, "columns") and hasattr(X, "dtypes"):
        return any(_is_temporal(dtype) for dtype in X.dtypes)
    return getattr(X, "ndim", 0) == 2 and _is_temporal(X.dtype)


def _is_temporal(dtype: Any) -> bool:
    if hasattr(dtype, "is_temporal"):  # of polars
        return bool(dtype.is_temporal())
    return getattr(dtype, "kind", "O") in "mM"
