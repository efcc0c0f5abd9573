"""A density of codes that scikit-learn's users know: a fitted ``GaussianMixture``."""

import numpy as np
from sklearn.mixture import GaussianMixture

from skae.mixtures._size import THOROUGH, Effort, choose_size, new_mixture
from skae.mixtures._values import Values, find_values
from skae.numerics import Array, one_thread

# Deviation of a single value, in deviations of the code.
_NARROW = 1e-3


def fit_mixture(code: Array, random_state: int) -> GaussianMixture:
    """A fitted mixture whose number of components is that of the highest held-out likelihood.

    Values that many rows share become components of their own, narrow and as heavy as they are
    frequent: a density of the others would smear them over what lies between. The number of
    components for the others, and the variance added to each, are those under which codes held out
    are most likely. Rows of one value count as one there, and are never on both sides.

    Parameters
    ----------
    code : ndarray of shape (n_samples, n_components)
    random_state : int
        Decides what is held out, and where the mixtures start.

    Returns
    -------
    mixture : GaussianMixture
        Its ``n_components`` counts the repeated values too; they are the last.
    """
    code = np.asarray(code, dtype=np.float64)
    values = find_values(code)
    # Sums over threads differ in their last bits, and on small codes threads only wait.
    with one_thread():
        smooth = fit_smooth(code, values, THOROUGH, random_state)
    if not values.is_repeated.any():
        return smooth
    return _with_values(smooth, code, values, random_state)


def fit_smooth(
    code: Array, values: Values, effort: Effort, random_state: int
) -> GaussianMixture | None:
    """The mixture of codes that are not repeated; None if all are."""
    is_smooth = ~values.is_repeated[values.of_row]
    if not is_smooth.any():
        return None
    distinct = code[values.first[~values.is_repeated]]
    mixture = new_mixture(*choose_size(distinct, effort, random_state), random_state)
    return mixture.set_params(tol=effort.tol).fit(code[is_smooth])


def _with_values(
    smooth: GaussianMixture | None, code: Array, values: Values, random_state: int
) -> GaussianMixture:
    """The mixture of a density and of single values."""
    counts = np.bincount(values.of_row)[values.is_repeated]
    means = code[values.first[values.is_repeated]]
    variance = _NARROW**2 * (float(np.var(code, axis=0).mean()) or 1.0)
    unit = np.broadcast_to(np.eye(code.shape[1]), (len(means), *2 * code.shape[1:]))
    parts = {
        "weights_": counts / len(code),
        "means_": means,
        "covariances_": variance * unit,
        "precisions_": unit / variance,
        "precisions_cholesky_": unit / np.sqrt(variance),
    }
    n_smooth = 0 if smooth is None else smooth.n_components
    mixture = new_mixture(n_smooth + len(means), variance, random_state)
    for name, of_values in parts.items():
        if smooth is not None:
            share = 1 - counts.sum() / len(code) if name == "weights_" else 1.0
            of_values = np.concatenate([share * getattr(smooth, name), of_values])
        setattr(mixture, name, of_values)
    mixture.n_features_in_ = code.shape[1]
    mixture.converged_, mixture.n_iter_ = True, getattr(smooth, "n_iter_", 0)
    mixture.lower_bound_ = mixture.score(code)
    return mixture
