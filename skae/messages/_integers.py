"""Integers and truth values that users give."""

from numbers import Integral
from typing import Any

import numpy as np


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


def check_flag(name: str, value: Any) -> bool:
    """True or False.

    Raises
    ------
    ValueError
        For anything else, also where Python would take it for one of them.
    """
    if not isinstance(value, bool | np.bool_):
        raise ValueError(f"{name}={value!r} should be True or False.")
    return bool(value)
