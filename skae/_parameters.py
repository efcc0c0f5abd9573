"""Which values the shared parameters may take, and the network that they describe."""

import math
from numbers import Integral, Real

from sklearn.utils._param_validation import HasMethods, Interval, RealNotInt, StrOptions

from skae.objectives import LOSSES

POSITIVE_INTEGER = Interval(Integral, 1, None, closed="left")

CONSTRAINTS = {
    "n_components": [POSITIVE_INTEGER, Interval(RealNotInt, 0, 1, closed="neither")],
    "network": [
        StrOptions({"dense", "convolutional", "recurrent"}),
        callable,
        HasMethods("build"),
    ],
    "sample_shape": [tuple, list, None],
    "hidden_layer_sizes": ["array-like", POSITIVE_INTEGER, StrOptions({"auto"})],
    "activation": [str, callable],
    "kernel_size": ["array-like", POSITIVE_INTEGER],
    "pooling": [StrOptions({"max", "average"}), None],
    "cell": [StrOptions({"lstm", "gru"})],
    "bidirectional": ["boolean"],
    "mask_value": [Real, None],
    "dropout": [Interval(Real, 0, 1, closed="left")],
    "init": [StrOptions({"pca", "random"})],
    "loss": [StrOptions(set(LOSSES))],
    "optimizer": [str, HasMethods(["apply", "get_config"])],
    "learning_rate": [Interval(Real, 0, None, closed="neither"), HasMethods("get_config"), None],
    "batch_size": [POSITIVE_INTEGER],
    "max_iter": [POSITIVE_INTEGER],
    "tol": [Interval(Real, 0, None, closed="left")],
    "early_stopping": ["boolean"],
    "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
    "n_iter_no_change": [POSITIVE_INTEGER, StrOptions({"auto"})],
    "warm_start": ["boolean"],
    "jit_compile": ["boolean", StrOptions({"auto"})],
    "callbacks": [list, tuple, None],
    "verbose": ["verbose"],
    "random_state": ["random_state"],
}


# What "auto" means for each kind of network.
_HIDDEN = {"dense": (256,), "convolutional": (32, 64), "recurrent": (128,), "custom": (256,)}
_ACTIVATIONS = {"dense": "gelu", "convolutional": "gelu", "recurrent": "tanh", "custom": "gelu"}
_AXES = {"convolutional": (2, 3, 4), "recurrent": (2,)}
_MEANING = {
    "convolutional": "(length, channels), (height, width, channels) or "
    "(depth, height, width, channels)",
    "recurrent": "(timesteps, features)",
}


def network_kind(estimator):
    """Which kind of network the parameters ask for."""
    return estimator.network if isinstance(estimator.network, str) else "custom"


def mask_value_of(estimator):
    """What every feature holds at a timestep that is not there; None if all are there."""
    if estimator.mask_value is None:
        return None
    if network_kind(estimator) != "recurrent":
        raise ValueError(
            f"mask_value={estimator.mask_value!r} needs network='recurrent', but network="
            f"{estimator.network!r} takes every value as it is. Set mask_value=None."
        )
    return float(estimator.mask_value)


def allows_nan(estimator):
    """Whether NaN in rows says which timesteps are not there."""
    mask_value = mask_value_of(estimator)
    return mask_value is not None and math.isnan(mask_value)


def layer_sizes(hidden_layer_sizes, kind="dense"):
    """Hidden layer sizes as a tuple of positive integers."""
    if isinstance(hidden_layer_sizes, str):
        return _HIDDEN[kind]
    return _integers(
        "hidden_layer_sizes",
        hidden_layer_sizes,
        "the units (or filters) of each hidden layer from the input to the code; () means none",
    )


def activation_of(estimator):
    """The activation of the hidden layers."""
    if isinstance(estimator.activation, str) and estimator.activation == "auto":
        return _ACTIVATIONS[network_kind(estimator)]
    return estimator.activation


def sample_shape_of(estimator, n_features):
    """What a row is before it is flattened.

    Raises
    ------
    ValueError
        If it has another number of values than a row has columns, or of axes than the network
        takes.
    """
    kind, shape = network_kind(estimator), estimator.sample_shape
    if shape is None:
        return (n_features, 1) if kind in _AXES else (n_features,)
    shape = _integers("sample_shape", shape, "the size of every axis of a row")
    if math.prod(shape) != n_features:
        raise ValueError(
            f"sample_shape={shape} makes {math.prod(shape)} values a row, but X has {n_features} "
            "columns. The sizes must multiply to the number of columns."
        )
    if len(shape) not in _AXES.get(kind, (len(shape),)):
        raise ValueError(
            f"sample_shape={shape} is of length {len(shape)}, but network={kind!r} takes "
            f"{_MEANING[kind]}. Channels and features come last; 1 where there is one of them."
        )
    return shape


def kernel_size_of(estimator, n_axes):
    """One size for every axis."""
    size = estimator.kernel_size
    if isinstance(size, Integral):
        return (int(size),) * n_axes
    sizes = _integers("kernel_size", size, "one size for all axes, or one for each")
    if len(sizes) != n_axes:
        raise ValueError(
            f"kernel_size={size!r} is of length {len(sizes)}, but axes beside the channels are "
            f"{n_axes} in number. Give one size for all, or one for each."
        )
    return sizes


def _integers(name, values, meaning):
    single = isinstance(values, Integral)
    values = (values,) if single else tuple(values)
    if not all(isinstance(value, Integral) and value > 0 for value in values):
        raise ValueError(f"{name}={values!r} should hold positive integers, {meaning}.")
    return tuple(int(value) for value in values)
