"""Passes of ``partial_fit``: what is remembered from one to the next.

Weights that train at a constant rate, on chunks one after the other, go round what they would
reach in the mean. So what a pass leaves is a mean over the last passes (Shamir & Zhang 2013), and
training goes on from the weights themselves.
"""

from typing import TypedDict

import numpy as np

from skae.numerics import Weights

# The mean is over about the last seventeenth of all passes.
_SHARPNESS = 16


class Passes(TypedDict):
    """What passes leave beside a model.

    Attributes
    ----------
    n_passes : int
        Since training started.
    weights : dict of ndarray
        Those that training goes on from.
    """

    n_passes: int
    weights: Weights


def averaged(mean: Weights, passes: Passes | None, weights: Weights) -> tuple[Weights, Passes]:
    """The mean of weights over passes, of which the last count most, and what is remembered.

    Parameters
    ----------
    mean : dict of ndarray
        The mean without the last pass.
    passes : Passes or None
        Without the last; None before the first.
    weights : dict of ndarray
        After the last.
    """
    n_passes = 1 if passes is None else passes["n_passes"] + 1
    after = Passes(n_passes=n_passes, weights=weights)
    if n_passes == 1:
        return weights, after
    share = np.float32((_SHARPNESS + 1) / (_SHARPNESS + n_passes))
    return {name: mean[name] + share * (w - mean[name]) for name, w in weights.items()}, after
