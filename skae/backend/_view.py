"""The view of a network that objectives get."""

from collections.abc import Callable

import keras
import tensorflow as tf

from skae.backend._jacobian import encode_with_jacobian
from skae.backend._models import KerasNetwork
from skae.backend._sparse_layers import IdleUnits, KeepLargestOfBatch
from skae.objectives import Batch, Tensor, column_errors, loss_of, mean_error
from skae.training import ProgramSpec


def gradient_of(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(x)
        y = function(x)
    return tape.gradient(y, x, unconnected_gradients="zero")


class NetworkView:
    """A network with its weights, as an objective sees it.

    Parameters
    ----------
    built : KerasNetwork
    spec : ProgramSpec
    training : bool
        Whether dropout draws, and means of batches count.
    """

    ops = keras.ops
    gradient = staticmethod(gradient_of)

    def __init__(self, built: KerasNetwork, spec: ProgramSpec, training: bool) -> None:
        self._built, self._spec, self._training = built, spec, training
        self._error = loss_of(spec.loss)
        self.masks_missing, self.columns = spec.masks_missing, spec.network.columns

    def at_rest(self) -> "NetworkView":
        """The same as it is when it scores: without dropout, with its own means of batches."""
        return NetworkView(self._built, self._spec, training=False)

    def encode(self, rows: Tensor) -> Tensor:
        return self._built.encoder(rows, training=self._training)

    def encode_batch(self, batch: Batch) -> tuple[Tensor, Tensor]:
        assert self._built.preactivations is not None
        values = self._built.preactivations(batch["rows"], training=self._training)
        code = values
        for layer in self._built.code_layers:
            if isinstance(layer, KeepLargestOfBatch | IdleUnits):
                code = layer(code, weights=batch["weights"], training=self._training)
            else:
                code = layer(code)
        return values, code

    def thresholds(self) -> Tensor:
        return keras.ops.exp(self._built.encoder.get_layer("jump_relu").log_threshold)

    def idle_rows(self) -> Tensor:
        return keras.ops.convert_to_tensor(self._built.encoder.get_layer("idle_units").idle)

    def encode_distribution(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_variance = keras.ops.split(self.encode(rows), 2, axis=-1)
        return mean, log_variance

    def encode_with_jacobian(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        return encode_with_jacobian(self._spec.network, self._built, rows, gradient_of)

    def decode(self, code: Tensor) -> Tensor:
        return self._built.decode(code, self._training)

    def error(self, target: Tensor, output: Tensor) -> Tensor:
        """Loss of each row: the mean over the features that have a value."""
        ops, error = keras.ops, self._error
        if self._built.column_weights is not None:
            errors, present = self.column_errors(target, output)
            return mean_error(ops, errors, present, self._built.column_weights)
        if not self.masks_missing:
            errors = error(ops, target, output)
            # A user's loss may have a value a row.
            return errors if len(errors.shape) == 1 else ops.mean(errors, axis=-1)
        is_missing = ops.isnan(target)
        errors = error(ops, ops.where(is_missing, 0.0, target), output)
        n_present = ops.sum(ops.cast(ops.logical_not(is_missing), errors.dtype), axis=-1)
        return ops.sum(ops.where(is_missing, 0.0, errors), axis=-1) / ops.maximum(n_present, 1.0)

    def column_errors(self, target: Tensor, output: Tensor) -> tuple[Tensor, Tensor]:
        """Error of each column, and whether it has a value."""
        assert self.columns is not None
        return column_errors(keras.ops, self.columns, self._spec.loss, target, output)

    def code(self, rows: Tensor) -> Tensor:
        """Code of rows; of a distribution, its mean."""
        return self.encode(rows)[:, : self._spec.network.n_components]

    def code_of_batch(self, batch: Batch) -> Tensor:
        """The same of a batch: rows of weight 0, which only fill it up, count for nothing."""
        if self._built.preactivations is None:
            return self.code(batch["rows"])
        code = self._built.preactivations(batch["rows"], training=self._training)
        for layer in self._built.code_layers:
            # Idle rows are counted where the autoencoder's own objective encodes the batch.
            if isinstance(layer, KeepLargestOfBatch):
                code = layer(code, weights=batch["weights"], training=self._training)
            elif not isinstance(layer, IdleUnits):
                code = layer(code)
        return code

    def predict(self, code: Tensor) -> Tensor:
        assert self._built.head is not None
        return self._built.head(code, training=self._training)

    def log_noise_variance(self) -> Tensor:
        return keras.ops.convert_to_tensor(self._built.noise)

    def noise(self) -> tuple[Tensor, Tensor, Tensor]:
        built, tensor = self._built, keras.ops.convert_to_tensor
        given = (built.noise, built.output_units, built.least_noise)
        noise, units, least = (None if each is None else tensor(each) for each in given)
        return noise, units, least

    def prior(self) -> dict[str, Tensor]:
        named = self._built.prior.items()
        return {name: keras.ops.convert_to_tensor(variable) for name, variable in named}

    def criticise(self, code: Tensor) -> Tensor:
        assert self._built.critic is not None
        return self._built.critic(code, training=self._training)[:, 0]

    def block(self, half: str, i: int, inputs: Tensor, masked_as: Tensor | None = None) -> Tensor:
        """One block of a nonlinear path; ``masked_as`` has the mask that ``inputs`` may lack."""
        mask = getattr(masked_as, "_keras_mask", None)
        if mask is not None:
            inputs._keras_mask = mask
        path = self._built.paths[0 if half == "encoder" else 1]
        if half == "decoder":
            # A tensor without the mask that an encoder's block leaves on its own.
            inputs = tf.identity(inputs)
        return path.blocks[i](inputs, training=self._training)
