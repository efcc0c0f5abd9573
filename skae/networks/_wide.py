"""How many principal directions explain a share of the variance of rows with many columns.

A covariance of all columns would be too large, and which size a sketch needs is what is asked. Few
rows have a small matrix of their products, which says all exactly; of more rows a sketch grows
until it explains the share, or until the products are the smaller task, or it is too large.
"""

from abc import ABC, abstractmethod

import numpy as np
from scipy.linalg import eigh

from skae.networks._principal import PrincipalDirections, with_fixed_signs
from skae.numerics import Array

# Rows of which all products are taken at once, and those of which they are after a sketch.
_FEW_ROWS, _MAX_ROWS = 1000, 4000
# Directions of a sketch at first, where products can be taken, at most, and beyond those asked for.
_FIRST, _MANY, _MOST, _OVERSAMPLES = 64, 256, 1000, 16
# Values of a sketch at most: half a gigabyte.
_MOST_VALUES = 2**26
# Passes over the rows at each size, and once the size is found.
_PASSES, _LAST_PASSES = 1, 3


class WideRows(ABC):
    """Centred rows, each times the root of its share of the weight: ``A``, of covariance ``A'A``.

    Attributes
    ----------
    shape : tuple of int
    total_variance : float
        Sum of the variances of all features.
    """

    shape: tuple[int, int]
    total_variance: float

    @abstractmethod
    def times(self, columns: Array) -> Array:
        """``A`` times a matrix of shape (n_features, n)."""

    @abstractmethod
    def transposed_times(self, columns: Array) -> Array:
        """``A'`` times a matrix of shape (n_rows, n)."""

    @abstractmethod
    def products(self) -> Array:
        """``AA'``, of shape (n_rows, n_rows)."""


def directions_for_share(
    rows: WideRows, share: float, rng: np.random.Generator
) -> PrincipalDirections:
    """As many principal directions as explain more than ``share`` of the variance, as PCA counts.

    Raises
    ------
    ValueError
        If those are too many.
    """
    if rows.total_variance <= 0:
        directions = with_fixed_signs(np.eye(1, rows.shape[1]))
        return PrincipalDirections(directions, np.zeros(1), 0.0)
    if rows.shape[0] <= _FEW_ROWS:
        return _from_products(rows, share)
    return _from_growing_sketch(rows, share, rng)


def _from_products(rows: WideRows, share: float) -> PrincipalDirections:
    products, n_rows = rows.products(), rows.shape[0]
    variances = np.maximum(eigh(products, eigvals_only=True)[::-1], 0.0)
    n = _count(variances, share, rows.total_variance)
    if n * rows.shape[1] > _MOST_VALUES:
        raise _too_many(rows, share, n)
    chosen, vectors = eigh(products, subset_by_index=(n_rows - n, n_rows - 1))
    deviations = np.sqrt(np.maximum(chosen[::-1], 0.0))
    images = rows.transposed_times(vectors[:, ::-1])
    directions = (images / np.where(deviations > 0, deviations, 1.0)).T
    return PrincipalDirections(with_fixed_signs(directions), deviations, rows.total_variance)


def _count(variances: Array, share: float, total: float) -> int:
    explained = np.cumsum(variances) / total
    return min(int(np.searchsorted(explained, share, side="right")) + 1, len(explained))


def _from_growing_sketch(
    rows: WideRows, share: float, rng: np.random.Generator
) -> PrincipalDirections:
    n_rows, n_features = rows.shape
    most = max(_FIRST, min(_MOST, _MOST_VALUES // n_features))
    most = min(most, _MANY) if n_rows <= _MAX_ROWS else most
    size, basis = _FIRST + _OVERSAMPLES, np.empty((n_features, 0))
    while True:
        basis = np.hstack([basis, rng.standard_normal((n_features, size - basis.shape[1]))])
        basis = _iterated(rows, basis, _PASSES)
        if _explains(rows, basis, share):
            return _decomposed(rows, _iterated(rows, basis, _LAST_PASSES), share)
        if size >= most and n_rows <= _MAX_ROWS:
            return _from_products(rows, share)
        if size >= most:
            raise _too_many(rows, share, size)
        size = min(2 * size, most)


def _iterated(rows: WideRows, basis: Array, n_passes: int) -> Array:
    for _ in range(n_passes):
        basis = np.linalg.qr(rows.transposed_times(rows.times(np.linalg.qr(basis)[0])))[0]
    return basis


def _explains(rows: WideRows, basis: Array, share: float) -> bool:
    # Without the few that only make the others good.
    projected = rows.times(basis)
    variances = np.linalg.eigvalsh(projected.T @ projected)[_OVERSAMPLES:]
    return bool(np.sum(variances) > share * rows.total_variance)


def _decomposed(rows: WideRows, basis: Array, share: float) -> PrincipalDirections:
    projected = rows.times(basis)
    variances, vectors = np.linalg.eigh(projected.T @ projected)
    variances, vectors = np.maximum(variances[::-1], 0.0), vectors[:, ::-1]
    n = _count(variances, share, rows.total_variance)
    directions = with_fixed_signs((basis @ vectors[:, :n]).T)
    return PrincipalDirections(directions, np.sqrt(variances[:n]), rows.total_variance)


def _too_many(rows: WideRows, share: float, n: int) -> ValueError:
    n_rows, n_features = rows.shape
    return ValueError(
        f"n_components={share:g} asks for as many components as explain {share:g} of the variance, "
        f"and of {n_rows} rows of {n_features} columns those are {n} or more: too many to be found "
        "or held. Set n_components to an integer or to a smaller share, or keep fewer columns."
    )
