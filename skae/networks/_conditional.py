"""Networks that are told the class of each row (Sohn et al. 2015).

A class, as ones and zeros beside the inputs of a half, adds something to the first hidden layer and
to the linear path: a bias for each class. So the network of one class is an ordinary network, with
other biases.
"""

from dataclasses import replace
from typing import TypeVar

import numpy as np

from skae.networks import _names as names
from skae.networks._network import Network
from skae.numerics import Array, Weights

AnyNetwork = TypeVar("AnyNetwork", bound=Network)

# Deviation of what a class adds to a hidden layer in the beginning.
_SPREAD = 0.5


def given_class(network: AnyNetwork, weights: Weights, shares: Array) -> tuple[AnyNetwork, Weights]:
    """The ordinary network that a conditional one is for a class, and its weights.

    Parameters
    ----------
    network : Network
    weights : dict of ndarray
    shares : ndarray of shape (n_classes,)
        1 for the class and 0 for the others, or how much of each.
    """
    added = {
        layer: into
        for half in ("encoder", "decoder")
        for layer, into in (
            (names.class_hidden(half), names.hidden(half, 1)),
            (names.class_linear(half), names.linear(half)),
        )
        if names.kernel(layer) in weights
    }
    kernels = {names.kernel(layer) for layer in added}
    plain = {name: weight for name, weight in weights.items() if name not in kernels}
    for layer, into in added.items():
        kernel, bias = weights[names.kernel(layer)], names.bias(into)
        plain[bias] = plain[bias] + (shares @ kernel).astype(kernel.dtype)
    return replace(network, n_classes=0), plain


def class_shapes(network: Network, n_hidden: dict[str, int]) -> dict[str, tuple[int, ...]]:
    """Shapes of the weights of classes.

    Parameters
    ----------
    network : Network
    n_hidden : dict of str to int
        Units of the first hidden layer of each half; without hidden layers it is empty.
    """
    if not network.n_classes:
        return {}
    n = network.n_classes
    shapes: dict[str, tuple[int, ...]] = {}
    n_outputs = {"encoder": network.code_width, "decoder": network.n_features}
    for half, width in n_outputs.items():
        if half in n_hidden:
            shapes[names.kernel(names.class_hidden(half))] = (n, n_hidden[half])
        if network.has_linear_path:
            shapes[names.kernel(names.class_linear(half))] = (n, width)
    return shapes


def started_classes(
    network: Network,
    weights: Weights,
    rng: np.random.Generator,
    code_shifts: Array | None,
    output_shifts: Array | None,
) -> Weights:
    """Weights with which a conditional network reconstructs the rows of each class around its mean.

    Parameters
    ----------
    network : Network
    weights : dict of ndarray
        Which start at PCA of the rows less the means of their classes, if the network does.
    rng : numpy.random.Generator
    code_shifts, output_shifts : ndarray of shape (n_classes, n_features) or None
        How far the mean of each class is from that of all rows: in the units of scaled rows, and in
        those of the output. None leaves classes without means.
    """
    started = dict(weights)
    for half in ("encoder", "decoder"):
        hidden = names.kernel(names.class_hidden(half))
        linear = names.kernel(names.class_linear(half))
        if hidden in weights:
            drawn = _SPREAD * rng.standard_normal(weights[hidden].shape)
            started[hidden] = drawn.astype(np.float32)
        if linear in weights:
            started[linear] = np.zeros_like(weights[linear])
    inside = names.kernel(names.class_linear("encoder"))
    if code_shifts is not None and inside in weights:
        n = network.n_components
        kernel = weights[names.kernel(names.linear("encoder"))]
        started[inside][:, :n] = -code_shifts @ kernel[:, :n]
        started[names.kernel(names.class_linear("decoder"))][:] = output_shifts
    return started
