"""Reducers of many sizes, compared on rows held out."""

from skae.comparison._compare import LEAST_HELD_OUT as LEAST_HELD_OUT, compare
from skae.comparison._comparison import Comparison
from skae.comparison._phrases import components as components, listed as listed, share as share
from skae.comparison._recommendation import recommend as recommend
from skae.comparison._scores import COLUMNS as COLUMNS, Cell as Cell, score_rows as score_rows
from skae.comparison._summary import summarise as summarise
from skae.comparison._table_comparison import TableComparison
from skae.comparison._table_words import (
    MEANING as MEANING,
    describe_hard as describe_hard,
    describe_left_out as describe_left_out,
    describe_rows as describe_rows,
    describe_table as describe_table,
)

__all__ = ["Comparison", "TableComparison", "compare"]
