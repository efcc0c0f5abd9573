"""What a fit learns of the rows around the output, by the names of its parameters."""

import numpy as np

from skae.model._model import Model
from skae.networks import names
from skae.numerics import Array
from skae.objectives import COUNTS, feature_log_variance, of_counts, of_student_t

# Of a Poisson distribution that numpy draws from.
_LARGEST_MEAN = 1e18


def noise_variance(model: Model) -> float | Array:
    """Variance of the rows around the output, in input units; 0 where there is no such number."""
    network, unit = model.network, model.scaling.scale
    if not network.has_noise or network.columns is not None or network.likelihood in COUNTS:
        return 0.0
    square = float(unit) ** 2
    if network.likelihood is None:
        return float(np.exp(np.float64(model.weights[names.NOISE]))) * square
    if network.likelihood == "student_t":
        scale, freedom = of_student_t(np, model.noise)
        with np.errstate(divide="ignore"):
            factors = np.where(freedom > 2.0, freedom / np.abs(freedom - 2.0), np.inf)
        heavy: Array = scale**2 * factors * square
        return heavy
    variances: Array = np.exp(feature_log_variance(np, model.noise)) * square
    return variances


def likelihood_parameters(model: Model) -> dict[str, Array]:
    """What is trained of the rows around the output beside a normal variance, in input units."""
    likelihood = model.network.likelihood
    if likelihood == "student_t":
        scale, freedom = of_student_t(np, model.noise)
        return {"scale": scale * float(model.scaling.scale), "degrees_of_freedom": freedom}
    if likelihood not in COUNTS or not model.network.has_noise:
        return {}
    inverse, share = of_counts(np, likelihood, model.noise.trained)
    return {"inverse_dispersion": inverse} | ({} if share is None else {"zero_inflation": share})


def draw_around(model: Model, codes: Array, rng: np.random.RandomState) -> Array:
    """Rows drawn around what codes decode to, as the likelihood says; in input units."""
    output, likelihood = model.decode(codes), model.network.likelihood
    if model.ends_in_sigmoid:
        return (rng.uniform(size=output.shape) < output).astype(output.dtype)
    if likelihood not in COUNTS:
        if likelihood == "student_t":
            learnt = likelihood_parameters(model)
            freedom = np.broadcast_to(learnt["degrees_of_freedom"], output.shape)
            drawn: Array = output + learnt["scale"] * rng.standard_t(freedom)
            return drawn
        return output + np.sqrt(noise_variance(model)) * rng.standard_normal(output.shape)
    learnt = likelihood_parameters(model)
    if "inverse_dispersion" in learnt:
        inverse = learnt["inverse_dispersion"]
        output = output / inverse * rng.gamma(np.broadcast_to(inverse, output.shape))
    counts: Array = rng.poisson(np.minimum(output, _LARGEST_MEAN)).astype(np.float64)
    if "zero_inflation" in learnt:
        counts[rng.uniform(size=counts.shape) < learnt["zero_inflation"]] = 0.0
    return counts
