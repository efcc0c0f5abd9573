"""Columns of text that hold numbers or dates, as such."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from skae.cli._reading._cells import is_number
from skae.cli._reading._signs import without_sign

# How thousands are parted and what follows, by the decimal sign.
_THOUSANDS = {
    ".": re.compile(r"[-+]?(\d{1,3}([,' \u00a0\u202f])\d{3}(\2\d{3})*|\d+)(\.\d+)?"),
    ",": re.compile(r"[-+]?(\d{1,3}([.' \u00a0\u202f])\d{3}(\2\d{3})*|\d+)(,\d+)?"),
}
_GROUPS = re.compile(r"[,.' \u00a0\u202f](?=\d{3}(\D|$))")
_DATES = (
    "%Y-%m-%d",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%d %H:%M:%S.%f",
    "%Y-%m-%dT%H:%M:%S.%f",
    "%Y-%m-%dT%H:%M:%SZ",
    "%Y-%m-%dT%H:%M:%S.%fZ",
    "%Y-%m-%d %H:%M:%S%z",
    "%Y-%m-%dT%H:%M:%S%z",
    "%Y/%m/%d",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%d.%m.%Y",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%y",
    "%m/%d/%Y",
    "%d/%m/%Y",
    "%m/%d/%Y %H:%M",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M:%S",
    "%m/%d/%y",
    "%d/%m/%y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%d %b %Y",
    "%d %B %Y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%b %d %Y",
)
# A look at a few values refuses nearly all formats.
_FEW = 20
_LONGEST = 40
_WORDS = {
    "%Y": "year",
    "%y": "year",
    "%m": "month",
    "%d": "day",
    "%b": "month",
    "%B": "month",
}


@dataclass(frozen=True)
class TextFormat:
    """How the values of a column are written as text.

    Attributes
    ----------
    write : callable
        From a value, what the file would hold.
    described : str
        For a sentence.
    """

    write: Callable[[Any], str]
    described: str


def numbers_of_text(column: Any, decimal: str) -> tuple[Any, TextFormat] | None:
    """Numbers of a column of text, all of whose values are such, or None.

    All may have one sign of money or percent, before or after them.

    Parameters
    ----------
    column : Series of str
    decimal : str
        The decimal sign of the file; where it does not fit, the other one is tried.
    """
    texts = column.astype(object).map(str.strip, na_action="ignore")
    signed = without_sign(texts.dropna())
    if signed is None:
        return _unsigned(texts, decimal, whole_too=False)
    plain, sign = signed
    found = _unsigned(plain.reindex(texts.index), decimal, whole_too=True)
    if found is None:
        return None
    numbers, form = found
    more = form.described.removeprefix("numbers with ")
    described = sign.described if more == "decimal points" else f"{sign.described} and {more}"
    return numbers, TextFormat(lambda value: sign.put(form.write(value)), described)


def _unsigned(texts: Any, decimal: str, *, whole_too: bool) -> tuple[Any, TextFormat] | None:
    import pandas as pd

    known = texts.dropna()
    if not len(known) or not known.iloc[0][-1:].isdigit():
        return None
    for sign in (decimal, "," if decimal == "." else "."):
        if not all(map(_THOUSANDS[sign].fullmatch, known)):
            continue
        if not whole_too and not known.str.contains(r"[^-+\d]").any():
            continue  # whole numbers, which the reader has left as text for a reason
        plain = known.map(lambda text: _GROUPS.sub("", text), na_action="ignore")
        if sign == "," and not known.str.contains(",").any() and decimal == ".":
            continue  # points alone, in a file of decimal points
        numbers = pd.to_numeric(plain.str.replace(",", ".", regex=False)).astype(np.float64)
        thousands = next((m[2] for m in map(_THOUSANDS[sign].fullmatch, known) if m and m[2]), "")
        n_places = max((len(text.partition(sign)[2]) for text in known), default=0)
        written = _number_writer(sign, thousands, n_places)
        return numbers.reindex(texts.index), TextFormat(written, _number_words(sign, thousands))
    return None


def _number_writer(decimal: str, thousands: str, n_places: int) -> Callable[[Any], str]:
    def write(value: Any) -> str:
        text = f"{float(value):,.{n_places}f}" if thousands else f"{float(value):.{n_places}f}"
        return text.replace(",", "\0").replace(".", decimal).replace("\0", thousands)

    return write


def _number_words(decimal: str, thousands: str) -> str:
    called = {",": "commas", ".": "points", "'": "apostrophes"}.get(thousands, "spaces")
    parts = [f"thousands parted by {called}"] if thousands else []
    if decimal == ",":
        parts.append("decimal commas")
    return "numbers with " + (" and ".join(parts) or "decimal points")


def dates_of_text(column: Any, *, day_first: bool) -> tuple[Any, TextFormat] | None:
    """Dates of a column of text, all of whose values are such in one format, or None.

    Parameters
    ----------
    column : Series of str
    day_first : bool
        Whether the day comes first where both orders fit all values.
    """
    import pandas as pd

    texts = column.astype(object).map(str.strip, na_action="ignore")
    different = texts.dropna().unique()
    if not len(different) or not _may_be_date(different[0]):
        return None
    for form in _ordered(day_first):
        few = pd.to_datetime(pd.Series(different[:_FEW]), format=form, errors="coerce", utc=True)
        if few.isna().any():
            continue
        is_aware = form.endswith(("%z", "Z"))
        moments = pd.to_datetime(pd.Series(different), format=form, errors="coerce", utc=is_aware)
        if moments.isna().any():
            continue
        dates = texts.map(dict(zip(different, moments, strict=True)))
        dates = dates.astype(moments.dtype)
        return dates, TextFormat(_date_writer(form), date_words(form))
    return None


def _date_writer(form: str) -> Callable[[Any], str]:
    return lambda value: str(value.strftime(form))


def _may_be_date(text: str) -> bool:
    is_short = 6 <= len(text) <= _LONGEST
    return is_short and sum(letter.isdigit() for letter in text) >= 3 and not is_number(text)


def _ordered(day_first: bool) -> Sequence[str]:
    if not day_first:
        return _DATES
    return sorted(_DATES, key=lambda form: form.startswith(("%m/", "%m-")))


def date_words(form: str) -> str:
    """Describe a format, such as "day/month/year"."""
    if form.startswith("%Y-%m-%dT"):
        return "as ISO 8601 has them"
    for sign, word in _WORDS.items():
        form = form.replace(sign, word)
    form = form.replace("%H:%M:%S", "hours:minutes:seconds").replace("%H:%M", "hours:minutes")
    return form.replace(".%f", ".fractions").replace("%z", " zone")
