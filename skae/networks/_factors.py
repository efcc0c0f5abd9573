"""Factor analysis of a covariance: the start of a network whose features have a noise each."""

from typing import NamedTuple

import numpy as np

from skae.numerics import Array

# Of the variance of a feature, as in R's ``factanal``: factors that seem to leave none of it
# describe the rows at hand.
_LEAST_SHARE = 0.005
# Of the variance of a feature, and of the median feature: a pixel that the rows at hand do not
# change would else be worth any number of nats, until a row changes it. The last is of the mean.
_LEAST_NOISE, _LEAST_OF_MEDIAN, _LEAST_OF_MEAN = 1e-4, 3e-4, 1e-12
_MOST_ITERATIONS, _MOST_OPERATIONS, _TOLERANCE = 300, 2e10, 1e-4
# Directions beyond those asked for, which make those converge.
_OVERSAMPLES = 8


class Factors(NamedTuple):
    """Loadings and what they leave.

    Attributes
    ----------
    loadings : ndarray of shape (n_features, n_components)
        In units of the noise, orthogonal.
    gains : ndarray of shape (n_components,)
        Variance along each of them in those units, 1 or more, of which 1 is noise.
    noise : ndarray of shape (n_features,)
        Variances.
    """

    loadings: Array
    gains: Array
    noise: Array


def least_noise(variances: Array) -> Array:
    """The smallest noise variance that each feature may have."""
    usual = max(float(np.median(variances)), _LEAST_OF_MEAN * float(np.mean(variances)))
    least: Array = np.maximum(_LEAST_NOISE * variances, _LEAST_OF_MEDIAN * usual)
    return np.maximum(least, np.finfo(np.float32).tiny)


def factor_analysis(covariance: Array, n_components: int, least: Array) -> Factors:
    """Maximum likelihood factor analysis, starting from principal components.

    In units of the noise it is probabilistic PCA; the noise is what that leaves of each feature.

    Parameters
    ----------
    covariance : ndarray of shape (n_features, n_features)
    n_components : int
    least : ndarray of shape (n_features,)
        Smallest noise.
    """
    variances = np.diagonal(covariance)
    lowest = np.maximum(_LEAST_SHARE * variances, least)
    n_features = len(covariance)
    size = min(n_components + _OVERSAMPLES, n_features)
    n_iterations = _MOST_OPERATIONS / (4.0 * n_features**2 * size)
    basis = np.linalg.eigh(covariance)[1][:, ::-1][:, :size] if n_features < 2 * size else None
    noise = np.maximum(0.5 * variances, lowest)
    for _ in range(int(np.clip(n_iterations, 20, _MOST_ITERATIONS))):
        units = np.sqrt(noise)
        whitened = covariance / units / units[:, None]
        basis, gains = _leading(whitened, basis, size)
        explained = (basis[:, :n_components] ** 2) @ np.maximum(gains[:n_components] - 1.0, 0.0)
        left = np.maximum(variances - noise * explained, lowest)
        change = np.max(np.abs(np.log(left / noise)))
        noise = left
        if change < _TOLERANCE:
            break
    units = np.sqrt(noise)
    basis, gains = _leading(covariance / units / units[:, None], basis, size)
    return Factors(basis[:, :n_components], np.maximum(gains[:n_components], 1.0), noise)


def _leading(matrix: Array, basis: Array | None, size: int) -> tuple[Array, Array]:
    """Leading eigenvectors, largest first, and their values: one step from those before."""
    if basis is None or 2 * size > len(matrix):
        values, vectors = np.linalg.eigh(matrix)
    else:
        basis = np.linalg.qr(matrix @ basis)[0]
        values, inner = np.linalg.eigh(basis.T @ matrix @ basis)
        vectors = basis @ inner
    return vectors[:, ::-1][:, :size], values[::-1][:size]
