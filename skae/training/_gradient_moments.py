"""What is known of gradients, which says how much a weight matters."""

from typing import NamedTuple

from skae.numerics import Weights


class GradientMoments(NamedTuple):
    """What Adam keeps of the gradients of every trained weight, by name; of the latest count most.

    Attributes
    ----------
    means : dict of ndarray
    mean_squares : dict of ndarray
    """

    means: Weights
    mean_squares: Weights
