"""Which rows a reducer has not seen: folds that know their rows again.

Knows numpy and scikit-learn only: fits choose their length by such folds, detectors their judges.
"""

from hashlib import blake2b
from typing import Any

import numpy as np
from sklearn.model_selection import GroupKFold

from skae.numerics import Array, Integers

__all__ = ["NEW", "HeldOutFolds", "row_keys"]

NEW = -1
# A kind of rows is frequent if it has so many equal rows a fold, and this share of all rows.
_COPIES = 2
_SHARE = 0.005
# Among repeated combinations of few values, a kind with this share of the median number of copies
# is frequent too.
_RARE = 0.25


class HeldOutFolds:
    """Folds of the rows of X; equal rows share one, but for those of few kinds.

    Where a table has few kinds of rows, such as combinations of categories, new rows are equal to
    old ones, and no kind is odd because a reducer has not seen it: such a row is not odd if it is
    frequent. Its copies are dealt out to all folds, and it is judged like a new one.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
    n_folds : int
    rng : numpy.random.RandomState
    deals_out_copies : bool, default=True
        Whether the many copies of a row are dealt out in every table, rather than only where rows
        are combinations of few values.
    keeps_equals : bool, default=True
        Whether equal rows share a fold at all. Without it no row is found again.

    Attributes
    ----------
    n_folds : int
        As asked for, or as many as there are groups of rows to deal out.
    of_rows : ndarray of shape (n_samples,)
        Fold of each row of X.
    n_different : list of int
        Rows of each fold, those that are kept together counted once.
    has_few_kinds : bool
        Whether most rows are of frequent kinds, or are repeated combinations of frequent values.
    """

    def __init__(
        self,
        X: Array,
        n_folds: int,
        rng: np.random.RandomState,
        *,
        deals_out_copies: bool = True,
        keeps_equals: bool = True,
    ) -> None:
        self._keys, first, inverse, counts = np.unique(
            row_keys(X) if keeps_equals else np.arange(len(X)),
            return_index=True,
            return_inverse=True,
            return_counts=True,
        )
        n_copies: float = max(_COPIES * n_folds, _SHARE * len(X))
        # Kinds that reducers have seen score less than others, so that these would seem odd. Where
        # a usual kind has too few copies to be dealt out to all folds, no kind is dealt out.
        is_of_kinds = np.mean(counts[inverse] > 1) > 0.5 and _has_few_values(X, n_copies)
        if is_of_kinds:
            usual = float(np.median(counts[inverse]))
            n_copies = min(n_copies, _RARE * usual) if usual >= n_copies else np.inf
        is_frequent = counts >= n_copies
        if not (deals_out_copies or (is_of_kinds and _are_combinations(X, len(counts)))):
            is_frequent[:] = False
        if len(counts) == 1:
            # Of a single kind of rows none is unseen.
            is_frequent[:] = True
        # Groups are numbered in the order of their rows, as keys would change with the units of X.
        groups = np.where(is_frequent[inverse], np.arange(len(X)), first[inverse])
        self.has_few_kinds = bool(is_of_kinds or np.mean(is_frequent[inverse]) > 0.5)
        self.n_folds = min(n_folds, len(np.unique(groups)))
        self.of_rows = np.empty(len(X), dtype=int)
        splitter = GroupKFold(self.n_folds, shuffle=True, random_state=rng)
        for fold, (_, held_out) in enumerate(splitter.split(X, groups=groups)):
            self.of_rows[held_out] = fold
        self.n_different = [len(np.unique(groups[self.of_rows == f])) for f in range(self.n_folds)]
        self._fold_of_key = np.where(is_frequent, NEW, self.of_rows[first])

    def of_others(self, rows: Any) -> list[Any]:
        """Return, for every fold, the rows of the others; of an array, or what is chosen alike."""
        return [rows[self.of_rows != fold] for fold in range(self.n_folds)]

    def find(self, X: Array) -> Integers:
        """Return the fold that each row was held out in; ``NEW`` for rows that no fold knows."""
        keys = row_keys(X)
        places = np.searchsorted(self._keys, keys).clip(max=len(self._keys) - 1)
        return np.where(self._keys[places] == keys, self._fold_of_key[places], NEW)


def _has_few_values(X: Array, n_copies: float) -> bool:
    """Return whether most values of every column have so many equals.

    Otherwise rows are repeated for another reason: drawn with replacement, or a table twice.
    """
    counts = [np.unique(column, return_counts=True)[1] for column in X.T]
    return all(of_column[of_column >= n_copies].sum() > 0.5 * len(X) for of_column in counts)


def _are_combinations(X: Array, n_kinds: int) -> bool:
    """Return whether so many kinds of rows come from far fewer values of every column."""
    return all(_COPIES * len(np.unique(column)) <= n_kinds for column in X.T)


def row_keys(X: Array) -> Integers:
    """Return a number for each row that depends on its values only, in any process."""
    # Adding zero makes -0.0, whose bytes differ, 0.0; those of NaN may differ too.
    rows = np.ascontiguousarray(X, dtype=np.float64) + 0.0
    rows[np.isnan(rows)] = np.nan
    digests = b"".join(blake2b(row.tobytes(), digest_size=8).digest() for row in rows)
    return np.frombuffer(digests, dtype="<u8")
