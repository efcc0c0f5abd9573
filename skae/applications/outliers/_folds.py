"""Which rows a reducer has not seen: folds that know their rows again."""

from hashlib import blake2b

import numpy as np
from sklearn.model_selection import GroupKFold

NEW = -1
# A row with as many equals for each fold, and with this share of all rows, is one of few kinds.
_COPIES = 2
_SHARE = 0.005


class HeldOutFolds:
    """Folds of the rows of X; equal rows share one, but for those of few kinds.

    Where a table has few kinds of rows, such as combinations of categories, new rows are equal to
    old ones, and no kind is odd because a reducer has not seen it: such a row is not odd if it is
    frequent. Its copies are dealt out to all folds, and it is judged like a new one.

    Attributes
    ----------
    n_folds : int
        As asked for, or as many as there are groups of rows to deal out.
    of_rows : ndarray of shape (n_samples,)
        Fold of each row of X.
    has_few_kinds : bool
        Whether most rows are of frequent kinds.
    """

    def __init__(self, X, n_folds, rng):
        self._keys, first, inverse, counts = np.unique(
            _row_keys(X), return_index=True, return_inverse=True, return_counts=True
        )
        is_frequent = counts >= max(_COPIES * n_folds, _SHARE * len(X))
        # Groups in the order of their rows, and not of their keys: X may change its units.
        groups = np.where(is_frequent[inverse], np.arange(len(X)), first[inverse])
        self.has_few_kinds = bool(is_frequent[inverse].mean() > 0.5)
        self.n_folds = min(n_folds, len(np.unique(groups)))
        self.of_rows = np.empty(len(X), dtype=int)
        splitter = GroupKFold(self.n_folds, shuffle=True, random_state=rng)
        for fold, (_, held_out) in enumerate(splitter.split(X, groups=groups)):
            self.of_rows[held_out] = fold
        self._fold_of_key = np.where(is_frequent, NEW, self.of_rows[first])

    def find(self, X):
        """Fold that each row was held out in; ``NEW`` for rows that no fold knows."""
        keys = _row_keys(X)
        places = np.searchsorted(self._keys, keys).clip(max=len(self._keys) - 1)
        return np.where(self._keys[places] == keys, self._fold_of_key[places], NEW)


def n_distinct(X):
    """How many rows differ from all before."""
    return len(np.unique(_row_keys(X)))


def _row_keys(X):
    """A number for each row that depends on its values only, in any process."""
    # Adding zero makes -0.0, whose bytes differ, 0.0; those of NaN may differ too.
    rows = np.ascontiguousarray(X, dtype=np.float64) + 0.0
    rows[np.isnan(rows)] = np.nan
    digests = b"".join(blake2b(row.tobytes(), digest_size=8).digest() for row in rows)
    return np.frombuffer(digests, dtype="<u8")
