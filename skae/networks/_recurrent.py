"""The recurrent network: sequences of feature vectors."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from skae.networks import _names as names
from skae.networks._channels import ChannelAxis, ChannelGroup, hidden_layers
from skae.networks._numpy_twin import TwinnedNetwork
from skae.networks._recurrences import Layer, recurred
from skae.numerics import Array, Weights, product

_GATES = {"lstm": 4, "gru": 3}


@dataclass(frozen=True, kw_only=True)
class RecurrentNetwork(TwinnedNetwork):
    """A recurrent encoder whose last state gives the code, and a decoder that repeats the code.

    Attributes
    ----------
    cell : {"lstm", "gru"}
    bidirectional : bool
    is_masked : bool
        Timesteps may be missing: NaN in scaled rows.
    """

    cell: str = "lstm"
    bidirectional: bool = False
    is_masked: bool = False

    kind: ClassVar[str] = "recurrent"
    auto_sizes: ClassVar[tuple[int, ...]] = (128,)
    auto_activation: ClassVar[str] = "tanh"
    row_axes: ClassVar[tuple[int, ...]] = (2,)
    row_shape: ClassVar[str] = "(timesteps, features)"
    # Measured on two cores: XLA takes 1 s more to compile and saves a quarter of each step.
    xla_from_steps: ClassVar[float] = 1000

    def scoring_dtype(self, dtype: np.dtype[Any]) -> np.dtype[Any]:
        """Double precision, as products with states have it."""
        return np.dtype(np.float64)

    def steps_from_which_xla_pays(self, on_gpu: bool) -> float:
        """How many planned steps bring back the time that XLA takes to compile.

        On a GPU a graph runs all timesteps in one call of cuDNN, as fast as XLA does after 12 s of
        compiling. Where timesteps may be missing cuDNN is left out, and a graph takes nine times as
        long.
        """
        if not on_gpu:
            return self.xla_from_steps
        return 200 if self.is_masked else np.inf

    @property
    def widest_layer(self) -> int:
        """The most values any layer holds for one row."""
        n_units = max(self.hidden_layer_sizes, default=1) * (2 if self.bidirectional else 1)
        return max(super().widest_layer, n_units * self.sample_shape[0])

    def channel_groups(self, weights: Weights) -> list[ChannelGroup]:
        """Units of each layer of either half; those of both directions go together."""
        return [
            *self._channel_groups("encoder", weights),
            *self._channel_groups("decoder", weights),
        ]

    def _channel_groups(self, half: str, weights: Weights) -> Iterator[ChannelGroup]:
        n_gates, n_directions = _GATES[self.cell], 2 if self.bidirectional else 1
        for place, layer, following in hidden_layers(self, half):
            own = [name for name in weights if name.startswith(names.all_of(layer))]
            read = [name for name in weights if name.startswith(names.all_of(following))]
            states = [name for name in own if name.endswith("recurrent_kernel")]
            inputs = [name for name in read if name.endswith("/kernel")]
            yield ChannelGroup(
                place,
                tuple(ChannelAxis(name, -1, n_gates) for name in own),
                (
                    *(ChannelAxis(name, -2) for name in states),
                    *(ChannelAxis(name, -2, n_directions) for name in inputs),
                ),
            )

    def _seen(self, inputs: Array) -> Array:
        return np.nan_to_num(inputs, nan=0.0) if self.is_masked else inputs

    def _nonlinear(self, half: str, weights: Weights, inputs: Array, columns: slice) -> Array:
        if half == "encoder":
            return self._read(weights, inputs, columns)
        return self._written(weights, inputs)[:, columns]

    def _read(self, weights: Weights, rows: Array, columns: slice) -> Array:
        """Code of rows by the nonlinear path."""
        sequence = rows.reshape(-1, *self.sample_shape).transpose(1, 0, 2)
        is_there: Array | None = None
        if self.is_masked:
            is_missing = np.isnan(sequence)
            is_there = np.logical_not(is_missing.all(axis=2, keepdims=True))
            sequence = np.where(is_missing, sequence.dtype.type(0), sequence)
        for i in range(1, len(self.hidden_layer_sizes) + 1):
            sequence = self._recurred(names.hidden("encoder", i), weights, sequence, is_there)
        # At steps that are not there states stay, so that the last one is always that of the end.
        state = sequence[-1]
        if self.bidirectional:
            n_units = self.hidden_layer_sizes[-1]
            state = np.hstack([state[:, :n_units], sequence[0, :, n_units:]])
        return _read_out("encoder", weights, state, columns)

    def _written(self, weights: Weights, code: Array) -> Array:
        """Rows of a code by the nonlinear path."""
        sequence = code[None]
        for i in range(1, len(self.hidden_layer_sizes) + 1):
            sequence = self._recurred(names.hidden("decoder", i), weights, sequence, None)
        outputs = _read_out("decoder", weights, sequence, slice(None))
        return outputs.transpose(1, 0, 2).reshape(len(code), self.n_features)

    def _recurred(
        self, layer: str, weights: Weights, sequence: Array, is_there: Array | None
    ) -> Array:
        """States of a layer, of shape (n_timesteps, n_rows, n_units); backward ones last."""
        cells = [f"{layer}/{self.cell}_cell"]
        if self.bidirectional:
            cells = [f"{layer}/{which}_cell/{self.cell}_cell" for which in ("forward", "backward")]
        directions: list[Layer] = [
            (
                weights[names.kernel(own)],
                weights[f"{own}/recurrent_kernel"],
                weights[names.bias(own)],
            )
            for own in cells
        ]
        n_timesteps, activation = self.sample_shape[0], self.activation
        return recurred(self.cell, directions, sequence, n_timesteps, activation, is_there=is_there)


def _read_out(half: str, weights: Weights, states: Array, columns: slice) -> Array:
    layer = names.nonlinear(half)
    outputs = product(states, weights[names.kernel(layer)][:, columns])
    if names.bias(layer) in weights:
        outputs += weights[names.bias(layer)][columns]
    return outputs
