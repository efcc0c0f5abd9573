"""Where training starts: units, network and first weights, from the rows and the parameters."""

import math
from dataclasses import replace
from numbers import Integral

import numpy as np

from skae import _keras
from skae._blas import one_blas_thread
from skae._model import Model
from skae._parameters import (
    activation_of,
    kernel_size_of,
    layer_sizes,
    mask_value_of,
    network_kind,
    sample_shape_of,
)
from skae._scaling import identity_scaling, measure_scaling, weighted_blocks
from skae.networks import (
    NUMPY_ACTIVATIONS,
    ConvolutionalNetwork,
    CustomNetwork,
    DenseNetwork,
    Recipe,
    RecurrentNetwork,
    principal_directions,
)

# Field of a network -> the parameter that it comes from, and that one's words for its values.
_PARAMETERS = {
    "linear_path": ("init", {True: "pca", False: "random"}),
    "is_masked": ("mask_value", {True: "a number", False: None}),
    "kind": ("network", {}),
    "recipe": ("network", {}),
    "has_noise": ("likelihood", {True: "gaussian", False: "bernoulli"}),
    "code_activation": ("sparsity", {}),
    "n_active": ("k", {}),
    "critic_layer_sizes": ("critic_hidden_layer_sizes", {}),
}


def new_model(estimator, X, sample_weight, rng):
    """A model at its starting weights.

    Parameters
    ----------
    estimator : BaseAutoencoder
        Only its parameters are read.
    X : checked rows
    sample_weight : ndarray or None
    rng : numpy.random.Generator
    """
    with one_blas_thread():
        return _new_model(estimator, X, sample_weight, rng)


def _new_model(estimator, X, sample_weight, rng):
    shape = sample_shape_of(estimator, X.shape[1])
    mask_value = mask_value_of(estimator)
    has_missing = mask_value is not None
    measured = measure_scaling(X, sample_weight, has_missing=has_missing)
    # Rows of a cross-entropy are targets as they are.
    loss = estimator._loss_name()
    ends_in_sigmoid = loss == "binary_crossentropy"
    scaling = identity_scaling(X.shape[1]) if ends_in_sigmoid else measured
    centring = replace(measured, scale=scaling.scale)
    principal = _principal_directions(estimator, X, sample_weight, centring, rng, has_missing)
    n_components = estimator.n_components
    if not isinstance(n_components, Integral):
        n_components = principal.count_for_share(n_components)
    network = new_network(estimator, shape, int(n_components))
    if isinstance(network, DenseNetwork):
        weights = network.random_weights(rng)
    else:
        weights = _keras.random_weights(network, rng)
    if estimator.init == "pca":
        mean = measured.mean if ends_in_sigmoid else None
        weights = network.pca_weights(weights, principal, rng, output_mean=mean)
    rows_shape = None if estimator.sample_shape is None else shape
    model = Model(network, weights, scaling, loss, rows_shape, mask_value)
    if principal is None:
        return model
    directions = principal.leading(network.n_components)[0].astype(np.float32)
    return replace(model, principal_directions=directions, principal_mean=measured.mean)


def new_network(estimator, sample_shape, n_components):
    """Description of the network that the parameters ask for."""
    kind, activation = network_kind(estimator), activation_of(estimator)
    if activation not in NUMPY_ACTIVATIONS:
        _keras.check_activation(activation)
    shared = {
        "n_features": math.prod(sample_shape),
        "n_components": n_components,
        "sample_shape": sample_shape,
        "hidden_layer_sizes": layer_sizes(estimator.hidden_layer_sizes, kind),
        "activation": activation,
        "dropout": estimator.dropout,
        "linear_path": estimator.init == "pca",
        **estimator._network_options(n_components),
    }
    if kind == "dense":
        # Flat rows are all that a dense network sees: tables of one width share its programs.
        return DenseNetwork(**{**shared, "sample_shape": (shared["n_features"],)})
    if kind == "convolutional":
        size = kernel_size_of(estimator, len(sample_shape) - 1)
        return ConvolutionalNetwork(**shared, kernel_size=size, pooling=estimator.pooling)
    if kind == "recurrent":
        return RecurrentNetwork(
            **shared,
            cell=estimator.cell,
            bidirectional=estimator.bidirectional,
            is_masked=mask_value_of(estimator) is not None,
        )
    return CustomNetwork(**shared, recipe=Recipe(estimator.network))


def continued_model(estimator, fitted):
    """The fitted model to train further, if the parameters still describe it."""
    shape = sample_shape_of(estimator, fitted.network.n_features)
    wanted = new_network(estimator, shape, fitted.network.n_components)
    fixed_size = isinstance(estimator.n_components, Integral)
    now = _fields(wanted) | {"loss": estimator._loss_name()}
    now["n_components"] = estimator.n_components if fixed_size else fitted.network.n_components
    before = _fields(fitted.network) | {"loss": fitted.loss}
    # Kinds of networks have fields of their own, which say less than the kind.
    fields = ["kind"] if before["kind"] != now["kind"] else {**before, **now}
    changed = [
        _change(field, before.get(field), now.get(field))
        for field in fields
        if before.get(field) != now.get(field)
    ]
    if changed:
        raise ValueError(
            "Training would go on from the fitted network, but the parameters now describe "
            f"another: {'; '.join(changed)}. Restore them, or start anew: fit with "
            "warm_start=False."
        )
    return replace(
        fitted,
        sample_shape=None if estimator.sample_shape is None else shape,
        mask_value=mask_value_of(estimator),
        packed=None,
        principal_directions=None,
        principal_mean=None,
        _cast={},
    )


def _fields(network):
    return {"kind": network.kind, **vars(network)}


def _change(field, before, now):
    """In the words of an estimator's parameters."""
    name, words = _PARAMETERS.get(field, (field, {}))
    before, now = (words.get(value, value) if words else value for value in (before, now))
    return f"{name} was {before!r} and is now {now!r}"


def _principal_directions(estimator, X, sample_weight, centring, rng, has_missing):
    is_share = not isinstance(estimator.n_components, Integral)
    if estimator.init != "pca" and not is_share:
        return None

    def blocks():
        for rows, weights in weighted_blocks(X, sample_weight, centring):
            # What is missing counts as its feature's mean.
            yield (np.nan_to_num(rows) if has_missing else rows), weights

    return principal_directions(
        blocks,
        X.shape[1],
        None if is_share else estimator.n_components,
        rng,
    )
