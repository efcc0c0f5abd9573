"""Channels that matter least go, whole: the network that is left has smaller layers."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from skae.compression._pruning import Course, fine_tuned
from skae.model import Model
from skae.networks import (
    ChannelAxis,
    ChannelGroup,
    CustomNetwork,
    without_channels,
)
from skae.numerics import Array, Integers, Weights

# A network is built and compiled anew after each.
_N_REMOVALS = 3


def share_of_channels(
    asked: float | str, model: Model, sparsity: float, *, has_rows: bool
) -> float:
    """The share of the channels of each layer to remove.

    By default half of ``sparsity``, as the kernel between two layers that lose half of it each
    loses less than all of it.

    Raises
    ------
    ValueError
        If a user's own network is to lose some, or one without hidden layers.
    """
    network = model.network
    is_own = isinstance(network, CustomNetwork) or network.build is not None
    if isinstance(asked, str):
        has_channels = not network.sees_flat_rows
        return sparsity / 2 if has_channels and has_rows and not is_own else 0.0
    if asked and is_own:
        raise ValueError(
            f"channel_sparsity={asked!r} would remove channels of a network that a function of "
            "yours builds, whose layers compress does not know. Pass channel_sparsity=0: single "
            "weights are removed from any network."
        )
    if asked and not network.hidden_layer_sizes:
        raise ValueError(
            f"channel_sparsity={asked!r} would remove units of hidden layers, but this network has "
            "none. Pass channel_sparsity=0, or 'auto': sparsity removes single weights."
        )
    return float(asked)


def narrowed(model: Model, share: float, course: Course | None) -> Model:
    """A model of which every hidden layer has lost a share of its channels, rounded down.

    Parameters
    ----------
    model : Model
    share : float
    course : Course or None
        How it is trained before each removal; None for no rows to train on.
    """
    sizes = np.array(model.network.hidden_layer_sizes, int)
    n_removed = np.floor(share * sizes + 1e-9).astype(int)
    if not n_removed.any():
        return model
    n_removals = 1 if course is None else _N_REMOVALS
    for i in range(1, n_removals + 1):
        moments = None
        if course is not None:
            everything = {name: np.ones_like(array) for name, array in model.weights.items()}
            outcome = fine_tuned(model, everything, course, 1.0, course.n_between, is_late=False)
            assert outcome.gradient_moments is not None
            model = model.with_weights(outcome.weights)
            moments = outcome.gradient_moments.mean_squares
        left = sizes - np.floor(n_removed * i / n_removals + 1e-9).astype(int)
        model = _with_sizes(model, left, moments)
    return model


def _with_sizes(model: Model, sizes: Sequence[int] | Integers, moments: Weights | None) -> Model:
    """The model with the most important channels, so many a layer."""
    groups = model.network.channel_groups(model.weights)
    kept = []
    for group in groups:
        importance = _importance(group, model.weights, moments)
        # The first of equals goes last.
        order = np.argsort(-importance, kind="stable")
        kept.append((group, np.sort(order[: sizes[group.layer]])))
    network, weights = without_channels(model.network, model.weights, kept)
    return replace(model, network=network).with_weights(weights)


def _importance(group: ChannelGroup, weights: Weights, moments: Weights | None) -> Array:
    """How much the loss would change without each channel, to first order.

    A removed weight changes the loss by about its value times its gradient (Molchanov et al. 2019).
    Without gradients, a channel counts by the norm of the weights that make it times the norm of
    those that read it: either may be nothing.
    """
    if moments is None:
        made, read = (_energy(axes, weights, None) for axes in (group.writers, group.readers))
        norms: Array = np.sqrt(made * read)
        return norms
    return _energy((*group.writers, *group.readers), weights, moments)


def _energy(axes: Sequence[ChannelAxis], weights: Weights, moments: Weights | None) -> Array:
    total: Array = np.zeros(1)
    for each in axes:
        if each.name not in weights:
            continue
        squares = np.square(weights[each.name], dtype=np.float64)
        if moments is not None:
            squares = squares * moments[each.name]
        along = each.tiled(squares)
        total = total + along.reshape(len(along), -1).sum(axis=1)
    return total
