"""The principal directions a network's linear path starts from."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from skae.numerics import Array

# Adds up what a function gives for each block of rows and their weights, float64 arrays of shapes
# (m, n_features) and (m,).
SumOverBlocks = Callable[[Callable[[Array, Array], tuple[Any, ...]]], list[Any]]

# Below this share of the largest deviation a direction is rounding error, which whitening would
# blow up.
_NEGLIGIBLE = 1e-5
# Up to this many columns the covariance is small enough to be decomposed whole.
MAX_COVARIANCE = 2000
_SIGNED_AT_ONCE = 64


@dataclass(frozen=True)
class PrincipalDirections:
    """Orthonormal directions of largest variance of scaled rows, largest first.

    Attributes
    ----------
    directions : ndarray of shape (n_directions, n_features)
    deviations : ndarray of shape (n_directions,)
        Standard deviation of the rows along each direction.
    total_variance : float
        Sum of the variances of all features.
    """

    directions: Array
    deviations: Array
    total_variance: float

    @property
    def is_whole(self) -> bool:
        """Whether these are all directions, which say all that the covariance does."""
        return bool(len(self.deviations) == self.directions.shape[1])

    def covariance(self) -> Array:
        """Covariance of the rows, of all directions."""
        covariance: Array = (self.directions.T * self.deviations**2) @ self.directions
        return covariance

    def count_for_share(self, share: float) -> int:
        """How many directions explain more than ``share`` of the variance, counted as PCA does."""
        if self.total_variance <= 0:
            return 1
        explained = np.cumsum(self.deviations**2) / self.total_variance
        return min(int(np.searchsorted(explained, share, side="right")) + 1, len(explained))

    def variance_beyond(self, n_components: int) -> float:
        """Mean variance along the directions that are left out.

        Where none are, half the smallest variance: a noise that any of them can hold.
        """
        n_left: int = self.directions.shape[1] - n_components
        if n_left <= 0:
            return 0.5 * float(self.deviations[-1]) ** 2
        left = self.total_variance - float(np.sum(self.deviations[:n_components] ** 2))
        return max(left, 0.0) / n_left

    def leading(self, n_components: int) -> tuple[Array, Array]:
        """The first directions and deviations, without those that carry no variance."""
        first = self.deviations[:1]
        n_real = int(np.sum(self.deviations > _NEGLIGIBLE * first)) if first.size else 0
        n_kept = min(n_components, n_real)
        return self.directions[:n_kept], self.deviations[:n_kept]


def principal_directions(
    sum_over: SumOverBlocks,
    n_features: int,
    n_directions: int | None,
    rng: np.random.Generator,
) -> PrincipalDirections:
    """Principal directions of centred rows, of which sums over weighted blocks can be had.

    Parameters
    ----------
    sum_over : callable
        ``sum_over(function)`` adds up the tuples that ``function(rows, weights)`` gives for
        blocks, float64 arrays of shapes (m, n_features) and (m,); it may be called more than once.
    n_features : int
    n_directions : int or None
        How many are needed; None for all.
    rng : numpy.random.Generator
        Used for wide rows only, whose directions are found by a randomised decomposition.
    """
    if n_features <= MAX_COVARIANCE:
        return _from_covariance(sum_over, n_features)
    return _from_sketch(sum_over, n_features, n_directions, rng)


def _from_covariance(sum_over: SumOverBlocks, n_features: int) -> PrincipalDirections:
    products, total_weight = sum_over(_products)
    covariance = np.zeros((n_features, n_features)) + products
    covariance /= total_weight
    variances, vectors = np.linalg.eigh(covariance)
    directions = with_fixed_signs(vectors.T[::-1])
    deviations = np.sqrt(np.maximum(variances[::-1], 0.0))
    return PrincipalDirections(directions, deviations, float(np.trace(covariance)))


def _products(rows: Array, weights: Array) -> tuple[Array, float]:
    return (rows * weights[:, None]).T @ rows, weights.sum()


def _lengths(rows: Array, weights: Array) -> tuple[float, float, int]:
    return weights.sum(), float(weights @ np.einsum("ij,ij->i", rows, rows)), len(rows)


def _image(basis: Array, rows: Array, weights: Array) -> tuple[Array]:
    return (rows.T @ ((rows @ basis) * weights[:, None]),)


def _projected_products(basis: Array, rows: Array, weights: Array) -> tuple[Array]:
    projected = rows @ basis
    return ((projected * weights[:, None]).T @ projected,)


def _from_sketch(
    sum_over: SumOverBlocks,
    n_features: int,
    n_directions: int | None,
    rng: np.random.Generator,
    *,
    n_oversamples: int = 16,
    n_passes: int = 4,
) -> PrincipalDirections:
    """Subspace iteration (Halko, Martinsson & Tropp 2011): a few vectors instead of a matrix."""
    total_weight, total_variance, n_rows = sum_over(_lengths)
    rank = min(n_rows, n_features)
    size = rank if n_directions is None else min(n_directions + n_oversamples, rank)
    basis = np.linalg.qr(rng.standard_normal((n_features, size)))[0]
    for _ in range(n_passes):
        (image,) = sum_over(partial(_image, basis))
        basis = np.linalg.qr(image)[0]
    (small,) = sum_over(partial(_projected_products, basis))
    variances, vectors = np.linalg.eigh(small / total_weight)
    directions = with_fixed_signs((basis @ vectors).T[::-1])
    deviations = np.sqrt(np.maximum(variances[::-1], 0.0))
    return PrincipalDirections(directions, deviations, total_variance / total_weight)


def with_fixed_signs(directions: Array, *, copy: bool = True) -> Array:
    """Each direction with its largest entry positive: eigenvectors have no sign of their own."""
    turned: Array = np.array(directions) if copy else directions
    # Of many wide directions the absolute values would take as much memory again.
    for start in range(0, len(turned), _SIGNED_AT_ONCE):
        some = turned[start : start + _SIGNED_AT_ONCE]
        largest = np.argmax(np.abs(some), axis=1)
        signs = np.sign(some[np.arange(len(some)), largest])
        some *= np.where(signs == 0, 1.0, signs)[:, None]
    return turned
