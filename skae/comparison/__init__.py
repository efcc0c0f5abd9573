"""Reducers of many sizes, compared on rows held out."""

from skae.comparison._compare import compare
from skae.comparison._comparison import Comparison
from skae.comparison._scores import COLUMNS, score_rows

__all__ = [
    "COLUMNS",
    "Comparison",
    "compare",
    "score_rows",
]
