"""Reducers of many sizes, compared on rows held out."""

from skae.comparison._compare import LEAST_HELD_OUT, compare
from skae.comparison._comparison import Comparison
from skae.comparison._scores import COLUMNS, score_rows

__all__ = [
    "COLUMNS",
    "LEAST_HELD_OUT",
    "Comparison",
    "compare",
    "score_rows",
]
