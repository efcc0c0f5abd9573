"""Which values a column may take: bounds, and a grid."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, Literal

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions

from skae.numerics import Array, ArrayLike, Bools

OBSERVED, INTEGERS = "observed", "integers"
BOUND = [
    Interval(Real, None, None, closed="both"),
    StrOptions({OBSERVED}),
    "array-like",
    dict,
    None,
]
GRID = [
    Interval(Real, 0, None, closed="neither"),
    StrOptions({OBSERVED, INTEGERS}),
    "array-like",
    dict,
    None,
]
# Rounding may move a bound that lies on the grid by this share of a step.
_SLACK = 1e-9
_LARGEST = float(np.finfo(np.float64).max)


# The parameters, of all columns or of each.
Bound = float | Literal["observed"] | ArrayLike | Mapping[Any, Any] | None
Grid = float | Literal["observed", "integers"] | ArrayLike | Mapping[Any, Any] | None
# A step of which values are multiples, all values that are allowed, or no restriction.
Allowed = float | Array | None
# Labels of the columns of a frame; None for an array, whose columns have numbers.
Labels = Sequence[Any] | None


@dataclass(frozen=True, eq=False)
class Limits:
    """Values that each column may take.

    Attributes
    ----------
    lower, upper : ndarray of shape (n_features,)
        Infinite where there is no bound.
    grids : list of length n_features
        A float, of which values are multiples; an array of all values, sorted; or None.
    """

    lower: Array
    upper: Array
    grids: list[Allowed]

    def of_columns(self, chosen: Bools) -> "Limits":
        """Return the limits of some columns, by a mask."""
        grids = [grid for grid, is_chosen in zip(self.grids, chosen, strict=True) if is_chosen]
        return Limits(self.lower[chosen], self.upper[chosen], grids)

    def held(self, columns: Bools, values: Array) -> "Limits":
        """Return limits in which some columns keep a value, or the nearest that is allowed."""
        values = self.clip(values)
        lower, upper, grids = self.lower.copy(), self.upper.copy(), list(self.grids)
        lower[columns] = upper[columns] = values[columns]
        for column in np.flatnonzero(columns):
            grids[column] = None
        return Limits(lower, upper, grids)

    def held_where_constant(self, rows: Array) -> "Limits":
        """Return limits in which columns of one value, NaN aside, keep it; but for grids."""
        lowest, highest = np.fmin.reduce(rows, axis=0), np.fmax.reduce(rows, axis=0)
        has_grid = np.array([grid is not None for grid in self.grids], bool)
        return self.held((lowest == highest) & ~has_grid, lowest)

    def clip(self, rows: Array) -> Array:
        """Move rows within the bounds."""
        return np.clip(rows, self.lower, self.upper).astype(rows.dtype, copy=False)

    def apply(self, rows: Array) -> Array:
        """Replace values by the nearest that are allowed."""
        rows = self.clip(rows)
        for column, grid in enumerate(self.grids):
            if grid is not None:
                # A rounded -0.4 is no -0.0.
                rows[:, column] = _nearest(rows[:, column], grid) + 0.0
        return rows


def fit_limits(
    X: ArrayLike, min_value: Bound, max_value: Bound, grid: Grid, labels: Labels = None
) -> Limits:
    """Read the limits from parameters, of which some ask for values seen in rows.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        NaN where nothing is known.
    min_value, max_value : float, "observed", None, array-like or dict of such by column
    grid : float, "observed", "integers", None, array-like or dict of such by column
    labels : list, optional
        What a frame calls its columns, for a dict; None for an array, whose columns have numbers.

    Raises
    ------
    ValueError
        For other values, another number of them, or columns that none is left for.
    """
    known = [column[~np.isnan(column)] for column in np.asarray(X, np.float64).T]
    lower = _bounds("min_value", min_value, known, labels, (-np.inf, np.min))
    upper = _bounds("max_value", max_value, known, labels, (np.inf, np.max))
    wrong = np.flatnonzero(lower > upper)
    if wrong.size:
        raise ValueError(
            f"min_value={lower[wrong[0]]:g} is above max_value={upper[wrong[0]]:g} for column "
            f"{_called(wrong[0], labels)}. Give a range that holds some value."
        )
    chosen = _one_a_column("grid", grid, len(known), labels)
    grids = [_grid_of(one, column) for one, column in zip(chosen, known, strict=True)]
    for column, one in enumerate(grids):
        if one is not None:
            grids[column], lower[column], upper[column] = _within(
                one, lower[column], upper[column], _called(column, labels)
            )
    return Limits(lower, upper, grids)


def _bounds(
    parameter: str,
    given: Any,
    known: list[Array],
    labels: Labels,
    kind: tuple[float, Callable[[Array], Any]],
) -> Array:
    values = _one_a_column(parameter, given, len(known), labels)
    pairs = zip(values, known, strict=True)
    return np.array([_bound(parameter, value, column, *kind) for value, column in pairs])


def _bound(
    parameter: str, value: Any, column: Array, unbounded: float, extreme: Callable[[Array], Any]
) -> float:
    if isinstance(value, str) and value == OBSERVED:
        return float(extreme(column)) if column.size else unbounded
    if value is None:
        return unbounded
    # An infinite bound of the right sign is none; of the other it would leave no value.
    is_bound = _is_number(value) and (value == unbounded or abs(value) <= _LARGEST)
    if not is_bound:
        raise ValueError(
            f"{parameter} holds {value!r}, but finite numbers, {OBSERVED!r} or None (no bound) "
            "were expected."
        )
    return float(value)


def _one_a_column(parameter: str, given: Any, n_columns: int, labels: Labels) -> list[Any]:
    """Return the entry of each column."""
    if given is None or np.isscalar(given):
        return [given] * n_columns
    if isinstance(given, set | frozenset):
        raise ValueError(
            f"{parameter}={given!r} has no order. Give one for all columns, a list with one for "
            "each, or a dict of some columns."
        )
    if labels and hasattr(given, "index") and hasattr(given, "items"):
        # A Series, such as frame.min(), says which column each entry is of.
        given = dict(given.items())
    if not isinstance(given, dict):
        if getattr(given, "ndim", 1) == 0:  # an array of one number
            return [given.item()] * n_columns
        if len(given) != n_columns:
            raise ValueError(
                f"{parameter} holds {len(given)} entries, but X has {n_columns} columns. Give one "
                "for all columns, one for each, or a dict of some columns."
            )
        return list(given)
    chosen, places = [None] * n_columns, _places(labels, n_columns)
    for key, one in given.items():
        if key not in places:
            raise ValueError(
                f"{parameter} names the column {key!r}, which X does not have. Its columns are "
                f"{', '.join(map(repr, labels)) if labels else f'0 to {n_columns - 1}'}."
            )
        for place in places[key]:
            chosen[place] = one
    return chosen


def _places(labels: Labels, n_columns: int) -> dict[Any, list[int]]:
    """Return the places of the columns that each key of a dict stands for."""
    by_number = {place: [place] for place in range(n_columns)}
    if not labels:
        return by_number
    # Where labels are numbers themselves, a number could mean two columns.
    places = by_number if all(isinstance(label, str) for label in labels) else {}
    for place, label in enumerate(labels):
        places.setdefault(label, []).append(place)
    return places


def _is_number(value: object) -> bool:
    return isinstance(value, Real)


def _grid_of(given: Any, known: Array) -> Allowed:
    if given is None:
        return None
    if isinstance(given, str) and given == OBSERVED:
        return np.unique(known) if known.size else None
    if isinstance(given, str) and given == INTEGERS:
        return 1.0 if known.size and np.array_equal(known, np.round(known)) else None
    if not _is_number(given) or not 0 < given < np.inf:
        raise ValueError(
            f"grid holds {given!r}, but steps above 0, {OBSERVED!r}, {INTEGERS!r} or None were "
            "expected."
        )
    return float(given)


def _within(
    grid: float | Array, lower: float, upper: float, name: str
) -> tuple[float | Array, float, float]:
    """Return a grid within bounds, and the bounds moved onto it."""
    if isinstance(grid, float):
        lowest = np.ceil(lower / grid - _SLACK) * grid
        highest = np.floor(upper / grid + _SLACK) * grid
        is_empty = lowest > highest
    else:
        grid = grid[(grid >= lower) & (grid <= upper)]
        lowest, highest, is_empty = lower, upper, not grid.size
    if is_empty:
        raise ValueError(
            f"No value of the grid of column {name} lies between {lower:g} and {upper:g}. Widen "
            "min_value and max_value, or set grid=None for that column."
        )
    return grid, lowest, highest


def _nearest(values: Array, grid: float | Array) -> Array:
    if isinstance(grid, float):
        # Tenths are exact as quotients, and not as products.
        per_unit = np.round(1 / grid)
        if per_unit >= 1 and abs(per_unit * grid - 1) < _SLACK:
            nearest: Array = np.round(values * per_unit) / per_unit
            return nearest
        return np.round(values / grid) * grid
    if len(grid) == 1:
        return np.full_like(values, grid[0])
    after = np.searchsorted(grid, values).clip(1, len(grid) - 1)
    before = after - 1
    is_first = values - grid[before] <= grid[after] - values
    of_grid: Array = np.where(is_first, grid[before], grid[after])
    return of_grid


def _called(column: int, labels: Labels) -> str:
    return repr(labels[column]) if labels else str(column)
