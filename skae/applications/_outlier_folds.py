"""Which rows a reducer has not seen: folds that know their rows again."""

from hashlib import blake2b

import numpy as np
from sklearn.model_selection import GroupKFold

NEW = -1


class HeldOutFolds:
    """Folds of the distinct rows of X; equal rows share one.

    Attributes
    ----------
    n_folds : int
        As asked for, or as many as there are distinct rows.
    of_rows : ndarray of shape (n_samples,)
        Fold of each row of X.
    """

    def __init__(self, X, n_folds, rng):
        self._keys, first, inverse = np.unique(_row_keys(X), return_index=True, return_inverse=True)
        self.n_folds = min(n_folds, len(self._keys))
        self.of_rows = np.empty(len(X), dtype=int)
        splitter = GroupKFold(self.n_folds, shuffle=True, random_state=rng)
        # Groups in the order of their rows, and not of their keys: X may change its units.
        for fold, (_, held_out) in enumerate(splitter.split(X, groups=first[inverse])):
            self.of_rows[held_out] = fold
        self._fold_of_key = self.of_rows[first]

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
