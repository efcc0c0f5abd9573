"""Cautions about the rows compared, in the words of the command."""

from collections.abc import Sequence

import numpy as np

from skae.cli._table_file import Table
from skae.comparison import Comparison, listed
from skae.tables import AbsurdCell

MOST_NAMES = 5


def cautions(comparison: Comparison, table: Table) -> list[str]:
    """Say what to mind of the rows compared.

    Parameters
    ----------
    comparison : Comparison
        The scores.

    table : Table
        The rows: it knows the names of the columns, and the values in its file.

    Returns
    -------
    sentences : list of str
        None where there is nothing to mind.
    """
    cells = comparison.absurd_cells
    absurd = {cell.column for cell in cells}
    heavy = list(comparison.heavy_columns)
    # They are heavy by one value each.
    is_explained = absurd.issuperset(heavy)
    return [
        *([_absurd(cells, table)] if cells else []),
        *([] if is_explained else [_heavy(heavy, comparison, table.columns)]),
    ]


def _absurd(cells: Sequence[AbsurdCell], table: Table) -> str:
    first, *others = cells
    value = _value(first, table)
    again = f" and in {first.n_cells - 1} others" if first.n_cells > 1 else ""
    places = [
        f"{table.columns[cell.column]} ({_value(cell, table):g})"
        for cell in others[: MOST_NAMES - 1]
    ]
    if len(others) > len(places):
        places.append(f"{len(others) - len(places)} more")
    more = f"; likewise {listed(places)}" if places else ""
    return (
        f"{table.columns[first.column]} holds {value:g} in row {first.row}{again}, "
        f"{first.ratio:.3g} times as far from the median as any other value{more}: mend or drop "
        "such values, or leave them empty and fill them, as the scores are largely theirs."
    )


def _value(cell: AbsurdCell, table: Table) -> float:
    # A frame was compared as it is, an array perhaps scaled.
    value: float = cell.value if hasattr(table.X, "columns") else table.value(cell.row, cell.column)
    return value


def _heavy(heavy: Sequence[int], comparison: Comparison, columns: Sequence[str]) -> str:
    variances = comparison.feature_deviations**2
    part = 100 * variances[heavy].sum() / variances.sum()
    names = [columns[i] for i in heavy[:MOST_NAMES]]
    if len(heavy) > MOST_NAMES:
        names.append(f"{len(heavy) - MOST_NAMES} more")
    hold, their = ("holds", "its") if len(heavy) == 1 else ("hold", "theirs")
    return (
        f"{listed(names)} {hold} {part:.1f} % of the variance of {np.count_nonzero(variances)} "
        f"columns, so the scores are nearly {their} alone: add --scale if the columns have "
        "different units."
    )
