"""How surprising a value is, given the decoder's output and what is trained beside it.

Written once for any array namespace with numpy's names, for training and scoring.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

from skae.objectives._network_view import Namespace, Tensor

_LOG_TWO_PI = math.log(2.0 * math.pi)
# Log variances are kept in this range: e**15 is as good as infinite for rows of variance 1.
_MOST_LOG_VARIANCE = 15.0
# Means of counts, their inverse dispersions and the tails of Student's t are kept in ranges too.
MOST_LOG_MEAN = 30.0
_MOST_LOG_INVERSE, _MOST_LOGIT = 10.0, 30.0
_LOG_FREEDOMS = (math.log(0.5), math.log(1e3))
# From here on Stirling's series needs no shift.
_LARGE = 64.0


class Noise(NamedTuple):
    """What is known of the rows around the output, a value a feature.

    Attributes
    ----------
    trained : tensor of shape (n_features,) or (2 n_features,)
    units : tensor of shape (n_features,)
        What the decoder's outputs were multiplied by.
    least : tensor of shape (n_features,)
        Variances below which there is none.
    """

    trained: Tensor
    units: Tensor
    least: Tensor


# Gives a value a feature from targets and outputs.
Surprise = Callable[[Namespace, Tensor, Tensor, Noise], Tensor]


def bounded(xp: Namespace, log_variance: Tensor) -> Tensor:
    """A log variance whose exponential is a sensible number."""
    return xp.clip(log_variance, -_MOST_LOG_VARIANCE, _MOST_LOG_VARIANCE)


def gaussian_surprise(xp: Namespace, squared_error: Tensor, log_variance: Tensor) -> Tensor:
    """Negative log density of a value this far from its mean."""
    return 0.5 * (_LOG_TWO_PI + log_variance + squared_error * xp.exp(-log_variance))


def feature_log_variance(xp: Namespace, noise: Noise) -> Tensor:
    """Log variance of each feature, above a floor that it comes to without losing its gradient."""
    trained = xp.square(noise.units) * xp.exp(bounded(xp, noise.trained))
    return xp.log(trained + noise.least)


def feature_gaussian(xp: Namespace, target: Tensor, output: Tensor, noise: Noise) -> Tensor:
    """Values are normal around the output, with a variance for each feature."""
    squared = xp.square(target - output)
    return gaussian_surprise(xp, squared, feature_log_variance(xp, noise))


def of_student_t(xp: Namespace, noise: Noise) -> tuple[Tensor, Tensor]:
    """Scale and degrees of freedom of each feature."""
    log_scale, log_freedom = xp.split(noise.trained, 2)
    log_square = feature_log_variance(xp, noise._replace(trained=log_scale))
    return xp.exp(0.5 * log_square), xp.exp(xp.clip(log_freedom, *_LOG_FREEDOMS))


def of_counts(xp: Namespace, likelihood: str, trained: Tensor) -> tuple[Tensor, Tensor | None]:
    """Inverse dispersion of each feature, and the share of zeros of another origin, if any."""
    is_inflated = likelihood == "zero_inflated_negative_binomial"
    log_inverse, logit = xp.split(trained, 2) if is_inflated else (trained, None)
    inverse = xp.exp(xp.clip(log_inverse, -_MOST_LOG_INVERSE, _MOST_LOG_INVERSE))
    return inverse, None if logit is None else 1.0 / (1.0 + xp.exp(-logit))


def student_t(xp: Namespace, target: Tensor, output: Tensor, noise: Noise) -> Tensor:
    """Values lie around the output as Student's t does, of which each feature has its own."""
    scale, freedom = of_student_t(xp, noise)
    log_square = 2.0 * xp.log(scale)
    squared = xp.square(target - output) * xp.exp(-log_square) / freedom
    constant = log_gamma(xp, 0.5 * freedom) - log_gamma(xp, 0.5 * (freedom + 1.0))
    constant = constant + 0.5 * (xp.log(math.pi * freedom) + log_square)
    return constant + 0.5 * (freedom + 1.0) * xp.log1p(squared)


def poisson(xp: Namespace, target: Tensor, output: Tensor, noise: Noise) -> Tensor:
    """Counts whose log mean is the output."""
    output = xp.clip(output, -MOST_LOG_MEAN, MOST_LOG_MEAN)
    return xp.exp(output) - target * output + log_gamma(xp, target + 1.0)


def negative_binomial(xp: Namespace, target: Tensor, output: Tensor, noise: Noise) -> Tensor:
    """Counts whose log mean is the output, with an inverse dispersion for each feature."""
    return _negative_binomial(xp, target, output, noise.trained)


def zero_inflated_negative_binomial(
    xp: Namespace, target: Tensor, output: Tensor, noise: Noise
) -> Tensor:
    """The same, but for zeros of another origin, of which each feature has its share."""
    log_inverse, logit = xp.split(noise.trained, 2)
    logit = xp.clip(logit, -_MOST_LOGIT, _MOST_LOGIT)
    counted = _negative_binomial(xp, target, output, log_inverse)
    either = -xp.logaddexp(logit, -counted)
    return xp.where(target > 0, counted, either) + xp.logaddexp(logit, xp.zeros_like(logit))


def _negative_binomial(
    xp: Namespace, target: Tensor, output: Tensor, log_inverse: Tensor
) -> Tensor:
    output = xp.clip(output, -MOST_LOG_MEAN, MOST_LOG_MEAN)
    log_inverse = xp.clip(log_inverse, -_MOST_LOG_INVERSE, _MOST_LOG_INVERSE)
    inverse = xp.exp(log_inverse)
    log_total = xp.logaddexp(log_inverse, output)
    chosen = log_gamma(xp, target + 1.0) + log_gamma(xp, inverse) - log_gamma(xp, target + inverse)
    return chosen + inverse * (log_total - log_inverse) + target * (log_total - output)


def log_gamma(xp: Namespace, x: Tensor) -> Tensor:
    """Logarithm of the gamma function of positive numbers, by Stirling's series from x + 8 on."""
    is_small = x < _LARGE
    # Of large numbers the product would overflow; the series alone is as good there.
    small = xp.where(is_small, x, 1.0)
    product = small
    for step in range(1, 8):
        product = product * ((small + step) / _LARGE)
    start = xp.where(is_small, x + 8.0, x)
    below = xp.log(product) + 7.0 * math.log(_LARGE)
    inverse = 1.0 / start
    square = xp.square(inverse)
    series = inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680)))
    stirling = (start - 0.5) * xp.log(start) - start + 0.5 * _LOG_TWO_PI + series
    return stirling - xp.where(is_small, below, 0.0)


# By the ``likelihood`` of a network.
SURPRISES: dict[str, Surprise] = {
    "feature_gaussian": feature_gaussian,
    "negative_binomial": negative_binomial,
    "poisson": poisson,
    "student_t": student_t,
    "zero_inflated_negative_binomial": zero_inflated_negative_binomial,
}
COUNTS = ("negative_binomial", "poisson", "zero_inflated_negative_binomial")
