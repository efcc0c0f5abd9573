"""Codes and outputs of networks without a numpy twin, compiled once per architecture."""

import functools

import numpy as np
import tensorflow as tf

# One shape for every call: a row's result does not depend on the rows beside it.
_BATCH_SIZE = 64


class Scorer:
    """Encoder and decoder of one architecture; weights are loaded into it.

    Parameters
    ----------
    built : KerasNetwork
    """

    def __init__(self, built):
        self._variables, self._loaded = built.variables(), None
        self._encode = _compiled(built.encoder)
        self._decode = _compiled(built.decoder)

    def load(self, weights):
        """Score with these weights from now on."""
        if weights is self._loaded:
            return
        self._loaded = None
        for name, variable in self._variables.items():
            variable.assign(weights[name])
        self._loaded = weights

    def encode(self, rows):
        """What the encoder gives for scaled rows."""
        return _in_batches(self._encode, rows)

    def decode(self, code):
        """Scaled output of a code."""
        return _in_batches(self._decode, code)


def _compiled(model):
    # A lambda here would be one function to TensorFlow, retraced for every model: it would warn.
    return tf.function(functools.partial(model, training=False), autograph=False)


def _in_batches(function, rows):
    outputs = []
    for start in range(0, len(rows), _BATCH_SIZE):
        batch = np.asarray(rows[start : start + _BATCH_SIZE], np.float32)
        padded = np.zeros((_BATCH_SIZE, batch.shape[1]), np.float32)
        padded[: len(batch)] = batch
        outputs.append(function(tf.constant(padded)).numpy()[: len(batch)])
    return np.concatenate(outputs)
