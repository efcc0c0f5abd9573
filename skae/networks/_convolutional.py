"""The convolutional network: sequences, images or volumes, halved by each hidden layer."""

from dataclasses import dataclass
from typing import ClassVar

from skae.networks._network import Network


@dataclass(frozen=True, kw_only=True)
class ConvolutionalNetwork(Network):
    """Convolutions that halve every axis, and a decoder that doubles them again.

    An odd size is rounded up on the way in and cropped on the way out, so any size comes back.

    Attributes
    ----------
    kernel_size : tuple of int
        One size for every axis.
    pooling : {"max", "average"} or None
        None strides the convolutions and transposes them in the decoder; else they are followed by
        pooling, and in the decoder come after repeating each value.
    """

    kernel_size: tuple[int, ...]
    pooling: str | None = None

    kind: ClassVar[str] = "convolutional"
    # On an H200: 8 s more to compile, and 2.7 ms saved of each step. On processors XLA is slow at
    # convolutions.
    xla_from_steps_on_gpu: ClassVar[float] = 4000
    departs_from_pca: ClassVar[bool] = True
    # XLA never pays: on two cores it made a step of two 3 x 3 layers take 47 ms instead of 6.

    @property
    def n_axes(self) -> int:
        """1 for sequences, 2 for images, 3 for volumes."""
        return len(self.sample_shape) - 1

    @property
    def sizes(self) -> tuple[tuple[int, ...], ...]:
        """Size of every axis before the first hidden layer, and after each."""
        sizes = [self.sample_shape[:-1]]
        for _ in self.hidden_layer_sizes:
            sizes.append(tuple(-(-size // 2) for size in sizes[-1]))
        return tuple(sizes)

    @property
    def widest_layer(self) -> int:
        """The most values any layer holds for one row."""
        widest = super().widest_layer
        for axes, filters in zip(self.sizes, self.hidden_layer_sizes, strict=False):
            n_values = filters
            for size in axes:
                n_values *= size
            widest = max(widest, n_values)
        return widest
