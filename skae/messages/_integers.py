"""Integers that users give."""

from numbers import Integral
from typing import Any


def check_integer(name: str, value: Any, least: int = 1) -> int:
    """An integer of at least some size.

    Raises
    ------
    ValueError
        For anything else; True and False are no integers.
    """
    if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
        raise ValueError(f"{name}={value!r} must be an integer of {least} or more.")
    return int(value)
