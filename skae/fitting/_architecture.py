"""The network, as the parameters describe it."""

import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import MISSING, dataclass, fields
from numbers import Integral
from typing import Any, Self

import numpy as np

from skae import backend
from skae.networks import (
    KINDS,
    NUMPY_ACTIVATIONS,
    Builder,
    Columns,
    Network,
    filter_size_for,
    kind_of,
)

_DEFAULT_COMPONENTS = 2
# Keras and TensorFlow count in 32 bits.
_LARGEST = 2**31 - 1


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """The parameters of an estimator that say what its network is.

    Attributes
    ----------
    n_components, network, sample_shape, hidden_layer_sizes, activation, kernel_size, pooling, \
cell, bidirectional, mask_value, dropout, init
        See the parameters of these names.
    columns : Columns or None
        What the features stand for where they are not all numbers.
    fills : bool
        Whether a network that restores reads missing values as such, and fills them.
    reads_level : bool
        Whether it is to know how strong the noise of a row is.
    reads_contrast : bool
        Whether it also reads how places differ from what is around them.
    positions : {"one", "mirrored", "all"}
        In which it restores rows.
    """

    n_components: Any
    network: Any
    sample_shape: Sequence[int] | None
    hidden_layer_sizes: Any
    activation: Any
    kernel_size: Any
    pooling: str | None
    cell: str
    bidirectional: bool
    mask_value: float | None
    dropout: float
    init: str
    columns: Columns | None = None
    fills: bool = False
    reads_level: bool = False
    reads_contrast: bool = False
    positions: str = "one"

    @classmethod
    def of(cls, estimator: Any) -> Self:
        """That of an estimator's parameters.

        Raises
        ------
        ValueError
            If they ask for a code of a network that has none.
        """
        given = {each: getattr(estimator, each) for each in _OF_ESTIMATORS}
        has_places = len(given["sample_shape"] or ()) in KINDS["unet"].row_axes
        asks_for_code = given["n_components"] != "auto"
        network = given["network"]
        if isinstance(network, str) and network == "auto":
            network = given["network"] = "unet" if has_places and not asks_for_code else "dense"
        restores = kind_of(network).restores
        if restores and asks_for_code:
            raise ValueError(
                f"n_components={given['n_components']!r} asks for a code, but "
                f"network={network!r} has none: details go around it. Leave n_components "
                "at 'auto', or take network='convolutional' for a code."
            )
        if not asks_for_code and not restores:
            given["n_components"] = _DEFAULT_COMPONENTS
        noise = getattr(estimator, "noise", None) if restores else None
        level = getattr(estimator, "noise_level", None)
        differs = isinstance(level, tuple | list) and any(level)
        return cls(
            **given,
            columns=getattr(estimator, "_columns", None),
            fills=noise == "masking",
            reads_level=noise == "gaussian" and differs,
            reads_contrast=restores and noise != "masking",
            positions=_positions(estimator) if restores else "one",
        )

    @property
    def kind(self) -> str:
        """Kind of network that the parameters ask for."""
        return self.network_class.kind

    @property
    def restores(self) -> bool:
        """Whether the network gives restored rows, and no code."""
        return self.network_class.restores

    @property
    def network_class(self) -> type[Network]:
        """Class of that network."""
        return kind_of(self.network)

    @property
    def padding(self) -> float | None:
        """Value that every feature holds at a timestep that is not there; None if all are there.

        Raises
        ------
        ValueError
            If the network does not know timesteps.
        """
        if self.mask_value is None:
            return None
        if self.kind != "recurrent":
            raise ValueError(
                f"mask_value={self.mask_value!r} needs network='recurrent', but network="
                f"{self.network!r} takes every value as it is. Set mask_value=None."
            )
        try:
            return float(self.mask_value)
        except OverflowError:
            raise ValueError(
                f"mask_value={self.mask_value!r} is beyond the largest number that X can hold. "
                "Set it to the value that marks padding in X."
            ) from None

    @property
    def allows_nan(self) -> bool:
        """Whether NaN in rows says which timesteps are not there."""
        if self.columns is not None or self.fills:
            return True
        return self.padding is not None and math.isnan(self.padding)

    def shape_of(self, n_features: int) -> tuple[int, ...]:
        """Shape of a row before it is flattened.

        Raises
        ------
        ValueError
            If it has another number of values than a row has columns, or of axes than the network
            takes.
        """
        network = self.network_class
        if self.columns is not None and self.columns.n_features != n_features:
            raise ValueError(
                f"X has {n_features} columns, but this is the autoencoder inside a "
                f"TableAutoencoder, whose table has {self.columns.n_features} features. Fit the "
                "TableAutoencoder, or a clone of this one."
            )
        if self.sample_shape is None:
            return (n_features, 1) if network.row_axes else (n_features,)
        shape = _integers("sample_shape", self.sample_shape, "the size of every axis of a row")
        if math.prod(shape) != n_features:
            raise ValueError(
                f"sample_shape={shape} makes {math.prod(shape)} values a row, but X has "
                f"{n_features} columns. The sizes must multiply to the number of columns."
            )
        if network.row_axes and len(shape) not in network.row_axes:
            raise ValueError(
                f"sample_shape={shape} is of length {len(shape)}, but network={network.kind!r} "
                f"takes {network.row_shape}. Channels and features come last; 1 where there is one "
                "of them."
            )
        return shape

    def given_shape(self, n_features: int) -> tuple[int, ...] | None:
        """The shape that rows may come in; None for flat ones only."""
        return None if self.sample_shape is None else self.shape_of(n_features)

    def describe(
        self, shape: tuple[int, ...], n_components: int, options: Mapping[str, Any]
    ) -> Network:
        """The network of rows of this shape with a code of this width.

        Parameters
        ----------
        shape : tuple of int
        n_components : int
        options : dict
            Fields that a variant adds.
        """
        network, activation = self.network_class, self.activation
        if isinstance(activation, str) and activation == "auto":
            activation = network.auto_activation
        if activation not in NUMPY_ACTIVATIONS:
            backend.check_activation(activation, network.hidden_axes(shape))
        given: dict[str, Any] = {
            "n_features": math.prod(shape),
            "n_components": n_components,
            "sample_shape": (math.prod(shape),) if network.sees_flat_rows else shape,
            "hidden_layer_sizes": layer_sizes(self.hidden_layer_sizes, network.kind),
            "activation": activation,
            "dropout": self.dropout,
            "linear_path": self.init == "pca",
            "columns": self.columns if network.sees_flat_rows else None,
            **options,
        }
        if network.kind == "unet" and not given["hidden_layer_sizes"]:
            raise ValueError(
                "hidden_layer_sizes=() leaves network='unet' without layers. Give the filters of "
                "each, as (16, 32, 64), or take network='residual' for a linear filter."
            )
        own = own_names(network)
        self._check_used(own)
        return backend.with_build(network(**given, **self._own_fields(own, given)))

    def _check_used(self, names: set[str]) -> None:
        """Refuse what was given for networks of another kind."""
        for name, default in DEFAULTS.items():
            value = getattr(self, name)
            if name in names or (np.ndim(value) == 0 and value == default):
                continue
            others = " or ".join(repr(k) for k, cls in KINDS.items() if name in own_names(cls))
            raise ValueError(
                f"{name}={value!r} is for network={others}, but network={self.network!r} has "
                f"nothing of that. Leave it at {default!r}, or take one of those networks."
            )

    def _own_fields(self, names: set[str], given: Mapping[str, Any]) -> dict[str, Any]:
        """What a class of networks takes beside what all of them do, of these names."""
        shape = given["sample_shape"]
        own: dict[str, Any] = {name: getattr(self, name) for name in names & _PARAMETERS}
        if "kernel_size" in names:
            own["kernel_size"] = self._kernel_size(len(shape) - 1)
            self._check_kernels(own["kernel_size"], given["hidden_layer_sizes"])
        if "filter_size" in names:
            own["filter_size"] = filter_size_for(shape)
        if "is_masked" in names:
            own["is_masked"] = self.padding is not None
        if "builder" in names:
            own["builder"] = Builder(self.network)
        return own

    def _check_kernels(self, size: tuple[int, ...], n_filters: tuple[int, ...]) -> None:
        largest = math.prod(size) * max(n_filters, default=1) ** 2
        if largest > _LARGEST:
            raise ValueError(
                f"kernel_size={self.kernel_size!r} and hidden_layer_sizes="
                f"{self.hidden_layer_sizes!r} make a kernel of {largest} weights. Lower them: "
                f"at most {_LARGEST} can be trained."
            )

    def _kernel_size(self, n_axes: int) -> tuple[int, ...]:
        """One size for every axis."""
        size = self.kernel_size
        sizes = _integers("kernel_size", size, "one size for all axes, or one for each")
        if isinstance(size, Integral):
            return sizes * n_axes
        if len(sizes) != n_axes:
            raise ValueError(
                f"kernel_size={size!r} is of length {len(sizes)}, but axes beside the channels are "
                f"{n_axes} in number. Give one size for all, or one for each."
            )
        return sizes


