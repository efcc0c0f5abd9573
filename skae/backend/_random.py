"""Random tensors inside a program: every value is a hash of seed, step, draw and place.

TensorFlow's own generators are not used for two reasons. Under XLA they made a step with noise up
to eleven times as long, and XLA draws other numbers than a graph. Integer arithmetic is the same
everywhere and costs next to nothing.
"""

import functools
import math
from collections.abc import Sequence

import tensorflow as tf

from skae.objectives import Tensor


class RandomDraws:
    """The random numbers of one step.

    Parameters
    ----------
    seed : pair of int32 scalars
        Of the epoch, and the step in it.
    """

    def __init__(self, seed: Sequence[Tensor]) -> None:
        self._seed, self._n_draws = seed, 0

    @functools.cached_property
    def _key(self) -> Tensor:
        # Most objectives draw nothing: these operations are a tenth of what they would trace.
        of_epoch, step = (tf.cast(self._seed[i], tf.uint32) for i in range(2))
        return _scramble(_scramble(of_epoch) + step)

    def uniform(self, shape: tuple[int, ...]) -> Tensor:
        """Uniform in [0, 1), in steps of 2**-24."""
        return tf.cast(_shift(self._bits(shape), 8), tf.float32) * 2.0**-24

    def normal(self, shape: tuple[int, ...]) -> Tensor:
        """Standard normal (Box & Muller 1958)."""
        radius = tf.sqrt(-2.0 * tf.math.log1p(-self.uniform(shape)))
        return radius * tf.cos(2.0 * math.pi * self.uniform(shape))

    def _bits(self, shape: tuple[int, ...]) -> Tensor:
        self._n_draws += 1
        key = _scramble(self._key + tf.constant(self._n_draws, tf.uint32))
        places = tf.reshape(tf.range(math.prod(shape)), shape)
        return _scramble(tf.bitwise.bitwise_xor(_scramble(tf.cast(places, tf.uint32) + key), key))


def _scramble(x: Tensor) -> Tensor:
    """Wellons' ``lowbias32``: each bit of the input changes each bit of the output at even odds."""
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
        x = tf.bitwise.bitwise_xor(x, _shift(x, shift)) * tf.constant(factor, tf.uint32)
    return tf.bitwise.bitwise_xor(x, _shift(x, 16))


def _shift(x: Tensor, n_bits: int) -> Tensor:
    return tf.bitwise.right_shift(x, tf.constant(n_bits, tf.uint32))
