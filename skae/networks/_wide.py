"""How many principal directions explain a share of the variance of rows with many columns.

A covariance of all columns would be too large, and which size a sketch needs is what is asked. Few
rows have a small matrix of their products, which says all exactly; of more rows a sketch grows
until it explains the share, or until the products are the smaller task, or it is too large.
"""

from abc import ABC, abstractmethod

import numpy as np

from skae.networks._principal import PrincipalDirections, with_fixed_signs
from skae.numerics import Array

# Rows of which all products are taken at once, and those of which they are after a sketch.
_FEW_ROWS, _MAX_ROWS = 1000, 4000
# Directions of a sketch at first, where products can be taken, at most, and beyond those asked for.
_FIRST, _MANY, _MOST, _OVERSAMPLES = 64, 256, 1000, 16
# Values of a sketch at most: half a gigabyte.
_MOST_VALUES = 2**26
# How much larger a variance that a sketch has not found may be than the mean of those it has.
_LARGER = 1.5
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
    variances, vectors = np.linalg.eigh(rows.products())
    n = _count(np.maximum(variances[::-1], 0.0), share, rows.total_variance)
    if n * rows.shape[1] > _MOST_VALUES:
        raise _too_many(rows, share, n)
    variances, vectors = variances[::-1][:n], vectors[:, ::-1][:, :n]
    return _of_images(rows, rows.transposed_times(vectors), variances)


def _of_images(rows: WideRows, images: Array, variances: Array) -> PrincipalDirections:
    """Directions of what orthogonal combinations of the rows are, as long as their deviations."""
    deviations = np.sqrt(np.maximum(variances, 0.0))
    images /= np.where(deviations > 0, deviations, 1.0)
    directions = with_fixed_signs(images.T, copy=False)
    return PrincipalDirections(directions, deviations, rows.total_variance)


def _count(variances: Array, share: float, total: float) -> int:
    explained = np.cumsum(variances) / total
    return min(int(np.searchsorted(explained, share, side="right")) + 1, len(explained))


def _from_growing_sketch(
    rows: WideRows, share: float, rng: np.random.Generator
) -> PrincipalDirections:
    n_rows, n_features = rows.shape
    most = max(_FIRST, min(_MOST, _MOST_VALUES // n_features))
    most = min(most, _MANY) if n_rows <= _MAX_ROWS else most
    sketch = _SketchOfRows(rows) if n_rows <= n_features else _SketchOfFeatures(rows)
    size = _FIRST + _OVERSAMPLES
    while True:
        sketch.grow(size, rng)
        # Without the few that only make the others good.
        variances = sketch.variances()[_OVERSAMPLES:]
        lacking = share * rows.total_variance - np.sum(variances)
        if lacking < 0:
            return sketch.directions(share)
        # What is not found yet hardly has more variance each than what is found has in the mean.
        least = size + int(min(lacking / (_LARGER * np.mean(variances)), n_rows))
        if max(size + 1, least) > most:
            if n_rows <= _MAX_ROWS:
                return _from_products(rows, share)
            raise _too_many(rows, share, most)
        size = min(max(2 * size, least), most)


class _Sketch(ABC):
    """Subspace iteration (Halko, Martinsson & Tropp 2011) with a basis of the shorter side.

    Attributes
    ----------
    basis : ndarray of shape (n_rows or n_features, size)
        Orthonormal.
    """

    def __init__(self, rows: WideRows, n_values: int) -> None:
        self.rows, self.basis = rows, np.empty((n_values, 0))

    @abstractmethod
    def forth(self, basis: Array) -> Array:
        """A basis seen from the other side."""

    @abstractmethod
    def back(self, images: Array) -> Array:
        """Images seen from this side."""

    @abstractmethod
    def directions(self, share: float) -> PrincipalDirections:
        """Those of a share, after the last passes."""

    def grow(self, size: int, rng: np.random.Generator) -> None:
        """Add random vectors, and pass over the rows."""
        n_values, n_known = self.basis.shape
        self.basis = np.hstack([self.basis, rng.standard_normal((n_values, size - n_known))])
        self.iterate(_PASSES)

    def iterate(self, n_passes: int) -> None:
        """Turn the basis to directions of large variance."""
        for _ in range(n_passes):
            self.basis = np.linalg.qr(self.back(self.forth(self.basis)))[0]

    def variances(self) -> Array:
        """What the basis explains, the smallest first."""
        images = self.forth(self.basis)
        variances: Array = np.linalg.eigvalsh(images.T @ images)
        return variances

    def decomposed(self, share: float) -> tuple[Array, Array, Array]:
        """The variances of a share, their vectors in the basis, and its images."""
        self.iterate(_LAST_PASSES)
        images = self.forth(self.basis)
        variances, vectors = np.linalg.eigh(images.T @ images)
        variances, vectors = np.maximum(variances[::-1], 0.0), vectors[:, ::-1]
        n = _count(variances, share, self.rows.total_variance)
        return variances[:n], vectors[:, :n], images


class _SketchOfFeatures(_Sketch):
    """Of more rows than features."""

    def __init__(self, rows: WideRows) -> None:
        super().__init__(rows, rows.shape[1])

    def forth(self, basis: Array) -> Array:
        return self.rows.times(basis)

    def back(self, images: Array) -> Array:
        return self.rows.transposed_times(images)

    def directions(self, share: float) -> PrincipalDirections:
        variances, vectors, _ = self.decomposed(share)
        directions = with_fixed_signs((self.basis @ vectors).T)
        return PrincipalDirections(directions, np.sqrt(variances), self.rows.total_variance)


class _SketchOfRows(_Sketch):
    """Of more features than rows."""

    def __init__(self, rows: WideRows) -> None:
        super().__init__(rows, rows.shape[0])

    def forth(self, basis: Array) -> Array:
        return self.rows.transposed_times(basis)

    def back(self, images: Array) -> Array:
        return self.rows.times(images)

    def directions(self, share: float) -> PrincipalDirections:
        variances, vectors, images = self.decomposed(share)
        return _of_images(self.rows, images @ vectors, variances)


def _too_many(rows: WideRows, share: float, n: int) -> ValueError:
    n_rows, n_features = rows.shape
    return ValueError(
        f"n_components={share:g} asks for as many components as explain {share:g} of the variance, "
        f"and of {n_rows} rows of {n_features} columns those are {n} or more: too many to be found "
        "or held. Set n_components to an integer or to a smaller share, or keep fewer columns."
    )
