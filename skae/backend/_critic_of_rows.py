"""A critic of images, which only training needs."""

import keras

from skae.backend._blocks import DTYPE, dense
from skae.networks import Network

# Strided convolutions and leaky units, as of Radford, Metz & Chintala (2016).
_KERNEL_SIZE, _N_DENSE, _SLOPE = 5, 128, 0.2


def critic_of_rows(network: Network, filters: tuple[int, ...]) -> keras.Model:
    """A model of flattened images that gives one logit each."""
    rows = keras.Input((network.n_features,), dtype=DTYPE, name="critic_input")
    hidden = keras.layers.Reshape(network.sample_shape, dtype=DTYPE)(rows)
    for i, n_filters in enumerate(filters, 1):
        convolution = keras.layers.Conv2D(
            n_filters,
            _KERNEL_SIZE,
            strides=2,
            padding="same",
            dtype=DTYPE,
            name=f"critic_hidden_{i}",
        )
        hidden = _leaky(convolution(hidden))
    hidden = keras.layers.Flatten(dtype=DTYPE)(hidden)
    hidden = _leaky(dense(_N_DENSE, "critic_dense")(hidden))
    return keras.Model(rows, dense(1, "critic_output")(hidden), name="critic")


def _leaky(hidden: keras.KerasTensor) -> keras.KerasTensor:
    return keras.layers.LeakyReLU(_SLOPE, dtype=DTYPE)(hidden)
