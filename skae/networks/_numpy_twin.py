"""Encoding and decoding in numpy instead of Keras, as a type, and for all networks of two paths."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from skae.networks import _names as names
from skae.networks._activations import NUMPY_ACTIVATIONS
from skae.networks._network import Network
from skae.numerics import Array, Weights, product

# Values of the widest layer that are computed at a time: temporaries stay near the processor.
_AT_A_TIME = 2**19


class NumpyTwin(Protocol):
    """A network that encodes and decodes in numpy, in the dtype of the weights it is given."""

    def scoring_dtype(self, dtype: np.dtype[Any]) -> np.dtype[Any]:
        """The dtype that rows of a dtype are to be given in."""

    def encode(self, weights: Weights, rows: Array) -> Array:
        """Code of scaled rows; of a distribution, its mean."""

    def encode_distribution(self, weights: Weights, rows: Array) -> list[Array]:
        """Mean and log variance of the code of scaled rows, for a variational network."""

    def decode(self, weights: Weights, code: Array) -> Array:
        """Scaled output of a code."""


@dataclass(frozen=True, kw_only=True)
class TwinnedNetwork(Network):
    """A network whose nonlinear paths are written in numpy too."""

    def scoring_dtype(self, dtype: np.dtype[Any]) -> np.dtype[Any]:
        """Single precision, as weights have it: with many layers more digits would say no more."""
        return np.dtype(np.float32)

    @property
    def numpy_twin(self) -> NumpyTwin | None:
        """Itself, where numpy knows the activation."""
        is_known = not self.hidden_layer_sizes or self.activation in NUMPY_ACTIVATIONS
        return self if is_known else None

    def encode(self, weights: Weights, rows: Array) -> Array:
        """Code of scaled rows; of a distribution, its mean."""
        code = self._half("encoder", weights, rows, slice(self.n_components))
        return finished_code(self, weights, code)

    def encode_distribution(self, weights: Weights, rows: Array) -> list[Array]:
        """Mean and log variance of the code of scaled rows, for a variational network."""
        return np.split(self._half("encoder", weights, rows, slice(None)), 2, axis=1)

    def decode(self, weights: Weights, code: Array) -> Array:
        """Scaled output of a code."""
        output = self._half("decoder", weights, code, slice(None))
        if self.has_output_units:
            output *= weights[names.OUTPUT_UNITS]
        return output

    @abstractmethod
    def _nonlinear(self, half: str, weights: Weights, inputs: Array, columns: slice) -> Array:
        """Output of a nonlinear path, of shape (n_rows, n_columns)."""

    def _seen(self, inputs: Array) -> Array:
        """Inputs of the linear path of the encoder."""
        return inputs

    def _half(self, half: str, weights: Weights, inputs: Array, columns: slice) -> Array:
        """Output of a half, in these columns."""
        output: Array | None = None
        if self.has_linear_path:
            layer = names.linear(half)
            seen = self._seen(inputs) if half == "encoder" else inputs
            output = product(seen, weights[names.kernel(layer)][:, columns])
            output += weights[names.bias(layer)][columns]
        if not self.hidden_layer_sizes:
            assert output is not None
            return output
        nonlinear = in_parts(
            inputs, self.widest_layer, lambda rows: self._nonlinear(half, weights, rows, columns)
        )
        if output is None:
            return nonlinear
        output += nonlinear
        return output


def in_parts(rows: Array, width: int, function: Callable[[Array], Array]) -> Array:
    """Values of a function of rows, of as many at a time as fit the cache.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features)
    width : int
        The most values that the function makes of a row.
    function : callable
    """
    size = max(1, _AT_A_TIME // width)
    if len(rows) <= size:
        return function(rows)
    starts = range(0, len(rows), size)
    return np.concatenate([function(rows[start : start + size]) for start in starts])


def finished_code(network: Network, weights: Weights, code: Array) -> Array:
    """A code after its activation, and after what makes it sparse."""
    code = NUMPY_ACTIVATIONS[network.code_activation](code)
    if network.code_threshold == "jump":
        return code * (code > np.exp(weights[names.LOG_THRESHOLDS]))
    if network.code_threshold == "batch":
        return code * (code >= weights[names.THRESHOLD])
    return code if network.n_active is None else _keep_largest(code, network.n_active)


def _keep_largest(code: Array, n_active: int) -> Array:
    kept = np.argpartition(-code, n_active - 1, axis=1)[:, :n_active]
    sparse = np.zeros_like(code)
    np.put_along_axis(sparse, kept, np.take_along_axis(code, kept, axis=1), axis=1)
    return sparse
