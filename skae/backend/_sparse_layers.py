"""Layers of sparse codes. Registered, so that a saved ``encoder_`` loads again.

Those that learn from a batch which of its rows count are told so by ``weights``: zero for padding.
"""

from typing import Any

import keras
import numpy as np
from keras import ops

from skae.networks import FIRST_THRESHOLD, LEAST_NORM
from skae.objectives import Tensor, jump_relu, largest_of_batch, share_of_wanted

# How far the threshold moves at each batch, as a share of itself, where it keeps twice as many
# values as wanted.
_STEP = 0.02


@keras.saving.register_keras_serializable("skae")
class UnitDense(keras.layers.Dense):
    """A fully connected layer whose kernel has rows of norm 1: the atoms of a dictionary."""

    def call(self, inputs: Tensor, training: bool | None = None) -> Tensor:
        """Apply to a tensor of shape (n, n_atoms)."""
        kernel = ops.convert_to_tensor(self.kernel)
        norms = ops.sqrt(ops.sum(ops.square(kernel), axis=1, keepdims=True))
        outputs = ops.matmul(inputs, kernel / ops.maximum(norms, LEAST_NORM))
        return ops.add(outputs, self.bias) if self.use_bias else outputs


@keras.saving.register_keras_serializable("skae")
class JumpReLU(keras.layers.Layer):
    """Sets values up to a trained threshold of their unit to zero (Rajamanoharan et al. 2024)."""

    def build(self, input_shape: Any) -> None:
        """Create the thresholds."""
        self.log_threshold = self.add_weight(
            shape=(input_shape[-1],),
            initializer=keras.initializers.Constant(float(np.log(FIRST_THRESHOLD))),
            name="log_threshold",
        )

    def call(self, inputs: Tensor) -> Tensor:
        """Apply to a tensor of shape (n, n_units)."""
        return jump_relu(ops, inputs, ops.exp(self.log_threshold))


@keras.saving.register_keras_serializable("skae")
class KeepLargestOfBatch(keras.layers.Layer):
    """Keeps the largest values of a batch in training, else those from a learned threshold on.

    BatchTopK (Bussmann et al. 2024).

    Parameters
    ----------
    n_active : int
        How many values are kept a row, on average.
    """

    def __init__(self, n_active: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n_active = n_active

    def build(self, input_shape: Any) -> None:
        """Create the threshold."""
        self.threshold = self.add_weight(
            shape=(1,), initializer="zeros", trainable=False, name="threshold"
        )

    def call(
        self, inputs: Tensor, weights: Tensor | None = None, training: bool | None = None
    ) -> Tensor:
        """Apply to a tensor of shape (n, n_units) that is not negative."""
        known = ops.convert_to_tensor(self.threshold)
        if not training:
            return inputs * ops.cast(inputs >= known, inputs.dtype)
        kept, least = largest_of_batch(ops, inputs, self.n_active, weights)
        share = share_of_wanted(ops, inputs, self.n_active, weights, known)
        # The first batch is all that is known before.
        learned = ops.where(known > 0, known * ops.exp(_STEP * (share - 1.0)), least)
        self.threshold.assign(ops.stop_gradient(learned))
        return kept

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor."""
        return {**super().get_config(), "n_active": self.n_active}


@keras.saving.register_keras_serializable("skae")
class IdleUnits(keras.layers.Layer):
    """Gives a code as it is and counts, in training, the rows each unit has been zero for."""

    def build(self, input_shape: Any) -> None:
        """Create the counts."""
        self.idle = self.add_weight(
            shape=(input_shape[-1],), initializer="zeros", trainable=False, name="idle"
        )

    def call(
        self, inputs: Tensor, weights: Tensor | None = None, training: bool | None = None
    ) -> Tensor:
        """Apply to a tensor of shape (n, n_units)."""
        if training:
            is_active = ops.cast(ops.not_equal(inputs, 0.0), inputs.dtype)
            counts = ops.ones_like(inputs[:, 0])
            if weights is not None:
                counts = ops.cast(weights > 0, inputs.dtype)
            n_active = ops.sum(is_active * counts[:, None], axis=0)
            idle = ops.convert_to_tensor(self.idle) + ops.sum(counts)
            self.idle.assign(ops.where(n_active > 0, ops.zeros_like(idle), idle))
        return inputs
