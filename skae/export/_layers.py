"""Layers that all networks have."""

from collections.abc import Callable, Hashable
from typing import Any

import numpy as np

from skae.export._refusals import CannotExport
from skae.export._tensor import Tensor
from skae.networks import NUMPY_ACTIVATIONS, names
from skae.numerics import Weights


def activation_of(activation: Hashable) -> Callable[[Any], Any]:
    """An activation, of values of which the second axis is that of units.

    Raises
    ------
    CannotExport
        If numpy does not know it.
    """
    if activation not in NUMPY_ACTIVATIONS:
        known = ", ".join(sorted(str(each) for each in NUMPY_ACTIVATIONS))
        raise CannotExport(
            f"its activation {activation!r} is not known outside of Keras. Fit with one of {known}."
        )
    return _softmax if activation == "softmax" else NUMPY_ACTIVATIONS[activation]


def _softmax(x: Any) -> Any:
    exponentials = np.exp(x - x.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def affine(weights: Weights, layer: str, inputs: Tensor) -> Tensor:
    """Output of a fully connected layer along the last axis, before its activation."""
    outputs: Tensor = inputs @ weights[names.kernel(layer)]
    bias = names.bias(layer)
    return outputs + weights[bias] if bias in weights else outputs
