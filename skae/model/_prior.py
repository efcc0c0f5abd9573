"""The distribution of a model's code: its density, draws from it, and what is learned of it."""

from typing import Any

import numpy as np
from scipy.linalg import solve_triangular
from scipy.special import softmax

from skae.model._model import Model
from skae.networks import names, prior_weight
from skae.numerics import Array
from skae.objectives import (
    LogDensity,
    bounded,
    flow_inverse,
    log_precisions,
    prior_log_density,
)

# Moments of a flow are those of so many draws, the same at every call.
_N_DRAWS = 4096


def log_prior_of(model: Model) -> LogDensity:
    """The log density of codes under the model's prior, float64."""
    return prior_log_density(np, model.network.prior, _weights(model), _encoder(model))


def draw_prior(model: Model, n_samples: int, rng: np.random.RandomState) -> Array:
    """Codes drawn from the model's prior, float64."""
    network, weights = model.network, _weights(model)
    shape = (n_samples, network.n_components)
    if network.prior is None:
        return rng.standard_normal(shape)
    if network.prior == "flow":
        return flow_inverse(weights, rng.standard_normal(shape))
    shares, means, factors = prior_parts(model)
    part_of = rng.choice(len(shares), size=n_samples, p=shares)
    noise = rng.standard_normal(shape)
    codes = means[part_of]
    for part in np.unique(part_of):
        is_here = part_of == part
        # Row by row, so that a code's bits hang on its part and noise alone. (These are other
        # ones where more rows are drawn: the first ten of twenty are not those of ten.)
        codes[is_here] += np.einsum("ij,kj->ik", noise[is_here], factors[part])
    return codes


def prior_parts(model: Model) -> tuple[Array, Array, Array]:
    """Weights, means and lower Cholesky factors of the covariances of a prior of normal parts."""
    weights = _weights(model)
    shares = softmax(weights[prior_weight("logits")])
    if model.network.prior == "vamp":
        means, log_variances = _encoder(model)(weights[prior_weight("rows")])
        deviations = np.exp(0.5 * bounded(np, log_variances))
        return shares, means, deviations[:, None] * np.eye(means.shape[1])
    raw = weights[prior_weight("factors")]
    upper = np.triu(raw, 1)
    places = np.arange(raw.shape[1])
    upper[:, places, places] = np.exp(log_precisions(np, raw))
    # The precision is ``upper @ upper.T``, of which this inverse is a factor of the covariance.
    factors = [solve_triangular(each.T, np.eye(len(places)), lower=True) for each in upper]
    return shares, weights[prior_weight("means")], np.stack(factors)


def prior_moments(model: Model) -> tuple[Array, Array]:
    """Mean and variance of each component of the code under the prior."""
    network = model.network
    if network.prior is None:
        return np.zeros(network.n_components), np.ones(network.n_components)
    if network.prior == "flow":
        codes = draw_prior(model, _N_DRAWS, np.random.RandomState(0))
        return codes.mean(axis=0), codes.var(axis=0)
    shares, means, factors = prior_parts(model)
    mean = shares @ means
    within = np.sum(factors**2, axis=2)
    return mean, shares @ (within + (means - mean) ** 2)


def prior_parameters(model: Model) -> dict[str, Array]:
    """What is learned of the prior, by name, with its moments."""
    mean, variance = prior_moments(model)
    found = {"mean": mean, "variance": variance}
    if model.network.prior in (None, "flow"):
        own = {n.removeprefix(names.PRIOR): w for n, w in _weights(model).items()}
        return {**found, **own}
    shares, means, factors = prior_parts(model)
    covariances = factors @ np.swapaxes(factors, 1, 2)
    found |= {"weights": shares, "means": means, "covariances": covariances}
    if model.network.prior == "vamp":
        rows = model.weights[prior_weight("rows")].astype(np.float64)
        found["pseudo_inputs"] = model.scaling.undo(rows)
    return found


def _weights(model: Model) -> dict[str, Array]:
    named = model.weights.items()
    return {n: w.astype(np.float64) for n, w in named if n.startswith(names.PRIOR)}


def _encoder(model: Model) -> Any:
    return model.encode_distribution
