"""Sentences that are said in several rooms, in the same words."""

from skae.messages._extras import lacking, needs_extra
from skae.messages._integers import check_flag, check_integer
from skae.messages._time_left import in_words, left
from skae.messages._warnings import NetworkChangedWarning, warn

__all__ = [
    "NetworkChangedWarning",
    "check_flag",
    "check_integer",
    "in_words",
    "lacking",
    "left",
    "needs_extra",
    "warn",
]
