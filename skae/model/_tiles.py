"""Images of any size restored by networks that know no places, a tile at a time."""

import itertools
from collections.abc import Iterator

import numpy as np

from skae.model._model import Model
from skae.model._scorers import scorer_of
from skae.networks import ResidualNetwork
from skae.numerics import Array


def restored(model: Model, images: Array) -> Array:
    """Images, signals or volumes of any size, restored; in their dtype and units.

    Tiles overlap by as far as an output looks, so that it does not matter how they lie. Beyond the
    edges an image is mirrored.

    Parameters
    ----------
    model : Model
        Of a network that restores.
    images : ndarray of shape (n_images, ..., n_channels), float32 or float64
    """
    network = model.network
    assert isinstance(network, ResidualNetwork)
    n_images, *axes, n_channels = images.shape
    mean, scale = model.scaling.mean[:n_channels], model.scaling.scale
    scaled = ((images - mean) / scale).astype(np.float32)
    inner = tuple(_inner_size(network, size) for size in axes)
    reach = network.reach
    margins = [
        (far, far + -size % tile) for size, tile, far in zip(axes, inner, reach, strict=True)
    ]
    padded = np.pad(scaled, [(0, 0), *margins, (0, 0)], mode="symmetric")
    outer = tuple(tile + 2 * far for tile, far in zip(inner, reach, strict=True))
    scorer = scorer_of(network.of_shape(outer))
    size = tuple(n - 2 * far for n, far in zip(padded.shape[1:-1], reach, strict=True))
    whole = np.empty((n_images, *size, n_channels))
    kept = tuple(slice(far, far + tile) for far, tile in zip(reach, inner, strict=True))
    for start in _starts(size, inner):
        seen = tuple(slice(begin, begin + n) for begin, n in zip(start, outer, strict=True))
        rows = padded[(slice(None), *seen)].reshape(n_images, -1)
        output = scorer.encode(model.weights_as, rows).reshape(n_images, *outer, n_channels)
        here = tuple(slice(begin, begin + n) for begin, n in zip(start, inner, strict=True))
        whole[(slice(None), *here)] = output[(slice(None), *kept)]
    cropped = whole[(slice(None), *(slice(n) for n in axes))]
    unscaled: Array = (cropped * scale + mean).astype(images.dtype)
    return unscaled


def _inner_size(network: ResidualNetwork, size: int) -> int:
    """Size of equal tiles along an axis, where each begins at a multiple of the alignment."""
    n_tiles = -(-size // network.tile_size)
    step = network.alignment
    return -(-size // (n_tiles * step)) * step


def _starts(size: tuple[int, ...], tile: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    return itertools.product(*(range(0, n, step) for n, step in zip(size, tile, strict=True)))
