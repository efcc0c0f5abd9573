"""Whether what was read is a model: shapes, types and sizes against its description.

All is looked at before anything is made of it: a few bytes can describe gigabytes.
"""

from collections.abc import Mapping
from math import prod
from numbers import Real
from typing import Any

import numpy as np

from skae.model._packing import PackedArray
from skae.model._scaling import Scaling
from skae.model._whitening import WhitenedScaling
from skae.networks import (
    NUMPY_ACTIVATIONS,
    PRIORS,
    Columns,
    DenseNetwork,
    Network,
    ResidualNetwork,
    class_shapes,
    names,
)
from skae.objectives import LOSSES, SURPRISES
from skae.states import (
    demand,
    demand_integer,
    demand_number,
    demand_numbers,
    demand_shape,
    demand_sizes,
    shortened,
)

# Weights may be larger than their packed form by as much as a list of gaps says at most, and
# beyond that by so many bytes: a layer that says nothing is all zeros.
_MOST_TIMES, _FREE_BYTES = 1024, 32 * 2**20
_MOST_DROPPED = 1.0


def check_state(state: Mapping[str, Any]) -> None:
    """Refuse the state of a model that is none.

    Parameters
    ----------
    state : dict
        The attributes of a `Model`, weights or their packed form among them.

    Raises
    ------
    ValueError
        With the first thing that is wrong.
    """
    for name in ("network", "scaling", "loss"):
        demand(name in state, f"a model without its {name}")
    network, scaling, loss = state["network"], state["scaling"], state["loss"]
    demand(isinstance(network, Network), f"a network is a {type(network).__name__}")
    _check_network(network)
    demand(isinstance(scaling, Scaling), f"a scaling is a {type(scaling).__name__}")
    _check_scaling(scaling, network)
    is_loss = loss in LOSSES if isinstance(loss, str) else callable(loss)
    demand(is_loss, f"loss is {shortened(loss)}")
    _check_shape(state.get("sample_shape"), network)
    value = state.get("mask_value")
    demand(value is None or isinstance(value, Real), f"mask_value is {shortened(value)}")
    packed = state.get("packed")
    if packed is None:
        demand("weights" in state, "a model without weights")
        _check_weights(state["weights"], network)
    else:
        _check_packed(packed, network)
    directions, mean = state.get("principal_directions"), state.get("principal_mean")
    if directions is not None:
        demand_numbers("principal_directions", directions, (None, network.n_features))
    if mean is not None:
        demand_numbers("principal_mean", mean, (network.n_features,))


def _check_network(network: Network) -> None:
    demand_integer("n_features", network.n_features)
    demand_integer("n_components", network.n_components)
    demand_shape("sample_shape", network.sample_shape)
    for name in ("hidden_layer_sizes", "critic_layer_sizes", "head_layer_sizes"):
        sizes = getattr(network, name)
        if sizes is not None:
            demand_sizes(name, sizes)
    shape, n_features = network.sample_shape, network.n_features
    demand(
        prod(shape) == n_features, f"a sample_shape of {shortened(shape)} for {n_features} features"
    )
    activation = network.activation
    demand(
        isinstance(activation, str) or callable(activation),
        f"activation is {shortened(activation)}",
    )
    code = network.code_activation
    demand(
        isinstance(code, str) and code in NUMPY_ACTIVATIONS, f"code_activation is {shortened(code)}"
    )
    demand_number("dropout", network.dropout)
    demand(0 <= network.dropout < _MOST_DROPPED, f"dropout is {shortened(network.dropout)}")
    if network.n_active is not None:
        demand_integer("n_active", network.n_active, 1, network.n_components)
    demand(
        network.code_threshold in (None, "jump", "batch"),
        f"code_threshold is {shortened(network.code_threshold)}",
    )
    demand(
        network.code_threshold != "batch" or network.n_active is not None,
        "a threshold of a batch without n_active",
    )
    likelihood = network.likelihood
    demand(
        likelihood is None or (isinstance(likelihood, str) and likelihood in SURPRISES),
        f"likelihood is {shortened(likelihood)}",
    )
    demand_integer("n_predicted", network.n_predicted, 0)
    demand_integer("n_classes", network.n_classes, 0)
    prior = network.prior
    demand(
        prior is None or (isinstance(prior, str) and prior in PRIORS),
        f"prior is {shortened(prior)}",
    )
    demand_integer("n_prior_components", network.n_prior_components, 0 if prior is None else 1)
    if network.columns is not None:
        _check_columns(network.columns, n_features)


