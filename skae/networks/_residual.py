"""Networks that restore rows: a linear filter plus a correction, and no code in between.

What a row shows beyond a few components is what a bottleneck loses, and what an image consists of.
So these networks go around it. The linear path is a filter of a few neighbours, which starts at the
best one there is (Wiener 1949), and the nonlinear path, which starts at zero, corrects it::

    output = filter(x) + nonlinear(x)          x and output (n, n_features)

All layers are convolutions: the weights say nothing of the size of a row, so that they restore
images of any size.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal, Self

import numpy as np

from skae.networks import _names as names
from skae.networks._activations import NUMPY_ACTIVATIONS
from skae.networks._channels import ChannelGroup, chained, makes, makes_transposed, reads
from skae.networks._convolutional import OF_PLACES, PLACES
from skae.networks._network import Network
from skae.networks._numpy_twin import NumpyTwin
from skae.networks._restoring import restored
from skae.numerics import Array, Weights, one_blas_thread

# Values in the neighbourhood that the linear filter reads: its normal equations are solved.
_MOST_TAPS = 512
# The weight that says how far the filter is followed at which level of noise.
LEVEL_SHARE = "encoder_level_share/kernel"
# Along each axis, where there are so many of them.
_FILTER_SIZES = {1: 31, 2: 7, 3: 3}
# Positions of a tile without its margin, and positions that are scored at a time.
_TILE_POSITIONS = 2**16
_POSITIONS_AT_ONCE = 2**13


def filter_size_for(sample_shape: tuple[int, ...]) -> tuple[int, ...]:
    """Size of the linear filter of rows of this shape, smaller where there are many channels."""
    *axes, n_channels = sample_shape
    size = _FILTER_SIZES[len(axes)]
    while size > 1 and size ** len(axes) * n_channels > _MOST_TAPS:
        size -= 2
    return tuple(min(size, 2 * n - 1) for n in axes)


@dataclass(frozen=True, kw_only=True)
class ResidualNetwork(Network):
    """Convolutions of the size of the row, one after the other (Zhang et al. 2017).

    The code is the restored row itself, so that it is as wide as the row.

    Attributes
    ----------
    kernel_size : tuple of int
        One size for every axis.
    filter_size : tuple of int
        Size of the linear filter along each axis, odd numbers. It mirrors rows at their edges.
    pooling : {"max", "average"} or None
        As in a convolutional network, where the network halves its axes.
    fills : bool
        Missing values (NaN) in rows are read as such, and filled.
    reads_level : bool
        Where the strength of noise differs: what the filter takes off a neighbourhood says how far
        to follow it, and is read by the nonlinear path.
    reads_contrast : bool
        The nonlinear path also reads rows less the mean around each position (subtractive
        normalisation, Jarrett et al. 2009): what it learns of them holds however bright a place is.
    positions : {"one", "mirrored", "all"}
        In which rows are restored, of which the mean is taken: as they are, mirrored along all
        axes, or with the first two swapped too. The network itself knows only one.
    """

    kernel_size: tuple[int, ...]
    filter_size: tuple[int, ...]
    pooling: str | None = None
    fills: bool = False
    reads_level: bool = False
    reads_contrast: bool = False
    positions: Literal["one", "mirrored", "all"] = "one"

    kind: ClassVar[str] = "residual"
    auto_sizes: ClassVar[tuple[int, ...]] = (32, 32, 32)
    # TensorFlow has one pass for it and for its derivative.
    auto_activation: ClassVar[str] = "relu"
    row_axes: ClassVar[tuple[int, ...]] = PLACES
    row_shape: ClassVar[str] = OF_PLACES
    restores: ClassVar[bool] = True
    readouts: ClassVar[tuple[str, ...]] = (names.kernel(names.nonlinear("encoder")),)

    @classmethod
    def hidden_axes(cls, sample_shape: tuple[int, ...]) -> list[int]:
        """Maps."""
        return [1 + len(sample_shape)]

    def channel_groups(self, weights: Weights) -> list[ChannelGroup]:
        """Filters of each layer."""
        return list(chained(self, "encoder"))

    @property
    def is_masked(self) -> bool:
        """Whether NaN in rows means that there is no value."""
        return self.fills

    @property
    def is_linear(self) -> bool:
        """No: a linear filter is not what PCA is."""
        return False

    @property
    def has_linear_path(self) -> bool:
        """Only where asked for; else the row itself is corrected."""
        return self.linear_path

    @property
    def has_biases(self) -> bool:
        """Whether hidden layers add numbers to what they read.

        Without them a row twice as strong, noise and all, is corrected twice as much: what is
        learned at one level of noise holds for others (Mohan et al. 2020).
        """
        return not self.reads_level

    @property
    def n_axes(self) -> int:
        """1 for signals, 2 for images, 3 for volumes."""
        return len(self.sample_shape) - 1

    @property
    def n_channels(self) -> int:
        """Values at each position."""
        return self.sample_shape[-1]

    @property
    def alignment(self) -> int:
        """Where axes are halved: the shift along them that the output follows exactly."""
        return 1

    @property
    def widest_layer(self) -> int:
        """The most values any layer holds for one row."""
        n_positions = self.n_features // self.n_channels
        return max(self.n_features, n_positions * max(self.hidden_layer_sizes, default=1))

    @property
    def scoring_batch(self) -> int:
        """Rows that are scored at a time."""
        n_positions = self.n_features // self.n_channels
        return int(np.clip(_POSITIONS_AT_ONCE // n_positions, 1, super().scoring_batch))

    def scoring_dtype(self, dtype: np.dtype[Any]) -> np.dtype[Any]:
        """Rows are scored in float32, as in training."""
        return np.dtype(np.float32)

    @property
    def numpy_twin(self) -> NumpyTwin | None:
        """Itself, where numpy knows the activation."""
        return self if self.activation in NUMPY_ACTIVATIONS else None

    def encode(self, weights: Weights, rows: Array) -> Array:
        """The restored rows."""
        size = self.scoring_batch
        # Once for all layers, of which each would ask for it.
        with one_blas_thread():
            parts = [
                restored(self, weights, rows[start : start + size])
                for start in range(0, len(rows), size)
            ]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def encode_distribution(self, weights: Weights, rows: Array) -> list[Array]:
        """Nothing: a restored row is no distribution."""
        raise NotImplementedError("a network that restores has no code")

    def decode(self, weights: Weights, code: Array) -> Array:
        """The rows themselves."""
        return code

    @property
    def reach(self) -> tuple[int, ...]:
        """How far along each axis an output looks, rounded up to the alignment."""
        filters = zip(self.filter_size, self._nonlinear_reach(), strict=True)
        step = self.alignment
        return tuple(
            step * math.ceil(max(size // 2, far + self._reach_around(size)) / step)
            for size, far in filters
        )

    @property
    def around_size(self) -> tuple[int, ...]:
        """Size of the neighbourhood that tells the level of noise, and the mean, on each axis."""
        return tuple(2 * size + 1 for size in self.filter_size)

    def _reach_around(self, filter_size: int) -> int:
        if self.reads_level:
            return filter_size + filter_size // 2
        return filter_size if self.reads_contrast else 0

    @property
    def tile_size(self) -> int:
        """Largest size along an axis of what is restored at a time, without margins."""
        size = round(float(_TILE_POSITIONS ** (1 / self.n_axes)))
        return max(self.alignment, size - size % self.alignment)

    def _nonlinear_reach(self) -> tuple[int, ...]:
        n_layers = len(self.hidden_layer_sizes) + 1
        return tuple(n_layers * (size // 2) for size in self.kernel_size)

    def of_shape(self, axes: tuple[int, ...]) -> Self:
        """The same network, which takes the same weights, for rows of another size."""
        shape = (*axes, self.n_channels)
        n_features = math.prod(shape)
        return replace(self, sample_shape=shape, n_features=n_features, n_components=n_features)

    def filter_shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes of the weights of the linear filter, where there is one."""
        if not self.linear_path:
            return {}
        linear, n = names.linear("encoder"), self.n_channels
        return {names.kernel(linear): (*self.filter_size, n, n), names.bias(linear): (n,)}

    def identity_weights(self, weights: Weights) -> Weights:
        """Weights that give rows as they are, from random ones."""
        weights = {name: np.array(values) for name, values in weights.items()}
        if not self.linear_path:
            return weights
        weights[self.readouts[0]][:] = 0.0
        if self.has_biases:
            weights[names.bias(names.nonlinear("encoder"))][:] = 0.0
        kernel = weights[names.kernel(names.linear("encoder"))]
        kernel[:] = 0.0
        kernel[tuple(size // 2 for size in self.filter_size)] = np.eye(self.n_channels)
        if self.reads_level:
            weights[LEVEL_SHARE][:] = 0.0
        return weights


@dataclass(frozen=True, kw_only=True)
class UNetwork(ResidualNetwork):
    """A U-Net (Ronneberger et al. 2015): each hidden layer after the first halves every axis.

    On the way back axes are doubled, and each layer adds what the layer of its size had seen.
    """

    kind: ClassVar[str] = "unet"
    auto_sizes: ClassVar[tuple[int, ...]] = (16, 32, 64)

    def channel_groups(self, weights: Weights) -> list[ChannelGroup]:
        """Of each scale three groups: what is skipped to, what is shrunk, what is grown from."""
        return list(self._channel_groups())

    def _channel_groups(self) -> Iterator[ChannelGroup]:
        n_scales = len(self.hidden_layer_sizes)
        layers = [names.hidden("encoder", i) for i in range(1, 2 * n_scales)]
        last = names.nonlinear("encoder")
        grows, axis = (makes, -2) if self.pooling else (makes_transposed, -1)
        for scale in range(n_scales):
            down, up = layers[scale], layers[-1 - scale]
            is_deepest = scale == n_scales - 1
            grown_to = f"encoder_grow_{2 * n_scales - scale}"
            beyond = reads(last) if scale == 0 else reads(grown_to, axis)
            if scale and not self.pooling:
                yield ChannelGroup(scale, makes(f"encoder_shrink_{scale + 1}"), reads(down))
            if is_deepest:
                yield ChannelGroup(scale, makes(down), beyond)
                continue
            deeper = layers[scale + 1] if self.pooling else f"encoder_shrink_{scale + 2}"
            own = grows(f"encoder_grow_{2 * n_scales - 1 - scale}")
            yield ChannelGroup(scale, (*makes(down), *own), (*reads(deeper), *reads(up)))
            yield ChannelGroup(scale, makes(up), beyond)

    @property
    def alignment(self) -> int:
        """Where axes are halved: the shift along them that the output follows exactly."""
        alignment: int = 2 ** max(0, len(self.hidden_layer_sizes) - 1)
        return alignment

    def _nonlinear_reach(self) -> tuple[int, ...]:
        # At each scale a convolution and a change of the size on the way there, and back.
        scales = [2**i for i in range(len(self.hidden_layer_sizes))]
        return tuple(2 * sum(s * (size // 2 + 1) for s in scales) for size in self.kernel_size)
