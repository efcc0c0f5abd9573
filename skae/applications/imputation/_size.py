"""How many components a table with missing values can tell apart.

A share of the variance does not know: in a wide table of few rows nearly all of it is noise, of
which each row has a component of its own. What counts is how well cells are predicted that are
known but were hidden.
"""

from collections.abc import Iterator

import numpy as np
from sklearn.decomposition import PCA

from skae.numerics import Array, Bools

# For PCA on scaled rows; it is right where there are many rows for each component.
_SHARE_OF_VARIANCE = 0.95
# Share of the known cells to hide, beside those that another row misses.
_SHARE_HIDDEN = 0.2
# Number of rows to judge by, of draws of hidden cells, of steps of the iteration for each size, and
# of larger sizes that may be worse before the search ends.
_MOST_ROWS, _N_DRAWS, _N_STEPS, _PATIENCE = 300, 2, 8, 3


def hidden_cells(is_missing: Bools, rng: np.random.RandomState) -> Bools:
    """Choose known cells to hide: those that some other row misses, and some at random.

    Whole blocks are so hidden where whole blocks are missing. Each row keeps a known cell, and each
    column two.

    Parameters
    ----------
    is_missing : ndarray of bool of shape (n_samples, n_features)
    rng : numpy.random.RandomState

    Returns
    -------
    is_hidden : ndarray of bool of the same shape
    """
    n_rows, n_columns = is_missing.shape
    as_others = is_missing[rng.permutation(n_rows)]
    is_hidden = as_others & ~is_missing
    at_random = rng.uniform(size=is_missing.shape) < _SHARE_HIDDEN
    # Every column needs enough hidden cells to be judged by.
    is_hidden |= at_random & ~is_missing & (is_hidden.mean(axis=0) < _SHARE_HIDDEN / 2)
    kept = rng.uniform(size=is_missing.shape) * ~is_missing
    is_hidden[np.arange(n_rows), kept.argmax(axis=1)] = False
    for row in np.argsort(-kept, axis=0)[:2]:
        is_hidden[row, np.arange(n_columns)] = False
    return is_hidden


def size_for_share(rows: Array) -> int:
    """Return how many components explain most of the variance of rows.

    As many as there are columns would leave every value as it is, the guessed ones too.
    """
    low, extent = rows.min(axis=0), np.ptp(rows, axis=0)
    scaled = (rows - low) / np.where(extent > 0, extent, 1.0)
    if not np.any(extent):
        return 1
    solver = "covariance_eigh" if len(rows) > rows.shape[1] else "full"
    size = int(PCA(_SHARE_OF_VARIANCE, svd_solver=solver).fit(scaled).n_components_)
    return max(1, min(size, int(rows.shape[1]) - 1))


def size_for_hidden_cells(
    rows: Array, is_missing: Bools, unit: Array, largest: int, rng: np.random.RandomState
) -> int:
    """Return how many components of regularised iterated PCA predict hidden cells best [1]_.

    Parameters
    ----------
    rows : ndarray of shape (n_samples, n_features)
    is_missing : ndarray of bool of the same shape
    unit : ndarray of shape (n_features,)
        Unit of errors.
    largest : int
        Sizes up to this are tried.
    rng : numpy.random.RandomState

    Returns
    -------
    n_components : int

    References
    ----------
    .. [1] Josse, J. & Husson, F. (2012). Handling missing values in exploratory multivariate data
       analysis methods. Journal de la Société Française de Statistique 153, 79-99.
    """
    judges = rng.permutation(len(rows))[:_MOST_ROWS]
    rows, is_missing = np.asarray(rows[judges], dtype=np.float64), is_missing[judges]
    sizes = _sizes(min(largest, min(rows.shape) - 1))
    draws = [_errors(rows, is_missing, unit, sizes, rng) for _ in range(_N_DRAWS)]
    best, least, n_worse = 1, np.inf, 0
    for size, *errors in zip(sizes, *draws, strict=True):
        n_worse = 0 if sum(errors) < least else n_worse + 1
        if not n_worse:
            best, least = size, sum(errors)
        if n_worse == _PATIENCE:
            break
    return best


def _sizes(largest: int) -> list[int]:
    """Return 1, 2, 3, 4, 6, 8, 12, 16 and so on."""
    powers = 2 ** np.arange(32)
    return [int(size) for size in np.unique([*powers, *(3 * powers)]) if size <= max(largest, 1)]


def _errors(
    rows: Array, is_missing: Bools, unit: Array, sizes: list[int], rng: np.random.RandomState
) -> Iterator[float]:
    """Yield the squared error of hidden cells for each size in turn."""
    is_hidden = hidden_cells(is_missing, rng)
    is_known = ~(is_missing | is_hidden)
    extent = np.where(np.ptp(rows, axis=0) > 0, np.ptp(rows, axis=0), 1.0)
    centred = (rows - known_means(rows, is_known)) / extent
    filled = np.where(is_known, centred, 0.0)
    for size in sizes:
        # Each size goes on from where the one before ended.
        for _ in range(_N_STEPS):
            filled = np.where(is_known, centred, _projected(filled, size))
        yield float(np.sum(((filled - centred) * extent / unit)[is_hidden] ** 2))


def _projected(rows: Array, n_components: int) -> Array:
    """Project rows on their first components, each shrunk by the share of it that is noise."""
    mean = rows.mean(axis=0)
    rows = rows - mean
    is_wide = rows.shape[1] > rows.shape[0]
    variances, vectors = np.linalg.eigh(rows @ rows.T if is_wide else rows.T @ rows)
    variances, vectors = variances[::-1], vectors[:, ::-1][:, :n_components]
    rank = min(rows.shape[0] - 1, rows.shape[1])
    noise = max(variances[n_components:rank].mean(), 0.0) if n_components < rank else 0.0
    first = variances[:n_components]
    shares = np.clip((first - noise) / np.where(first > 0, first, 1.0), 0.0, 1.0)
    scores = vectors.T @ rows if is_wide else rows @ vectors
    centred = (vectors * shares) @ scores if is_wide else (scores * shares) @ vectors.T
    projected: Array = centred + mean
    return projected


def known_means(rows: Array, is_known: Bools) -> Array:
    """Return the mean of the known values of each column; of all its values where none is known."""
    n_known = is_known.sum(axis=0)
    total = np.where(is_known, rows, 0.0).sum(axis=0, dtype=np.float64)
    means: Array = np.where(n_known > 0, total / np.maximum(n_known, 1), rows.mean(axis=0))
    return means
