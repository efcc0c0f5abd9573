"""Dates, times and decimals, which text stands for without loss."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

# Longer than any that are written of dates; decimals of more digits are refused.
_LONGEST = 1000


def _span_as_text(span: timedelta) -> str:
    return f"{span.days} {span.seconds} {span.microseconds}"


def _span_again(text: str) -> timedelta:
    days, seconds, microseconds = map(int, text.split())
    return timedelta(days, seconds, microseconds)


# By what files call them: how text is made of each, and it of text.
_KINDS: dict[str, tuple[type[Any], Callable[[Any], str], Callable[[str], Any]]] = {
    "date": (date, date.isoformat, date.fromisoformat),
    "datetime": (datetime, datetime.isoformat, datetime.fromisoformat),
    "time": (time, time.isoformat, time.fromisoformat),
    "timedelta": (timedelta, _span_as_text, _span_again),
    "Decimal": (Decimal, str, Decimal),
}
_NAMES = {cls: name for name, (cls, _, _) in _KINDS.items()}
PLAIN = tuple(_NAMES)


def plain_text(value: Any) -> list[str] | None:
    """Return the kind of a value and text for it, or None where the text would not be all of it.

    Parameters
    ----------
    value : date, datetime, time, timedelta or Decimal
        A time zone is kept if it is a fixed offset without a name.
    """
    name = _NAMES[type(value)]
    text = _KINDS[name][1](value)
    zone = getattr(value, "tzinfo", None)
    is_whole = zone is None or _is_fixed(zone)
    is_one = not getattr(value, "fold", 0) and len(text) <= _LONGEST
    return [name, text] if is_whole and is_one else None


def _is_fixed(zone: Any) -> bool:
    return type(zone) is timezone and repr(zone) == repr(timezone(zone.utcoffset(None)))


def plain_again(kind: str, text: Any) -> Any:
    """Return the value that text stands for.

    Raises
    ------
    ValueError
        If it stands for none.
    """
    if not isinstance(text, str) or len(text) > _LONGEST:
        raise ValueError("a date or a decimal is no text")
    cls, as_text, again = _KINDS[kind]
    value = again(text)
    if type(value) is not cls or as_text(value) != text:
        raise ValueError("a date or a decimal is written in another way than a save does")
    return value
