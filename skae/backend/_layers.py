"""Layers that Keras lacks. Registered, so that a saved ``encoder_`` loads again."""

from collections.abc import Sequence
from typing import Any

from skae.messages import needs_extra
from skae.objectives import Tensor

with needs_extra("train", "skae.layers"):
    import keras
    from keras import ops


@keras.saving.register_keras_serializable("skae")
class KeepLargest(keras.layers.Layer):
    """Keeps the largest values of each row and sets the others to zero.

    Parameters
    ----------
    n_active : int
        How many values are kept.
    """

    def __init__(self, n_active: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n_active = n_active

    def call(self, inputs: Tensor) -> Tensor:
        """Apply to a tensor of shape (n, n_units)."""
        kept = ops.top_k(inputs, self.n_active)[1]
        mask = ops.sum(ops.one_hot(kept, inputs.shape[-1], dtype=inputs.dtype), axis=1)
        return inputs * mask

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor."""
        return {**super().get_config(), "n_active": self.n_active}


@keras.saving.register_keras_serializable("skae")
class Gate(keras.layers.Layer):
    """Multiplies by a trained scalar; starting at zero it adds a path that says nothing yet.

    SkipInit (De & Smith 2020).
    """

    def build(self, input_shape: Any) -> None:
        """Create the scalar."""
        self.scale = self.add_weight(shape=(1,), initializer="ones", name="scale")

    def call(self, inputs: Tensor) -> Tensor:
        """Apply to a tensor of any shape."""
        return inputs * self.scale


@keras.saving.register_keras_serializable("skae")
class HideMissing(keras.layers.Layer):
    """Replaces NaN by zero; for sequences the timesteps without a value are masked from then on."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def compute_mask(self, inputs: Tensor, mask: Tensor | None = None) -> Tensor | None:
        """Mask of the timesteps there are, for a tensor of shape (n, n_timesteps, n_features)."""
        if len(inputs.shape) < 3:
            return None
        return ops.any(ops.logical_not(ops.isnan(inputs)), axis=-1)

    def call(self, inputs: Tensor) -> Tensor:
        """Apply to a tensor of any shape."""
        outputs = ops.where(ops.isnan(inputs), ops.zeros_like(inputs), inputs)
        if len(inputs.shape) >= 3:
            outputs._keras_mask = self.compute_mask(inputs)
        return outputs


@keras.saving.register_keras_serializable("skae")
class MarkMissing(keras.layers.Layer):
    """Replaces NaN by zero, and adds a channel for each that is 1 where it was NaN."""

    def call(self, inputs: Tensor) -> Tensor:
        """Apply to a tensor of shape (n, ..., n_channels)."""
        is_missing = ops.isnan(inputs)
        known = ops.where(is_missing, ops.zeros_like(inputs), inputs)
        return ops.concatenate([known, ops.cast(is_missing, inputs.dtype)], axis=-1)


@keras.saving.register_keras_serializable("skae")
class Mirror(keras.layers.Layer):
    """Goes on beyond the edges with what they mirror.

    Parameters
    ----------
    margins : tuple of int
        How far along each axis.
    """

    def __init__(self, margins: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.margins = tuple(margins)

    def call(self, inputs: Tensor) -> Tensor:
        """Apply to a tensor of shape (n, ..., n_channels)."""
        margins = [(0, 0), *((n, n) for n in self.margins), (0, 0)]
        return ops.pad(inputs, margins, mode="symmetric")

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor."""
        return {**super().get_config(), "margins": self.margins}


@keras.saving.register_keras_serializable("skae")
class TakenOff(keras.layers.Layer):
    """The mean over channels of how far two tensors are apart."""

    def call(self, inputs: Sequence[Tensor]) -> Tensor:
        """Apply to two tensors of shape (n, ..., n_channels)."""
        before, after = inputs
        return ops.mean(ops.abs(before - after), axis=-1, keepdims=True)


@keras.saving.register_keras_serializable("skae")
class Between(keras.layers.Layer):
    """A tensor between two others, by a share of the second."""

    def call(self, inputs: Sequence[Tensor]) -> Tensor:
        """Apply to three tensors of one shape."""
        first, second, share = inputs
        return first + share * (second - first)


@keras.saving.register_keras_serializable("skae")
class MissingWhere(keras.layers.Layer):
    """Sets the timesteps to NaN at which every feature has the value that means padding.

    Parameters
    ----------
    value : float
    sample_shape : tuple of int
        Timesteps and features of a flattened row.
    """

    def __init__(self, value: float, sample_shape: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.value, self.sample_shape = value, tuple(sample_shape)

    def call(self, inputs: Tensor) -> Tensor:
        """Apply to a tensor of shape (n, n_features)."""
        steps = ops.reshape(inputs, (-1, *self.sample_shape))
        is_padding = ops.all(ops.equal(steps, self.value), axis=-1, keepdims=True)
        return ops.reshape(ops.where(is_padding, float("nan"), steps), ops.shape(inputs))

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor."""
        return {**super().get_config(), "value": self.value, "sample_shape": self.sample_shape}


@keras.saving.register_keras_serializable("skae")
class LastState(keras.layers.Layer):
    """The state a recurrent layer ends in: the last that is not masked, the first going backwards.

    Parameters
    ----------
    bidirectional : bool
        Whether the second half of the units ran backwards.
    """

    def __init__(self, bidirectional: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.bidirectional, self.supports_masking = bidirectional, True

    def call(self, inputs: Tensor, mask: Tensor | None = None) -> Tensor:
        """Apply to a tensor of shape (n, n_timesteps, n_units)."""
        n_units = inputs.shape[-1]
        if not self.bidirectional:
            return self._pick(inputs, mask, last=True)
        forward, backward = inputs[:, :, : n_units // 2], inputs[:, :, n_units // 2 :]
        ends = self._pick(forward, mask, last=True), self._pick(backward, mask, last=False)
        return ops.concatenate(ends, axis=-1)

    def _pick(self, states: Tensor, mask: Tensor | None, *, last: bool) -> Tensor:
        n_steps = states.shape[1]
        if mask is None:
            return states[:, n_steps - 1 if last else 0]
        order = ops.arange(1, n_steps + 1) if last else ops.arange(n_steps, 0, -1)
        end = ops.argmax(ops.cast(mask, "int32") * ops.cast(order, "int32")[None], axis=1)
        chosen = ops.one_hot(end, n_steps, dtype=states.dtype)
        return ops.sum(states * chosen[:, :, None], axis=1)

    def compute_mask(self, inputs: Tensor, mask: Tensor | None = None) -> None:
        """A state is not a sequence."""
        return None

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor."""
        return {**super().get_config(), "bidirectional": self.bidirectional}
