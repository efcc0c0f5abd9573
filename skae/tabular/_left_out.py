"""Columns that cannot help: what is empty, constant, a name of its row, or free text."""

from typing import NamedTuple

import numpy as np

from skae.tabular._cells import Cells

# So many rows make it no accident that all values of a column differ.
_ENOUGH = 30
# Of the known values of a column of text, so many differ at least where they are names or prose.
_MOSTLY = 0.5
# Numbers that differ by no more spacings of floats do so by rounding.
_ROUNDING = 4


class Reason(NamedTuple):
    """Why a column is left out; hopeless, where it would be even if it was asked for."""

    text: str
    is_hopeless: bool = False


def why_left_out(column: Cells, *, is_category: bool, n_least: int) -> Reason | None:
    """Why a column cannot help, or None.

    Parameters
    ----------
    column : Cells
    is_category : bool
        Whether it is one of categories.
    n_least : int
        Rows of a level that says something.
    """
    known = column.values[~column.is_missing]
    if len(known) == 0:
        return Reason("it is empty", is_hopeless=True)
    if column.kind == "unknown":
        kind = type(known[0]).__name__
        return Reason(f"its values, such as one of type {kind}, are no levels", is_hopeless=True)
    n_known, n_different = len(known), len(np.unique(known))
    if is_constant(column):
        return Reason(f"it holds nothing but {only_value(column)!r}", is_hopeless=True)
    if n_known < _ENOUGH:
        return None
    if is_category and column.kind == "text" and n_different > _MOSTLY * n_known:
        what = "all" if n_different == n_known else f"{n_different:,} of {n_known:,}"
        return Reason(f"{what} of its values differ, as names, identifiers and free text do")
    if is_category and n_different > 2 and (largest := _largest(column)) < n_least:
        return Reason(
            f"none of its {n_different:,} levels has more than {largest} rows, which are too few"
        )
    if column.kind == "number" and column.is_whole and n_different == n_known:
        steps = np.diff(known)
        if np.all(steps == steps[0]):
            return Reason("it numbers the rows")
    return None


def _largest(column: Cells) -> int:
    """Rows of the most frequent value."""
    known = column.values[~column.is_missing]
    return int(np.unique(known, return_counts=True)[1].max())


def is_constant(column: Cells) -> bool:
    """Whether a column has one value, or numbers that differ by rounding alone."""
    known = column.values[~column.is_missing]
    if column.kind == "unknown" or len(known) == 0:
        return False
    if column.kind != "number" or np.all(known == np.round(known)):
        return bool(np.all(known == known[0]))
    largest = np.abs(known).max()
    return bool(np.isfinite(largest) and np.ptp(known) <= _ROUNDING * np.spacing(largest))


def only_value(column: Cells) -> object:
    """The value of a column that has one."""
    value = column.values[~column.is_missing][0].item()
    if column.levels:
        return column.levels[value]
    return int(value) if column.is_whole and column.kind == "number" else value
