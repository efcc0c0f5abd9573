"""Which codes are different, and which of them are drawn as they are."""

from typing import NamedTuple

import numpy as np

from skae.numerics import Array, Bools, Integers

# Codes nearer than this, in deviations of the code, are the same: encoding rounds to float32.
_RESOLUTION = 2.0**-12
# A value that so many rows have is drawn as it is. Where few values are all there is, fewer do.
_COPIES, _FEW_COPIES, _FEW_VALUES = 10, 3, 32
_MOST_REPEATED = 1000


class Values(NamedTuple):
    """Different codes.

    Attributes
    ----------
    first : ndarray of int of shape (n_values,)
        A row of each.
    of_row : ndarray of int of shape (n_samples,)
        Which of them each row has.
    is_repeated : ndarray of bool of shape (n_values,)
        Those that are drawn as they are.
    """

    first: Integers
    of_row: Integers
    is_repeated: Bools


def find_values(code: Array) -> Values:
    """The different values of codes, and which are repeated so often that they are likely again.

    Parameters
    ----------
    code : ndarray of shape (n_samples, n_components)

    Returns
    -------
    values : Values
    """
    deviation = np.sqrt(np.var(code, axis=0).mean()) or 1.0
    # Adding zero makes one value of the two zeros.
    cells = np.rint((code - code.mean(axis=0)) / (_RESOLUTION * deviation)) + 0.0
    _, first, of_row, counts = np.unique(
        cells, axis=0, return_index=True, return_inverse=True, return_counts=True
    )
    return Values(first, of_row.ravel(), _are_repeated(counts))


def _are_repeated(counts: Integers) -> Bools:
    least = _FEW_COPIES if len(counts) <= _FEW_VALUES else _COPIES
    is_repeated = (counts >= least) | (len(counts) == 1)
    others = counts[~is_repeated]
    # Rare values beside frequent ones are of their kind, unless hardly one of them comes twice.
    are_most = counts[is_repeated].sum() > others.sum()
    if are_most and others.sum() > 2 * np.sum(others == 1):
        is_repeated[:] = True
    by_frequency = np.argsort(-counts, kind="stable")
    is_repeated[by_frequency[_MOST_REPEATED:]] = False
    # A density needs two rows.
    if counts[~is_repeated].sum() < 2:
        is_repeated[:] = True
    return is_repeated
