"""Encoding and decoding in numpy instead of Keras, as a type."""

from typing import Protocol

from skae.numerics import Array, Weights


class NumpyTwin(Protocol):
    """A network that encodes and decodes in numpy, in the dtype of the weights it is given."""

    def encode(self, weights: Weights, rows: Array) -> Array:
        """Code of scaled rows; of a distribution, its mean."""

    def encode_distribution(self, weights: Weights, rows: Array) -> list[Array]:
        """Mean and log variance of the code of scaled rows, for a variational network."""

    def decode(self, weights: Weights, code: Array) -> Array:
        """Scaled output of a code."""
