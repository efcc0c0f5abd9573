"""Sentences that are said in several rooms, in the same words."""

from skae.messages._time_left import in_words, left

__all__ = [
    "in_words",
    "left",
]
