"""Which cells of an odd row are to blame: those without which the others are as they should be.

A wrong value moves the code of its row, and then other columns seem odd, some of them more than
the wrong one. Suspicious cells are hidden, one after another, and become what the others suggest:
what no longer surprises then is laid on them.
"""

from collections.abc import Callable

import numpy as np

from skae.numerics import Array, Integers

# Rows of less evidence, in nats, are not odd, and cells of less are not suspicious.
LEAST_ODD, LEAST_SUSPICIOUS = 1.0, 0.1
# Cells of a row that others are hidden for.
_MOST_CAUSES = 3

Hidden = tuple[int, ...]


def laid_on_causes(
    evidence: Array, evidence_without: Callable[[Integers, Hidden], Array]
) -> tuple[Array, dict[int, Hidden]]:
    """Lay the evidence of odd rows on the columns that explain most of it.

    Parameters
    ----------
    evidence : ndarray of shape (n_samples, n_columns)
        In nats, that each value is wrong.
    evidence_without : callable
        Returns evidence of some rows, by their places, of which some columns are hidden, by theirs;
        these have none.

    Returns
    -------
    laid : ndarray of shape (n_samples, n_columns)
        Each row has the sum that it had.
    causes : dict
        Columns to blame, in the order of their places, by row; for rows with several suspicious
        cells alone.
    """
    left, blamed = evidence.copy(), np.zeros_like(evidence)
    causes: dict[int, Hidden] = {}
    open_rows: Integers = np.arange(len(evidence))
    for _ in range(_MOST_CAUSES):
        is_suspicious = left[open_rows] > LEAST_SUSPICIOUS
        is_open = (left[open_rows].sum(axis=1) >= LEAST_ODD) & (is_suspicious.sum(axis=1) > 1)
        open_rows, is_suspicious = open_rows[is_open], is_suspicious[is_open]
        groups: dict[Hidden, list[int]] = {}
        for row, column in np.argwhere(is_suspicious).tolist():
            place = int(open_rows[row])
            hidden = tuple(sorted((*causes.get(place, ()), column)))
            groups.setdefault(hidden, []).append(place)
        tried: dict[int, dict[Hidden, Array]] = {}
        for hidden, places in groups.items():
            for place, rest in zip(places, evidence_without(np.array(places), hidden), strict=True):
                tried.setdefault(place, {})[hidden] = rest
        explained = set()
        for place, rests in tried.items():
            best = _best(left[place], rests, causes.get(place, ()))
            if best is not None:
                hidden, column = best
                blamed[place, column] = left[place].sum() - rests[hidden].sum()
                left[place], causes[place] = rests[hidden], hidden
                explained.add(place)
        open_rows = np.array([place for place in open_rows if place in explained], dtype=int)
    return blamed + left, causes


def _best(evidence: Array, rests: dict[Hidden, Array], before: Hidden) -> tuple[Hidden, int] | None:
    """Return the columns to hide now, and the new one among them; None if none explains more."""
    columns = {hidden: next(c for c in hidden if c not in before) for hidden in rests}
    falls = {hidden: float(evidence.sum() - rest.sum()) for hidden, rest in rests.items()}
    best = max(falls, key=lambda hidden: (falls[hidden], evidence[columns[hidden]]))
    return (best, columns[best]) if falls[best] > LEAST_SUSPICIOUS else None
