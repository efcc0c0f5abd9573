"""Sums over rows, a block at a time, wherever the rows lie."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from scipy import sparse

from skae.numerics import Array, Integers, Matrix

_BLOCK_BYTES = 8 * 2**20

# Gives some arrays of a block of rows, float64, and of their weights. It has to be picklable, as
# the rows may lie in another process: a function of a module, or a ``partial`` of one.
BlockFunction = Callable[[Array, Array], tuple[Any, ...]]


class RowsElsewhere(ABC):
    """Rows that lie in other processes: sums over them come here, and some of them if asked for.

    Attributes
    ----------
    shape : tuple of int
    dtype : numpy.dtype
    """

    shape: tuple[int, int]
    dtype: "np.dtype[Any]"

    @abstractmethod
    def __getitem__(self, rows: slice | Integers) -> Array:
        """Some rows, here."""

    @abstractmethod
    def over_blocks(
        self, function: BlockFunction, scaling: Any, combine: np.ufunc, *, weighted: bool
    ) -> list[Any]:
        """What ``over_blocks`` says, where the rows lie.

        ``weighted`` says whether the weights of the rows count, which are known there.
        """

    def __len__(self) -> int:
        return self.shape[0]


def over_blocks(
    function: BlockFunction,
    X: Matrix,
    sample_weight: Array | None = None,
    scaling: Any = None,
    combine: np.ufunc = np.add,
) -> list[Any]:
    """What a function gives for all blocks of rows, added up in their order.

    Parameters
    ----------
    function : callable
        ``function(rows, weights)`` gives a tuple of arrays or numbers.
    X : ndarray, memory map, CSR or RowsElsewhere of shape (n_samples, n_features)
    sample_weight : ndarray of shape (n_samples,), optional
    scaling : Scaling, optional
        Applied to the rows before.
    combine : ufunc of two arrays
        Another way to make one of two, such as ``numpy.maximum``.
    """
    if isinstance(X, RowsElsewhere):
        return X.over_blocks(function, scaling, combine, weighted=sample_weight is not None)
    total: list[Any] | None = None
    for rows, weights in weighted_blocks(X, sample_weight, scaling):
        total = combined(total, function(rows, weights), combine)
    assert total is not None
    return total


def combined(
    total: list[Any] | None, found: tuple[Any, ...] | list[Any], combine: np.ufunc
) -> list[Any]:
    """One more tuple with what was found before; the first is what it is."""
    if total is None:
        return list(found)
    return [combine(before, more) for before, more in zip(total, found, strict=True)]


def weighted_blocks(
    X: Matrix, sample_weight: Array | None = None, scaling: Any = None
) -> Iterator[tuple[Array, Array]]:
    """Yield dense float64 blocks of rows and their weights, a few megabytes at a time."""
    n_rows = max(1, _BLOCK_BYTES // (8 * max(1, X.shape[1])))
    for start in range(0, X.shape[0], n_rows):
        rows = dense(X[start : start + n_rows]).astype(np.float64, copy=False)
        weights = (
            np.ones(len(rows)) if sample_weight is None else sample_weight[start : start + n_rows]
        )
        yield (rows if scaling is None else scaling.apply(rows)), weights


def dense(rows: Matrix) -> Array:
    """A block of rows as a plain array."""
    if isinstance(rows, RowsElsewhere):
        return rows[:]
    return rows.toarray() if sparse.issparse(rows) else np.asarray(rows)