def _check_columns(columns: Any, n_features: int) -> None:
    demand(isinstance(columns, Columns), f"columns is a {type(columns).__name__}")
    demand_integer("n_numbers", columns.n_numbers, 0)
    demand_integer("n_flags", columns.n_flags, 0)
    demand_sizes("widths", columns.widths)
    demand(columns.n_features == n_features, f"columns of {columns.n_features} features")


def _check_scaling(scaling: Scaling, network: Network) -> None:
    n_features = network.n_features
    demand_numbers("the mean of a scaling", scaling.mean, (n_features,))
    if isinstance(scaling.scale, np.ndarray) and scaling.scale.ndim:
        demand_numbers("the scale of a scaling", scaling.scale, (n_features,), positive=True)
        demand(network.columns is not None, "a scale for each feature of rows of numbers")
    elif isinstance(scaling, WhitenedScaling):
        demand(network.columns is None, "whitened rows of a table")
        demand_number("the scale of a scaling", scaling.scale, positive=True)
        for name in ("whitening", "unwhitening"):
            demand_numbers(f"the {name}", getattr(scaling, name), (n_features, n_features))
        demand_number("the floor of a whitening", scaling.floor)
    else:
        scale = scaling.scale[()] if isinstance(scaling.scale, np.ndarray) else scaling.scale
        demand_number("the scale of a scaling", scale, positive=True)


def _check_shape(shape: Any, network: Network) -> None:
    if shape is None:
        return
    demand_shape("sample_shape", shape)
    demand(prod(shape) == network.n_features, f"rows of shape {shortened(shape)}")


def _expected(network: Network) -> dict[str, tuple[int, ...]]:
    """Shapes of weights that the description of a network implies."""
    if isinstance(network, DenseNetwork):
        return network.parameter_shapes()
    if isinstance(network, ResidualNetwork):
        return network.filter_shapes()
    of_classes = class_shapes(network, {})
    if not network.has_linear_path:
        return of_classes | network.prior_shapes()
    sizes = {
        "encoder": (network.n_features, network.code_width),
        "decoder": (network.n_components, network.n_features),
    }
    linear = {
        name: shape
        for half, (n_in, n_out) in sizes.items()
        for name, shape in (
            (names.kernel(names.linear(half)), (n_in, n_out)),
            (names.bias(names.linear(half)), (n_out,)),
        )
    }
    return linear | of_classes | network.prior_shapes()


def _check_shapes(found: Mapping[str, tuple[int, ...]], network: Network) -> None:
    expected = _expected(network)
    missing = sorted(set(expected) - set(found))
    demand(not missing, f"the weight {missing[0] if missing else ''} is missing")
    more = sorted(set(found) - set(expected)) if isinstance(network, DenseNetwork) else []
    demand(not more, f"there is no weight {more[0] if more else ''} in such a network")
    for name, shape in expected.items():
        demand(
            tuple(found[name]) == shape,
            f"the weight {name} is of shape {found[name]}, where {shape} was expected",
        )


def _check_weights(weights: Any, network: Network) -> None:
    demand(isinstance(weights, dict), f"weights are a {type(weights).__name__}")
    for name, weight in weights.items():
        is_named = isinstance(name, str)
        demand(
            is_named and isinstance(weight, np.ndarray), f"the weight {shortened(name)} is no array"
        )
    _check_shapes({name: weight.shape for name, weight in weights.items()}, network)
    for name, weight in weights.items():
        demand_numbers(f"the weight {name}", weight, weight.shape, dtype=np.float32)


def _check_packed(packed: Any, network: Network) -> None:
    demand(isinstance(packed, dict), f"packed weights are a {type(packed).__name__}")
    for name, array in packed.items():
        is_named = isinstance(name, str)
        demand(
            is_named and isinstance(array, PackedArray),
            f"the packed weight {shortened(name)} is none",
        )
    _check_shapes({name: array.shape for name, array in packed.items()}, network)
    n_unpacked = sum(4 * prod(array.shape) for array in packed.values())
    n_packed = sum(array.nbytes for array in packed.values())
    demand(
        n_unpacked <= _FREE_BYTES + _MOST_TIMES * n_packed,
        f"{n_packed} bytes of weights would unpack to {n_unpacked}",
    )
