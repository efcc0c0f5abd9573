"""Feature maps in numpy: convolutions, pooling and their way back, as Keras computes them.

Maps are of shape (n_rows, *axes, n_channels). Windows are copied side by side (im2col, Chellapilla
et al. 2006), as many as fit the cache, so that one matrix product does the arithmetic.
"""

from collections.abc import Iterator
from itertools import product
from math import prod

import numpy as np

from skae.numerics import Array

Sizes = tuple[int, ...]
# Values of windows that are multiplied at a time.
_AT_A_TIME = 2**17


def convolved(
    maps: Array,
    kernel: Array,
    bias: Array | None = None,
    *,
    stride: int = 1,
    is_padded: bool = True,
) -> Array:
    """A convolution, with zeros beyond the edges or of whole windows only.

    Parameters
    ----------
    maps : ndarray of shape (n_rows, *axes, n_channels)
    kernel : ndarray of shape (*window, n_channels, n_filters)
    bias : ndarray of shape (n_filters,), optional
    stride : int
    is_padded : bool
        Whether there is an output for every ``stride`` places (Keras' ``"same"``).
    """
    *window, n_channels, n_filters = kernel.shape
    if is_padded:
        maps = _padded(maps, tuple(window), stride)
    sizes = tuple(
        (size - width) // stride + 1 for size, width in zip(maps.shape[1:], window, strict=False)
    )
    flat, n_values = kernel.reshape(-1, n_filters), prod(window) * n_channels
    outputs = np.empty((len(maps), *sizes, n_filters), maps.dtype)
    seen = _windows(maps, tuple(window), sizes, stride)
    for rows, lines in _parts(len(maps), sizes, n_values):
        columns = seen[rows, lines].reshape(-1, n_values)
        into = outputs[rows, lines].reshape(-1, n_filters)
        np.matmul(columns, flat, out=into)
    if bias is not None:
        outputs += bias
    return outputs


