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


class Noise(NamedTuple):
    """What is known of the rows around the output, a value a feature.

    Attributes
    ----------
    trained : tensor of shape (n_features,)
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


# By the ``likelihood`` of a network.
SURPRISES: dict[str, Surprise] = {"feature_gaussian": feature_gaussian}
