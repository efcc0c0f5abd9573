"""Values that no row of a fit had: new levels, new holes, and what constant columns never held.

A model has no place for them. By Laplace's rule of succession what n values never were has a
probability of about one in n + 1, and so a surprise of log(n + 1) nats.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np

from skae.numerics import Array, Bools
from skae.states import demand
from skae.tabular._cells import NUMERIC, Cells
from skae.tabular._columns import CategoryColumn
from skae.tabular._encoding import Encoding
from skae.tabular._frames import native_table, read_table
from skae.tabular._survey import Survey

# Spacings of floats by which numbers of a constant column may differ.
_ROUNDING = 4


@dataclass(frozen=True)
class SeenValues:
    """What the columns of a table held in a fit.

    Columns that were dropped as asked, or left out as names of their rows, are not looked at.

    Attributes
    ----------
    n_rows : int
    levels : dict
        Levels by the place of their column: of categories, and of constant columns.
    ranges : dict
        Lowest and highest value of constant columns of numbers, by place.
    n_known : dict
        How many values were known, by the place of each column that is looked at.
    had_holes : dict
        Whether any value was missing, by place.
    """

    n_rows: int
    levels: dict[int, tuple[Any, ...]]
    ranges: dict[int, tuple[float, float]]
    n_known: dict[int, int]
    had_holes: dict[int, bool]

    @classmethod
    def of(cls, survey: Survey) -> "SeenValues":
        """Return what a table holds, and what a frozen reducer of tables has seen before."""
        seen = cls(survey.table.n_rows, {}, {}, {}, {})
        for place, (name, cells) in enumerate(survey.table.cells.items()):
            if name not in survey.dropped:
                seen._look_at(place, name, cells, survey.encoding)
        return seen

    def _look_at(self, place: int, name: Hashable, cells: Cells, encoding: Encoding) -> None:
        known, column = ~cells.is_missing, encoding.used.get(name)
        constant = [encoding.constants[name]] if name in encoding.constants else []
        if column is None and not constant and known.any():
            return
        self.n_known[place] = int(known.sum())
        self.had_holes[place] = bool(cells.is_missing.any()) or name in encoding.missing
        if isinstance(column, CategoryColumn):
            found = cells.as_levels().levels if cells.kind != "unknown" else []
            self.levels[place] = _different([*column.levels, *column.pooled, *found])
        elif column is None and cells.kind in NUMERIC and known.any():
            values = np.append(cells.values[known], constant)
            self.ranges[place] = float(values.min()), float(values.max())
        elif column is None:
            self.levels[place] = _different([*constant, *cells.levels])

    def surprises(self, X: Any) -> Array:
        """Return how surprising it is that values are new, in nats; 0 for all others.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_columns)

        Returns
        -------
        surprises : ndarray of shape (n_samples, n_columns)
        """
        cells = list(read_table(native_table(X))[1].values())
        surprises = np.zeros((len(X), len(cells)))
        for place, n_known in self.n_known.items():
            column = cells[place]
            surprises[self._is_new(place, column), place] = np.log1p(n_known or self.n_rows)
            if not self.had_holes[place]:
                surprises[column.is_missing, place] = np.log1p(self.n_rows)
        return surprises

    def _is_new(self, place: int, cells: Cells) -> Bools:
        """Return which values of a column are there and were never before."""
        known: Bools = ~cells.is_missing
        if place in self.ranges and cells.kind in NUMERIC:
            low, high = self.ranges[place]
            slack = _ROUNDING * np.spacing(max(abs(low), abs(high)))
            is_within = (cells.values >= low - slack) & (cells.values <= high + slack)
            return np.asarray(known & ~is_within)
        if place in self.levels and cells.kind != "unknown":
            levels, places = set(self.levels[place]), cells.as_levels()
            is_new = np.array([*(level not in levels for level in places.levels), False])
            return np.asarray(is_new[places.values])
        return known & (place in self.ranges or place in self.levels)

    def check_stored(self, n_columns: int) -> None:
        """Refuse what no fit leaves."""
        parts = vars(self)
        demand(isinstance(parts.get("n_rows"), int), "rows without a number")
        for name in ("levels", "ranges", "n_known", "had_holes"):
            part = parts.get(name)
            demand(isinstance(part, dict), f"{name} is a {type(part).__name__}")
            demand(all(isinstance(k, int) and 0 <= k < n_columns for k in part or ()), name)
        demand(self.n_known.keys() == self.had_holes.keys(), "columns that were not counted")


def _different(levels: list[Any]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(levels))