# Parameters of some kinds of networks, as they are where nobody asks for anything.
DEFAULTS: Mapping[str, Any] = {
    "kernel_size": 3,
    "pooling": None,
    "cell": "lstm",
    "bidirectional": False,
}
# Of an architecture, which networks that have a field of the same name take as they are.
_PARAMETERS = {each.name for each in fields(Architecture)}
# The parameters of all estimators; what follows from others has a default.
_OF_ESTIMATORS = [each.name for each in fields(Architecture) if each.default is MISSING]


def _positions(estimator: Any) -> str:
    """Those in which training shows rows, where they are restored in all of them."""
    flips = getattr(estimator, "flips", False)
    if not isinstance(flips, str):
        return "one"
    axes = tuple(estimator.sample_shape or ())[:-1]
    is_square = len(axes) > 1 and axes[0] == axes[1]
    return "all" if is_square else "mirrored"


def own_names(network: type[Network]) -> set[str]:
    """Names of what a class of networks has beside what all of them do."""
    return {each.name for each in fields(network)} - {each.name for each in fields(Network)}


def layer_sizes(
    hidden_layer_sizes: Any, kind: str = "dense", name: str = "hidden_layer_sizes"
) -> tuple[int, ...]:
    """Hidden layer sizes, which a parameter of this name gives, as a tuple of positive integers."""
    if isinstance(hidden_layer_sizes, str):
        return kind_of(kind).auto_sizes
    return _integers(
        name,
        hidden_layer_sizes,
        "the units (or filters) of each hidden layer from the input to the code; () means none",
    )


def checked_width(n_components: int) -> int:
    """A width of the code that arrays can have."""
    (width,) = _integers("n_components", n_components, "the values of a code")
    return width


def _integers(name: str, values: Any, meaning: str) -> tuple[int, ...]:
    if isinstance(values, Set | Mapping):
        raise ValueError(
            f"{name}={values!r} should be a tuple or a list, as the order of a "
            f"{type(values).__name__} says nothing: {meaning}."
        )
    is_single = isinstance(values, Integral) or getattr(values, "ndim", 1) == 0
    given = (values,) if is_single else tuple(values)
    if not all(isinstance(value, Integral) and 0 < int(value) <= _LARGEST for value in given):
        raise ValueError(
            f"{name}={values!r} should hold positive integers up to {_LARGEST}, {meaning}."
        )
    return tuple(int(value) for value in given)
