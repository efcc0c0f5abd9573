"""What turns scaled rows into codes and back: numpy where it can, else Keras."""

from collections.abc import Callable
from typing import Protocol

import numpy as np

from skae import backend
from skae.networks import Network

# The weights of a model in a dtype.
WeightsAs = Callable[[np.dtype], dict[str, np.ndarray]]


class Scorer(Protocol):
    """Encodes and decodes scaled rows; results have the dtype of what comes in."""

    def encode(self, weights_as: WeightsAs, scaled: np.ndarray) -> np.ndarray:
        """Code of rows; of a distribution its mean."""

    def encode_distribution(self, weights_as: WeightsAs, scaled: np.ndarray) -> list[np.ndarray]:
        """Mean and log variance of the code, of a variational network."""

    def decode(self, weights_as: WeightsAs, code: np.ndarray) -> np.ndarray:
        """Scaled output of a code."""


def scorer_of(network: Network) -> Scorer:
    """What scores a network."""
    twin = network.numpy_twin
    return KerasScorer(network) if twin is None else NumpyScorer(twin)


class NumpyScorer:
    """The numpy twin of a network, in the dtype of the rows."""

    def __init__(self, network):
        self._network = network

    def encode(self, weights_as, scaled):
        """Code of rows."""
        return self._network.encode(weights_as(scaled.dtype), scaled)

    def encode_distribution(self, weights_as, scaled):
        """Mean and log variance of the code."""
        return self._network.encode_distribution(weights_as(scaled.dtype), scaled)

    def decode(self, weights_as, code):
        """Scaled output of a code."""
        return self._network.decode(weights_as(code.dtype), code)


class KerasScorer:
    """The Keras models of a network, in float32 whatever the dtype of the rows."""

    def __init__(self, network):
        self._network = network

    def encode(self, weights_as, scaled):
        """Code of rows."""
        if self._network.is_variational:
            return self.encode_distribution(weights_as, scaled)[0]
        return self._run("encode", weights_as, scaled)

    def encode_distribution(self, weights_as, scaled):
        """Mean and log variance of the code."""
        return np.split(self._run("encode", weights_as, scaled), 2, axis=1)

    def decode(self, weights_as, code):
        """Scaled output of a code."""
        return self._run("decode", weights_as, code)

    def _run(self, what, weights_as, rows):
        with backend.borrow_scorer(self._network) as scorer:
            scorer.load(weights_as(np.dtype(np.float32)))
            return getattr(scorer, what)(rows).astype(rows.dtype, copy=False)
