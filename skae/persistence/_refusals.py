"""What is said of what files do not hold, and the way out."""

from skae.persistence._nesting import MOST_LEVELS
from skae.persistence._strict_json import MOST_DIGITS

_LONGEST_PATH = 120
_VALUES_OF_PANDAS = ("Interval", "Period", "Timedelta", "Timestamp")
_AS_TEXT = "Fit to text in place of such a column, X[column].astype(str)"


def not_listed(path: str, name: str, what_it_does: str = "") -> TypeError:
    """Return the error for a type or function that files may not name."""
    told = f"{name}, {what_it_does}" if what_it_does else f"{name},"
    library, *_, kind = name.split(".")
    if library == "pandas" and kind in _VALUES_OF_PANDAS:
        return no_kind_for(path, name, _AS_TEXT)
    return TypeError(
        f"{_subject(path)} is or holds {told} which files of skae.save do not hold by themselves. "
        f"If it is yours and you trust it, pass trusted=[{name!r}] to save and load alike; or "
        "pickle the estimator."
    )


def no_kind_for(path: str, what: str, way_out: str) -> TypeError:
    """Return the error for data that files have no kind of node for, trusted or not."""
    return TypeError(
        f"{_subject(path)} is or holds {what}, which no file of skae.save holds. {way_out}, or "
        "pickle the estimator."
    )


def too_deep(path: str) -> TypeError:
    """Return the error for parts in parts in parts."""
    return TypeError(
        f"{_subject(path)} holds parts in parts, more than {MOST_LEVELS} levels deep or too deep "
        "for Python's calls, which no file of skae.save holds. Keep them in a flat list."
    )


def too_many_digits(path: str) -> TypeError:
    """Return the error for a long integer."""
    return TypeError(
        f"{_subject(path)} is or holds a whole number of more than {MOST_DIGITS} digits, which no "
        "file of skae.save holds. Keep it as text."
    )


def _subject(path: str) -> str:
    path = path.lstrip(".")
    return (path if len(path) <= _LONGEST_PATH else f"{path[:_LONGEST_PATH]}...") or "The estimator"
