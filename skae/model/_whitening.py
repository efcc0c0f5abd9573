"""Rows whose directions all vary alike."""

from dataclasses import dataclass

import numpy as np

from skae.model._blocks import over_blocks
from skae.model._scaling import Scaling
from skae.networks import principal_directions
from skae.numerics import Array, Matrix


@dataclass(frozen=True)
class WhitenedScaling(Scaling):
    """Scaling, and then a whitening that turns nothing: zero-phase component analysis (ZCA).

    Attributes
    ----------
    whitening, unwhitening : ndarray of shape (n_features, n_features), float64
        What centred and scaled rows are multiplied by, and whitened ones. Both are symmetric.
    floor : float
        What was added to the variance of each direction, of which the mean is 1.
    """

    whitening: Array
    unwhitening: Array
    floor: float

    @property
    def plain(self) -> Scaling:
        """The same without the whitening."""
        return Scaling(self.mean, self.scale)

    def apply(self, rows: Array) -> Array:
        """Rows in whitened units; the dtype stays, products are taken in float64."""
        scaled = (rows - self.mean) / self.scale
        whitened: Array = (scaled @ self.whitening).astype(rows.dtype, copy=False)
        return whitened

    def unwhiten(self, whitened: Array) -> Array:
        """Whitened rows in scaled units."""
        scaled: Array = (whitened.astype(np.float64, copy=False) @ self.unwhitening).astype(
            whitened.dtype, copy=False
        )
        return scaled

    def undo(self, rows: Array) -> Array:
        """Rows in input units; the dtype stays."""
        scaled = rows.astype(np.float64, copy=False) @ self.unwhitening
        undone: Array = (scaled * self.scale + self.mean).astype(rows.dtype, copy=False)
        return undone


def whitened(
    scaling: Scaling, X: Matrix, sample_weight: Array | None, floor: float
) -> WhitenedScaling:
    """A scaling that whitens these rows, too.

    Parameters
    ----------
    scaling : Scaling
    X : ndarray, memory map or CSR of shape (n_samples, n_features)
        With at most ``MAX_COVARIANCE`` features.
    sample_weight : ndarray of shape (n_samples,) or None
    floor : float
        Is added to all variances, of which the mean is 1: directions that vary less are damped.
        With 0 all that vary get the variance 1. Those that do not vary are left out either way.
    """
    principal = principal_directions(
        lambda function: over_blocks(function, X, sample_weight, scaling),
        X.shape[1],
        None,
        np.random.default_rng(0),
    )
    directions, deviations = principal.leading(X.shape[1])
    units = np.sqrt(deviations**2 + floor)
    return WhitenedScaling(
        scaling.mean,
        scaling.scale,
        (directions.T / units) @ directions,
        (directions.T * units) @ directions,
        floor,
    )