def grown(maps: Array, kernel: Array, bias: Array | None, sizes: Sizes) -> Array:
    """A transposed convolution that doubles every axis, cropped to ``sizes``.

    Parameters
    ----------
    maps : ndarray of shape (n_rows, *axes, n_channels)
    kernel : ndarray of shape (*window, n_filters, n_channels)
    bias : ndarray of shape (n_filters,) or None
    sizes : tuple of int
        Of the axes of the output: twice those of the maps, or one less.
    """
    *window, n_filters, n_channels = kernel.shape
    n_rows, axes = len(maps), maps.shape[1:-1]
    n_values = prod(window) * n_filters
    whole = [2 * (size - 1) + max(width, 2) for size, width in zip(axes, window, strict=True)]
    spread = np.zeros((n_rows, *whole, n_filters), maps.dtype)
    if bias is not None:
        spread += bias
    flat = kernel.reshape(n_values, n_channels)
    for rows, lines in _parts(n_rows, axes, n_values):
        part = maps[rows, lines]
        products = _products(part, flat, tuple(window), n_filters)
        begin, n_lines = 2 * (lines.start or 0), part.shape[1]
        for tap in product(*(range(width) for width in window)):
            places = [slice(tap[0] + begin, tap[0] + begin + 2 * n_lines - 1, 2)]
            places += [
                slice(first, first + 2 * size - 1, 2)
                for first, size in zip(tap[1:], axes[1:], strict=True)
            ]
            spread[(rows, *places)] += products[(..., *tap, slice(None))]
    # Keras pads the convolution that this transposes, by one less in front than behind.
    cropped = tuple(
        slice(max(width - 2, 0) // 2, max(width - 2, 0) // 2 + size)
        for width, size in zip(window, sizes, strict=True)
    )
    return np.ascontiguousarray(spread[(slice(None), *cropped)])


def pooled(maps: Array, kind: str) -> Array:
    """The largest of every two places along every axis, or their mean; the last may be alone."""
    for axis in range(1, maps.ndim - 1):
        before = (slice(None),) * axis
        first, second = maps[(*before, slice(0, None, 2))], maps[(*before, slice(1, None, 2))]
        both = (*before, slice(second.shape[axis]))
        maps = first.copy()
        if kind == "max":
            np.maximum(maps[both], second, out=maps[both])
        else:
            maps[both] += second
            maps[both] *= 0.5
    return maps


def repeated(maps: Array, sizes: Sizes) -> Array:
    """Every value twice along every axis, cropped to ``sizes``."""
    for axis, size in enumerate(sizes, 1):
        maps = np.repeat(maps, 2, axis=axis)
        maps = maps[(*(slice(None),) * axis, slice(size))]
    return maps


def smoothed(maps: Array, sizes: Sizes) -> Array:
    """Means of the neighbourhoods of every place, of those places that there are.

    Parameters
    ----------
    maps : ndarray of shape (n_rows, *axes, n_channels)
    sizes : tuple of int
        Of the neighbourhoods, odd numbers.
    """
    for axis, size in enumerate(sizes, 1):
        n, reach = maps.shape[axis], size // 2
        last, first = np.minimum(np.arange(n) + reach, n - 1) + 1, np.maximum(np.arange(n) - reach, 0)
        shape = [1] * maps.ndim
        shape[axis] = n
        # In double precision, as differences of sums would lose digits.
        sums = np.cumsum(maps, axis=axis, dtype=np.float64)
        sums = np.insert(sums, 0, 0.0, axis=axis)
        of_places = np.take(sums, last, axis=axis) - np.take(sums, first, axis=axis)
        maps = (of_places / (last - first).reshape(shape)).astype(maps.dtype)
    return maps


def _padded(maps: Array, window: Sizes, stride: int) -> Array:
    """Zeros beyond the edges, as many more behind as there is an odd number of them."""
    axes = maps.shape[1:-1]
    lacking = [
        max((-(-size // stride) - 1) * stride + width - size, 0)
        for size, width in zip(axes, window, strict=True)
    ]
    if not any(lacking):
        return np.ascontiguousarray(maps)
    shape = [size + more for size, more in zip(axes, lacking, strict=True)]
    padded = np.zeros((len(maps), *shape, maps.shape[-1]), maps.dtype)
    inside = (slice(more // 2, more // 2 + n) for n, more in zip(axes, lacking, strict=True))
    padded[(slice(None), *inside)] = maps
    return padded


def _windows(maps: Array, window: Sizes, sizes: Sizes, stride: int) -> Array:
    """A view of shape (n_rows, *sizes, *window, n_channels)."""
    maps = np.ascontiguousarray(maps)
    along = maps.strides[1:-1]
    return np.lib.stride_tricks.as_strided(
        maps,
        (len(maps), *sizes, *window, maps.shape[-1]),
        (maps.strides[0], *(stride * step for step in along), *along, maps.strides[-1]),
        writeable=False,
    )


def _products(maps: Array, flat: Array, window: Sizes, n_filters: int) -> Array:
    """Products of every place with every tap, of shape (n_rows, *axes, *window, n_filters)."""
    shape, places = (*window, n_filters), maps.reshape(-1, maps.shape[-1])
    if n_filters > 1:
        return (places @ flat.T).reshape(*maps.shape[:-1], *shape)
    # Of one filter, the places of each tap are next to each other.
    products = (flat @ places.T).reshape(*shape, *maps.shape[:-1])
    return np.moveaxis(products, range(len(shape)), range(-len(shape), 0))


def _parts(n_rows: int, sizes: Sizes, n_values: int) -> Iterator[tuple[slice, slice]]:
    """Rows, and lines of their first axis, whose windows of ``n_values`` are taken at a time."""
    a_line = n_values * prod(sizes[1:])
    n_lines = max(1, _AT_A_TIME // a_line)
    if n_lines >= sizes[0]:
        at_once = max(1, _AT_A_TIME // (a_line * sizes[0]))
        for start in range(0, n_rows, at_once):
            yield slice(start, start + at_once), slice(None)
        return
    for row in range(n_rows):
        for start in range(0, sizes[0], n_lines):
            yield slice(row, row + 1), slice(start, start + n_lines)
