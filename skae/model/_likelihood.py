"""Log-likelihoods of rows under a variational model, in nats and in input units.

Expectations are means over draws that are the same for every row and every call, so that a score
depends on the row and the model alone.
"""

import numpy as np
from scipy.special import ndtri
from scipy.stats import qmc

from skae.model._blocks import dense
from skae.model._model import Model
from skae.model._prior import log_prior_of, prior_moments
from skae.numerics import Array, Integers, Matrix
from skae.objectives import (
    SURPRISES,
    LogDensity,
    bounded,
    column_surprises,
    gaussian_surprise,
    loss_of,
    normal_divergence,
    posterior_log_density,
)

_N_PAIRS = 32
_SEED = 0


def lower_bounds(model: Model, X: Matrix, n_pairs: int = _N_PAIRS) -> Array:
    """Evidence lower bound of each row, float64, over pairs of draws."""
    draws, log_prior = _even_draws(model.network.n_components, n_pairs), _learned(model)

    def bounds(rows: Array) -> Array:
        rows = rows.astype(np.float64, copy=False)
        mean, log_variance = distribution(model, model.scaling.apply(rows))
        targets = model.scaling.of_targets.apply(rows)
        code_deviations = np.exp(0.5 * log_variance)
        total: Array | float = 0.0
        for draw in draws:
            code = mean + code_deviations * draw
            total = total + _log_density(model, targets, code)
            if log_prior is not None:
                total = total + log_prior(code)
        if log_prior is None:
            divergence = normal_divergence(np, mean, log_variance).sum(axis=1)
        else:
            divergence = posterior_log_density(np, log_variance)
        means: Array = total / len(draws) - divergence
        return means

    return model.in_blocks(X, None, bounds)


def importance_weighted_bounds(
    model: Model, X: Matrix, n_samples: int, rng: np.random.RandomState
) -> Array:
    """Importance-weighted bound of each row (Burda et al. 2016), float64."""
    draws = _spread_draws(n_samples, model.network.n_components, rng)
    log_prior = _learned(model)

    def bounds(rows: Array) -> Array:
        rows = rows.astype(np.float64, copy=False)
        mean, log_variance = distribution(model, model.scaling.apply(rows))
        targets = model.scaling.of_targets.apply(rows)
        log_total = np.full(len(rows), -np.inf)
        for draw in draws:
            code = mean + np.exp(0.5 * log_variance) * draw
            if log_prior is None:
                # Prior over posterior: the constants and the Jacobian of the draw cancel.
                ratio = 0.5 * np.sum(draw**2 + log_variance - code**2, axis=1)
            else:
                ratio = log_prior(code) - posterior_log_density(np, log_variance, draw)
            log_total = np.logaddexp(log_total, _log_density(model, targets, code) + ratio)
        means: Array = log_total - np.log(n_samples)
        return means

    return model.in_blocks(X, None, bounds)


def distribution(model: Model, scaled: Array) -> tuple[Array, Array]:
    """Mean and log variance of the posterior of scaled rows."""
    mean, log_variance = model.encode_distribution(scaled)
    return mean, bounded(np, log_variance)


def posterior_deviations(model: Model, X: Matrix) -> Array:
    """Deviations of the posterior of each row."""
    n_components = model.network.n_components
    return model.in_blocks(
        X,
        n_components,
        lambda rows: np.exp(0.5 * distribution(model, model.scaling.apply(rows))[1]),
    )


def draw_codes(model: Model, X: Matrix, of_row: Integers, rng: np.random.Generator) -> Array:
    """Draws from the posteriors of rows, which may be drawn several times, float64.

    Parameters
    ----------
    model : Model
    X : matrix of shape (n_rows, n_features)
    of_row : ndarray of int of shape (n_draws,)
        Which row each draw is of.
    rng : numpy.random.Generator
    """
    k = model.network.n_components

    def parameters(rows: Array) -> Array:
        mean, log_variance = distribution(model, model.scaling.apply(rows))
        return np.concatenate([mean, np.exp(0.5 * log_variance)], axis=1)

    found = model.in_blocks(X, 2 * k, parameters).astype(np.float64)[of_row]
    drawn: Array = found[:, :k] + found[:, k:] * rng.standard_normal((len(of_row), k))
    return drawn


def row_divergences(model: Model, X: Matrix) -> Array:
    """Divergence of each row's posterior from the prior, over all units.

    Of a learned prior it is a mean over the draws of the bound.
    """
    draws = _even_draws(model.network.n_components, _N_PAIRS)
    log_prior = _learned(model)

    def divergences(rows: Array) -> Array:
        mean, log_variance = distribution(model, model.scaling.apply(rows))
        if log_prior is None:
            total: Array = normal_divergence(np, mean, log_variance).sum(axis=1)
            return total
        deviations = np.exp(0.5 * log_variance)
        total = sum(log_prior(mean + deviations * draw) for draw in draws)
        found: Array = posterior_log_density(np, log_variance) - total / len(draws)
        return found

    return model.in_blocks(X, None, divergences).astype(np.float64, copy=False)


