"""Normal parts that make codes likely, by expectation and maximisation from k-means or a start."""

from typing import NamedTuple

import numpy as np
from sklearn.mixture import GaussianMixture

from skae.numerics import Array, one_thread

# Variance added to each part, as a share of the code's.
_ADDED_VARIANCE = 3e-2
# It converges before, and where it does not, the last step is as good.
_MAX_ITER = 1000
# Gain of the mean log density, in nats, at which they are good enough.
_TOL = 1e-2


class Parts(NamedTuple):
    """Normal parts of a distribution.

    Attributes
    ----------
    weights : ndarray of shape (n_parts,)
    means : ndarray of shape (n_parts, n_components)
    precision_factors : ndarray of shape (n_parts, n_components, n_components)
        Upper Cholesky factors of the precisions.
    """

    weights: Array
    means: Array
    precision_factors: Array


def fit_parts(code: Array, n_parts: int, seed: int, start: Parts | None = None) -> Parts:
    """Parts of high likelihood; from ``start``, or else from k-means.

    Parameters
    ----------
    code : ndarray of shape (n_samples, n_components)
        At least as many as parts.
    n_parts, seed : int
    start : Parts, optional

    Returns
    -------
    parts : Parts
    """
    code = np.asarray(code, dtype=np.float64)
    variance = float(np.var(code, axis=0).mean()) or 1.0
    given = {}
    if start is not None:
        factors = start.precision_factors
        given = {
            "weights_init": start.weights / start.weights.sum(),
            "means_init": start.means,
            "precisions_init": factors @ np.swapaxes(factors, 1, 2),
        }
    mixture = GaussianMixture(
        n_parts,
        reg_covar=_ADDED_VARIANCE * variance,
        max_iter=_MAX_ITER,
        tol=_TOL,
        random_state=seed,
        **given,
    )
    # Sums over threads differ in their last bits.
    with one_thread():
        mixture.fit(code)
    return Parts(mixture.weights_, mixture.means_, mixture.precisions_cholesky_)
