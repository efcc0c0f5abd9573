"""The start of a learned prior, and its refinement after training, by the codes that rows have."""

import numpy as np

from skae.mixtures import Parts, fit_parts, rows_to_look_at
from skae.model import Model, dense, draw_codes
from skae.networks import prior_weight
from skae.numerics import Array, Integers, Matrix, Weights
from skae.objectives import log_precisions, log_shares

# Codes that are drawn of each row, and for each part, at least: a fit to fewer follows the draws.
_DRAWS_A_ROW, _DRAWS_A_PART = 3, 50
_LEAST_SHARE = 1e-6


def with_started_prior(
    model: Model, X: Matrix, sample_weight: Array | None, rng: np.random.Generator
) -> Model:
    """A new model whose prior is what its codes follow, as far as that is easy to say.

    A mixture is fitted to draws of them, pseudo-inputs are rows, and a flow begins as the normal
    distribution of independent components that has their moments.

    Parameters
    ----------
    model : Model
    X : matrix of shape (n_rows, n_features)
    sample_weight : ndarray of shape (n_rows,) or None
    rng : numpy.random.Generator
    """
    network = model.network
    if network.prior is None:
        return model
    n_parts = network.n_prior_components
    if network.prior == "vamp":
        rows = dense(X[_chosen(X, sample_weight, n_parts, rng)])
        # A pseudo-input has every value: what is missing in a row is at its mean.
        scaled = np.nan_to_num(model.scaling.apply(np.asarray(rows, np.float64)))
        found = {"logits": np.zeros(n_parts), "rows": scaled}
        return model.with_some_weights({prior_weight(n): w for n, w in found.items()})
    code = _drawn(model, X, _looked_at(X, sample_weight), n_parts, rng)
    if network.prior == "mixture":
        seed = int(rng.integers(2**31))
        return model.with_some_weights(_as_weights(fit_parts(code, n_parts, seed)))
    return model.with_some_weights(_started_flow(model, code, rng))


def with_refined_prior(
    model: Model, X: Matrix, sample_weight: Array | None, rng: np.random.Generator
) -> Model:
    """The model with the mixture that its final codes follow best.

    Encoder and decoder stay. Raising the likelihood of drawn codes is raising the bound by all that
    the prior has to do with it: expectation and maximisation go on from the parts that gradients
    found, which lag behind the codes. No rows are held out to judge by: the parts have seen all.

    Parameters
    ----------
    model : Model
    X : matrix of shape (n_rows, n_features)
    sample_weight : ndarray of shape (n_rows,) or None
    rng : numpy.random.Generator
    """
    if model.network.prior != "mixture":
        return model
    n_parts = model.network.n_prior_components
    code = _drawn(model, X, _looked_at(X, sample_weight), n_parts, rng)
    seed = int(rng.integers(2**31))
    return model.with_some_weights(_as_weights(fit_parts(code, n_parts, seed, _parts(model))))


def _looked_at(X: Matrix, sample_weight: Array | None) -> tuple[Integers, Array | None]:
    return rows_to_look_at(X.shape[0], sample_weight)


def _chosen(X: Matrix, sample_weight: Array | None, n: int, rng: np.random.Generator) -> Array:
    """Rows to begin with; each once, if there are enough."""
    counted, weight = rows_to_look_at(X.shape[0], sample_weight)
    share = None if weight is None else weight / weight.sum()
    chosen: Array = np.sort(rng.choice(counted, n, replace=n > len(counted), p=share))
    return chosen


def _drawn(
    model: Model,
    X: Matrix,
    looked_at: tuple[Integers, Array | None],
    n_parts: int,
    rng: np.random.Generator,
) -> Array:
    """Draws of the codes of rows, each as often as it counts."""
    rows, weight = looked_at
    n_draws = max(_DRAWS_A_ROW * len(rows), _DRAWS_A_PART * n_parts)
    if weight is None:
        # Every row equally often, as far as that goes.
        of_row = np.resize(rng.permutation(len(rows)), n_draws)
    else:
        of_row = rng.choice(len(rows), n_draws, p=weight / weight.sum())
    return draw_codes(model, X[rows], of_row, rng)


def _started_flow(model: Model, code: Array, rng: np.random.Generator) -> Weights:
    weights = {}
    for name, shape in model.network.prior_shapes().items():
        values = np.zeros(shape)
        if name.endswith("hidden/kernel"):
            values = rng.standard_normal(shape) / np.sqrt(shape[0])
        weights[name] = values
    deviations = np.maximum(code.std(axis=0), 1e-3)
    weights[prior_weight("log_scale")] = -np.log(deviations)
    weights[prior_weight("shift")] = -code.mean(axis=0) / deviations
    return weights


def _parts(model: Model) -> Parts:
    raw = model.weights[prior_weight("factors")].astype(np.float64)
    places = np.arange(raw.shape[1])
    upper = np.triu(raw, 1)
    upper[:, places, places] = np.exp(log_precisions(np, raw))
    logits = model.weights[prior_weight("logits")].astype(np.float64)
    weights = np.maximum(np.exp(log_shares(np, logits)), _LEAST_SHARE)
    return Parts(weights, model.weights[prior_weight("means")].astype(np.float64), upper)


def _as_weights(parts: Parts) -> Weights:
    raw, places = np.array(parts.precision_factors), np.arange(parts.means.shape[1])
    raw[:, places, places] = np.log(raw[:, places, places])
    weights = np.log(np.maximum(parts.weights, _LEAST_SHARE))
    found = {"logits": weights, "means": parts.means, "factors": raw}
    return {prior_weight(name): values for name, values in found.items()}
