"""Columns that cannot help: what is empty, constant, a name of its row, or free text."""

from typing import NamedTuple

import numpy as np

from skae.tabular._frames import Cells

# So many rows make it no accident that all values of a column differ.
_ENOUGH = 30
# Of the known values of a column of text, so many differ at least where they are names or prose.
_MOSTLY = 0.5


class Reason(NamedTuple):
    """Why a column is left out; hopeless, where it would be even if it was asked for."""

    text: str
    is_hopeless: bool = False


def why_left_out(column: Cells, *, is_category: bool) -> Reason | None:
    """Why a column cannot help, or None.

    Parameters
    ----------
    column : Cells
    is_category : bool
        Whether it is one of categories.
    """
    known = [v for v, out in zip(list(column.values), column.is_missing, strict=True) if not out]
    n_known, n_different = len(known), len(set(known))
    if n_known == 0:
        return Reason("it is empty", is_hopeless=True)
    if n_different == 1:
        return Reason(f"it holds nothing but {known[0]!r}", is_hopeless=True)
    if n_known < _ENOUGH:
        return None
    if is_category and column.kind == "text" and n_different > _MOSTLY * n_known:
        what = "all" if n_different == n_known else f"{n_different:,} of {n_known:,}"
        return Reason(f"{what} of its values differ, as names, identifiers and free text do")
    if column.kind == "number" and column.is_whole and n_different == n_known:
        steps = np.diff(np.array(known))
        if np.all(steps == steps[0]):
            return Reason("it numbers the rows")
    return None