def row_terms(model: Model, X: Matrix, targets: Matrix | None = None) -> dict[str, Array]:
    """Terms of the loss of each row in scaled units, by name, float64.

    Of a distribution they are those of its bound, in nats a feature, of the rows themselves.
    """
    if not model.network.is_variational and targets is not None:
        return {"reconstruction": model.row_errors_to(X, targets) / model.error_unit}
    if not model.network.is_variational:
        return {"reconstruction": model.row_errors(X) / model.error_unit}
    n_values, unit = _values_and_unit(model, X)
    loss = (-lower_bounds(model, X) - unit) / n_values
    divergence = row_divergences(model, X) / n_values
    return {"reconstruction": loss - divergence, "kl": divergence}


def _values_and_unit(model: Model, X: Matrix) -> tuple[Array | int, Array | float]:
    """Values that the loss of each row is a mean over, and what units add to its density."""
    columns = model.network.columns
    if columns is None:
        return X.shape[1], X.shape[1] * float(np.log(model.scaling.of_targets.scale))
    is_known = np.isfinite(dense(X)[:, columns.starts])
    n = columns.n_numbers
    return np.maximum(is_known.sum(axis=1), 1), is_known[:, :n] @ np.log(model.scaling.scale[:n])


def unit_divergences(model: Model, X: Matrix) -> tuple[Array, Array]:
    """Mean divergence from the prior, and variance of the posterior mean, of each unit."""
    return mean_divergences(unit_statistics(model, X))


def mean_divergences(statistics: Array, sample_weight: Array | None = None) -> tuple[Array, Array]:
    """The same, of the statistics of rows, each of which counts as much as its weight says."""
    k = statistics.shape[1] // 2
    if sample_weight is None:
        return statistics[:, k:].mean(axis=0), statistics[:, :k].var(axis=0)
    # Times a weight of zero, what is infinite would still count.
    counted = np.flatnonzero(sample_weight)
    statistics, weight = statistics[counted], sample_weight[counted]
    means = np.average(statistics, axis=0, weights=weight)
    squares = np.square(statistics[:, :k] - means[:k])
    return means[k:], np.average(squares, axis=0, weights=weight)


def unit_statistics(model: Model, X: Matrix) -> Array:
    """Posterior mean of each unit of each row, then its divergence from the prior, float64.

    A learned prior stands there by its moments: codes are measured in its deviations.
    """
    k = model.network.n_components
    centre, variance = prior_moments(model)

    def statistics(rows: Array) -> Array:
        mean, log_variance = distribution(model, model.scaling.apply(rows))
        if model.network.prior is not None:
            mean, log_variance = (
                (mean - centre) / np.sqrt(variance),
                log_variance - np.log(variance),
            )
        return np.concatenate([mean, normal_divergence(np, mean, log_variance)], axis=1)

    return model.in_blocks(X, 2 * k, statistics).astype(np.float64, copy=False)


def _learned(model: Model) -> LogDensity | None:
    """The log density of codes under a prior that is learned."""
    return None if model.network.prior is None else log_prior_of(model)


def _log_density(model: Model, scaled: Array, code: Array) -> Array:
    """Log density of rows in input units, given their code."""
    output, columns = model.decode_scaled(code), model.network.columns
    if columns is not None:
        errors, present = model.column_errors(scaled, output)
        surprises = column_surprises(np, columns, errors, present, model.log_noise_variance)
        n = columns.n_numbers
        units = present[:, :n] @ np.log(model.scaling.scale[:n])
        total: Array = -surprises.sum(axis=1) - units
        return total
    if model.network.likelihood is not None:
        surprises = SURPRISES[model.network.likelihood](np, scaled, output, model.noise)
        likely: Array = -np.nansum(surprises + np.log(model.scaling.of_targets.scale), axis=1)
        return likely
    error = loss_of(model.loss)(np, scaled, output)
    if not model.ends_in_sigmoid:
        error = gaussian_surprise(np, error, model.log_noise_variance) + np.log(model.scaling.scale)
    density: Array = -np.nansum(error, axis=1) if model.network.is_masked else -error.sum(axis=1)
    return density


def _spread_draws(n_samples: int, n_components: int, rng: np.random.RandomState) -> Array:
    """Draws each of which is standard normal, and which together leave few gaps.

    All rows share them, so that what they have in common does not average out over rows.
    """
    # Sobol points are balanced by powers of two.
    n_points = 1 << (n_samples - 1).bit_length()
    points = qmc.Sobol(n_components, rng=np.random.default_rng(rng.randint(2**31)))
    draws: Array = ndtri(points.random(n_points)[:n_samples])
    return draws


def _even_draws(n_components: int, n_pairs: int) -> Array:
    """Standard normal draws in pairs of opposite sign, spread evenly (Sobol points)."""
    points = qmc.Sobol(n_components, rng=np.random.default_rng(_SEED)).random(n_pairs)
    half = ndtri(points)
    # Each unit's draws get the variance 1 that they stand for.
    half /= np.sqrt(np.mean(half**2, axis=0))
    return np.concatenate([half, -half])
