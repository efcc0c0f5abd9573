"""What a comparison of a table says beside its scores: hard columns, and those left out."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from skae.comparison._phrases import components, listed, share
from skae.numerics import Array

if TYPE_CHECKING:
    from skae.comparison._table_comparison import TableComparison


MEANING = (
    "What is explained of a table is the mean over its columns: of a number the share of its "
    "variance, of a category the share of mistakes avoided of those made by always guessing its "
    "most frequent level, and 0 where a column is guessed worse than that."
)
_HARD = 0.2  # share of a column
_MOST_NAMES = 5


def describe_table(comparison: "TableComparison") -> list[str]:
    """Say all that there is to say of the columns and the rows."""
    return [
        MEANING,
        *describe_hard(comparison),
        *describe_left_out(comparison),
        *describe_rows(comparison),
    ]


def describe_hard(comparison: "TableComparison") -> list[str]:
    """Name the columns of which no reducer explains a fifth with the most components."""
    best = best_of(comparison.mean_of_columns()[:, -1])
    hard = [place for place in best.argsort(kind="stable") if best[place] < _HARD]
    if not hard:
        return []
    names = [f"{comparison.columns[place]} ({share(best[place])})" for place in hard[:_MOST_NAMES]]
    are = "is" if len(hard) == 1 else "are"
    return [
        f"Hard even with {components(comparison.n_components[-1])} {are} {_some(names, len(hard))}."
    ]


def describe_left_out(comparison: "TableComparison") -> list[str]:
    """Name the columns that were left out, and why."""
    reasons = [f"{name} ({why})" for name, why in comparison.left_out.items()]
    if not reasons:
        return []
    are = "is" if len(reasons) == 1 else "are"
    return [f"Left out {are} {_some(reasons[:_MOST_NAMES], len(reasons))}."]


def describe_rows(comparison: "TableComparison") -> list[str]:
    """Say how many rows were used where these are not all."""
    used, n_samples = comparison.n_train + comparison.n_held_out, comparison.n_samples
    if used >= n_samples:
        return []
    return [
        f"Of {n_samples:,} rows, each fold takes {comparison.n_train:,} at random to learn from, "
        f"and {comparison.n_held_out:,} others to score on."
    ]


def best_of(shares: Array) -> Array:
    """Return the largest share of each column over reducers; infinity where none can be told."""
    known = np.where(np.isnan(shares), -np.inf, shares).max(axis=0)
    return np.where(np.isneginf(known), np.inf, known)


def _some(names: Sequence[str], n_all: int) -> str:
    more = [f"{n_all - len(names)} more"] if n_all > len(names) else []
    return listed([*names, *more])
