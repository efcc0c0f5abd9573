"""Codes and outputs of networks without a numpy twin, compiled once per architecture."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from skae.backend._compiled import Trace, compile_function
from skae.backend._models import KerasNetwork
from skae.backend._release import release, size_of
from skae.backend._traces import Traces
from skae.numerics import Array, Weights
from skae.objectives import Tensor


class Scorer:
    """Encoder and decoder of one architecture; weights are loaded into it.

    Parameters
    ----------
    built : KerasNetwork
    traces : Traces
        Shared by the scorers of one network.
    batch_size : int
        One shape for every call: a row's result does not depend on the rows beside it.
    """

    def __init__(self, built: KerasNetwork, traces: Traces[Trace], batch_size: int) -> None:
        self._built, self._batch_size = built, batch_size
        self._variables = built.variables()
        self._loaded: Weights | None = None
        shared = ([*self._variables.values(), *built.generators()], traces)
        self._encode = compile_function(self._encode_batch, "graph", *shared)
        self._decode = compile_function(self._decode_batch, "graph", *shared)

    @property
    def n_bytes(self) -> int:
        """Memory of the variables."""
        return size_of(self._variables.values())

    def release(self) -> None:
        """Empty the variables, as this will never score again."""
        self._loaded = None
        release(self._variables.values())

    def load(self, weights: Weights) -> None:
        """Score with these weights from now on."""
        if weights is self._loaded:
            return
        self._loaded = None
        for name, variable in self._variables.items():
            variable.assign(weights[name])
        self._loaded = weights

    def encode(self, rows: Array) -> Array:
        """Output of the encoder for scaled rows."""
        return self._in_batches(self._encode, rows)

    def decode(self, code: Array) -> Array:
        """Scaled output of a code."""
        return self._in_batches(self._decode, code)

    def _encode_batch(self, rows: Tensor) -> Tensor:
        return self._built.encoder(rows, training=False)

    def _decode_batch(self, code: Tensor) -> Tensor:
        return self._built.decode(code, training=False)

    def _in_batches(self, function: Callable[[Tensor], Tensor], rows: Array) -> Array:
        outputs, size = [], self._batch_size
        for start in range(0, len(rows), size):
            batch = np.asarray(rows[start : start + size], np.float32)
            padded = np.zeros((size, batch.shape[1]), np.float32)
            padded[: len(batch)] = batch
            outputs.append(function(tf.constant(padded)).numpy()[: len(batch)])
        return np.concatenate(outputs)
