"""Reducers of many sizes, compared on rows held out."""

from skae.comparison._compare import LEAST_HELD_OUT, compare
from skae.comparison._comparison import Comparison
from skae.comparison._judgement import BASELINE
from skae.comparison._phrases import components, listed, share
from skae.comparison._recommendation import recommend
from skae.comparison._scores import COLUMNS, score_rows
from skae.comparison._summary import summarise

__all__ = [
    "BASELINE",
    "COLUMNS",
    "LEAST_HELD_OUT",
    "Comparison",
    "compare",
    "components",
    "listed",
    "recommend",
    "score_rows",
    "share",
    "summarise",
]
