"""Scorers turn scaled rows into codes and back: in numpy where that is possible, else in Keras."""

from collections.abc import Callable
from typing import Any, Literal, Protocol

import numpy as np

from skae import backend
from skae.model._positions import PositionsScorer
from skae.networks import Network, NumpyTwin, ResidualNetwork
from skae.numerics import Array, Weights

# The weights of a model in a dtype.
WeightsAs = Callable[[np.dtype[Any]], Weights]


class Scorer(Protocol):
    """Encodes and decodes scaled rows; results have the dtype of what comes in."""

    def encode(self, weights_as: WeightsAs, scaled: Array) -> Array:
        """Code of rows; of a distribution its mean."""

    def encode_distribution(self, weights_as: WeightsAs, scaled: Array) -> list[Array]:
        """Mean and log variance of the code, of a variational network."""

    def decode(self, weights_as: WeightsAs, code: Array) -> Array:
        """Scaled output of a code."""


def scorer_of(network: Network) -> Scorer:
    """The scorer of a network."""
    if network.n_classes:
        raise ValueError(
            "This model is conditional: rows and codes belong to a class, so that it scores those "
            "of one class at a time. Call the methods of its estimator with y, or given(y)."
        )
    if isinstance(network, ResidualNetwork) and network.positions != "one":
        return PositionsScorer(network, scorer_of)
    twin = network.numpy_twin
    return KerasScorer(network) if twin is None else NumpyScorer(twin)


class NumpyScorer:
    """The numpy twin of a network, in the dtype that it scores rows in."""

    def __init__(self, network: NumpyTwin) -> None:
        self._network = network

    def encode(self, weights_as: WeightsAs, scaled: Array) -> Array:
        """Code of rows."""
        return self._answer(scaled, self._network.encode(*self._given(weights_as, scaled)))

    def encode_distribution(self, weights_as: WeightsAs, scaled: Array) -> list[Array]:
        """Mean and log variance of the code."""
        found = self._network.encode_distribution(*self._given(weights_as, scaled))
        return [self._answer(scaled, each) for each in found]

    def decode(self, weights_as: WeightsAs, code: Array) -> Array:
        """Scaled output of a code."""
        return self._answer(code, self._network.decode(*self._given(weights_as, code)))

    def _given(self, weights_as: WeightsAs, rows: Array) -> tuple[Weights, Array]:
        dtype = self._network.scoring_dtype(rows.dtype)
        return weights_as(dtype), rows.astype(dtype, copy=False)

    def _answer(self, rows: Array, found: Array) -> Array:
        with np.errstate(over="ignore"):  # infinite, as it is in the rows' own precision
            return found.astype(rows.dtype, copy=False)


class KerasScorer:
    """The Keras models of a network, in float32 whatever the dtype of the rows."""

    def __init__(self, network: Network) -> None:
        self._network = network

    def encode(self, weights_as: WeightsAs, scaled: Array) -> Array:
        """Code of rows."""
        if self._network.is_variational:
            return self.encode_distribution(weights_as, scaled)[0]
        return self._run("encode", weights_as, scaled)

    def encode_distribution(self, weights_as: WeightsAs, scaled: Array) -> list[Array]:
        """Mean and log variance of the code."""
        return np.split(self._run("encode", weights_as, scaled), 2, axis=1)

    def decode(self, weights_as: WeightsAs, code: Array) -> Array:
        """Scaled output of a code."""
        return self._run("decode", weights_as, code)

    def _run(self, what: Literal["encode", "decode"], weights_as: WeightsAs, rows: Array) -> Array:
        with backend.borrow_scorer(self._network) as scorer:
            scorer.load(weights_as(np.dtype(np.float32)))
            outputs: Array = getattr(scorer, what)(rows)
            return outputs.astype(rows.dtype, copy=False)
