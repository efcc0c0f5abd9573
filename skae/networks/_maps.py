"""Feature maps in numpy: convolutions, pooling and their way back, as Keras computes them.

Maps are of shape (n_rows, *axes, n_channels). Windows are copied side by side (im2col, Chellapilla
et al. 2006), as many as fit the cache, so that one matrix product does the arithmetic.
"""

from collections.abc import Iterator, Sequence
from itertools import product
from math import prod
from typing import Any, NamedTuple

import numpy as np

from skae.networks._lines import add_lines
from skae.numerics import (
    Array,
    add_bias,
    one_blas_thread,
    product as row_product,
    transposed_product,
)

Sizes = tuple[int, ...]
# Values of windows that are multiplied at a time.
_AT_A_TIME = 2**16
# Channels a filter from which filters are few.
_FEW = 8
# Channels of which a window holds few next to each other.
_NARROW = 4
# Values of an image from which it is multiplied by itself, line by line.
_LARGE = 2**13


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
    window = kernel.shape[:-2]
    if is_padded:
        axes = maps.shape[1:-1]
        lacking = [
            max((-(-size // stride) - 1) * stride + width - size, 0)
            for size, width in zip(axes, window, strict=True)
        ]
        maps = _padded(maps, [(more // 2, more - more // 2) for more in lacking])
    sizes = tuple(
        (size - width) // stride + 1 for size, width in zip(maps.shape[1:], window, strict=False)
    )
    if stride == 1 and _FEW * kernel.shape[-1] <= kernel.shape[-2]:
        outputs = _summed_products(maps, kernel, sizes)
    elif stride == 1 and len(sizes) == 2 and _is_large(window, sizes, kernel.shape[-2]):
        outputs = np.empty((len(maps), *sizes, kernel.shape[-1]), maps.dtype)
        # Its products are by numpy's BLAS and scipy's, whose threads wait for each other's places.
        with one_blas_thread():
            add_lines(np.ascontiguousarray(maps), kernel, outputs)
    else:
        outputs = np.empty((len(maps), *sizes, kernel.shape[-1]), maps.dtype)
        _multiply(_windows(maps, window, sizes, stride), kernel, outputs)
    if bias is not None:
        add_bias(outputs, bias)
    return outputs


def _is_large(window: Sizes, sizes: Sizes, n_channels: int) -> bool:
    """Whether copies of an image take longer than the steps that one image takes."""
    return n_channels > _NARROW and window[0] > 1 and prod(sizes) * n_channels >= _LARGE


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
    outputs = np.zeros((len(maps), *sizes, kernel.shape[-2]), maps.dtype)
    if _FEW * kernel.shape[-2] <= kernel.shape[-1]:
        _add_products(maps, kernel, outputs)
    elif set(kernel.shape[:-2]) == {2} and sizes == tuple(2 * n for n in maps.shape[1:-1]):
        _set_blocks(maps, kernel, outputs)
    else:
        _set_by_kinds(maps, kernel, outputs)
    if bias is not None:
        add_bias(outputs, bias)
    return outputs


def _summed_products(maps: Array, kernel: Array, sizes: Sizes) -> Array:
    """Sums of what every tap makes of the maps: of few filters those are few."""
    *window, n_channels, n_filters = kernel.shape
    outputs = np.zeros((len(maps), *sizes, n_filters), maps.dtype)
    taps = np.moveaxis(kernel, -1, -2).reshape(-1, n_channels)
    at_once = max(1, _AT_A_TIME // (len(taps) * prod(maps.shape[1:-1])))
    for start in range(0, len(maps), at_once):
        part = maps[start : start + at_once]
        products = transposed_product(taps, part.reshape(-1, n_channels))
        products = products.reshape(*window, n_filters, *part.shape[:-1])
        for tap in product(*(range(width) for width in window)):
            seen = tuple(slice(at, at + size) for at, size in zip(tap, sizes, strict=True))
            for channel in range(n_filters):
                into = outputs[start : start + at_once, ..., channel]
                places: tuple[Any, ...] = (*tap, channel, slice(None), *seen)
                into += products[places]
    return outputs


def _add_products(maps: Array, kernel: Array, outputs: Array) -> None:
    """Add what every tap makes of the maps to where it comes: of few filters those are few sums."""
    *window, n_filters, n_channels = kernel.shape
    axes = maps.shape[1:-1]
    places = np.ascontiguousarray(maps).reshape(-1, n_channels)
    products = transposed_product(kernel.reshape(-1, n_channels), places).reshape(
        *kernel.shape[:-1], -1, *axes
    )
    for tap in product(*(range(width) for width in window)):
        seen, reached = zip(
            *(
                _reached(at, width, n, size)
                for at, width, n, size in zip(tap, window, axes, outputs.shape[1:], strict=False)
            ),
            strict=True,
        )
        for channel in range(n_filters):
            into = outputs[(slice(None), *reached, channel)]
            into += products[(*tap, channel, slice(None), *seen)]


def _reached(tap: int, width: int, n: int, size: int) -> tuple[slice, slice]:
    """Places along an axis that a tap reads, and those that it writes to."""
    shift = tap - _before(width)
    first = max(0, -(shift // 2))
    last = min(n, (size - 1 - shift) // 2 + 1)
    last = max(first, last)
    return slice(first, last), slice(2 * first + shift, max(2 * last + shift - 1, 0), 2)


def _before(width: int) -> int:
    """How far in front of an even place of the output the first tap lies.

    Keras pads the convolution that this transposes by one less in front than behind.
    """
    return max(width - 2, 0) // 2


def _set_blocks(maps: Array, kernel: Array, outputs: Array) -> None:
    """Set two places along each axis from one: of windows of two none overlap."""
    *window, n_filters, n_channels = kernel.shape
    n_axes, axes = len(window), maps.shape[1:-1]
    products = row_product(maps.reshape(-1, n_channels), kernel.reshape(-1, n_channels).T)
    pairs = ((1 + axis, 1 + n_axes + axis) for axis in range(n_axes))
    order = (0, *(each for pair in pairs for each in pair), 1 + 2 * n_axes)
    blocks = products.reshape(len(maps), *axes, *window, n_filters).transpose(order)
    outputs.reshape(blocks.shape)[...] = blocks


def _set_by_kinds(maps: Array, kernel: Array, outputs: Array) -> None:
    """Set even and odd places along each axis: each kind by the convolution that it is."""
    sizes, axes = outputs.shape[1:-1], maps.shape[1:-1]
    turned = np.swapaxes(kernel, -1, -2)
    kinds = [
        [_taps(width, size, odd) for odd in (0, 1)]
        for width, size in zip(kernel.shape, sizes, strict=False)
    ]
    margins = [
        (
            max(0, *(-kind.begin for kind in of_axis)),
            max(0, *(kind.n_places + kind.begin + len(kind.taps) - 1 - n for kind in of_axis)),
        )
        for of_axis, n in zip(kinds, axes, strict=True)
    ]
    maps = _padded(maps, margins)
    for odd in product((0, 1), repeat=len(sizes)):
        kind = [of_axis[which] for of_axis, which in zip(kinds, odd, strict=True)]
        window = tuple(len(each.taps) for each in kind)
        places = tuple(each.n_places for each in kind)
        if not prod(window) * prod(places):
            continue
        begins = [before + each.begin for (before, _), each in zip(margins, kind, strict=True)]
        seen = _windows(maps, window, places, 1, begins)
        found = np.empty((len(maps), *places, outputs.shape[-1]), maps.dtype)
        _multiply(seen, turned[np.ix_(*(each.taps for each in kind))], found)
        outputs[(slice(None), *(slice(first, None, 2) for first in odd))] = found


class _Taps(NamedTuple):
    """Of the even or the odd places along an axis of an output: the convolution that they are."""

    n_places: int
    begin: int
    taps: list[int]


def _taps(width: int, size: int, odd: int) -> _Taps:
    # Place 2 i + odd sees place i + j by tap odd + before - 2 j.
    before = _before(width)
    taps = [tap for tap in range(width) if (tap - odd - before) % 2 == 0][::-1]
    begin = (odd + before - taps[0]) // 2 if taps else 0
    return _Taps((size + 1 - odd) // 2, begin, taps)


_EXTREMES = {"max": np.maximum, "min": np.minimum}


def pooled(maps: Array, kind: str) -> Array:
    """The largest of every two places along every axis, the least, or their mean.

    The last place may be alone.
    """
    for axis in range(1, maps.ndim - 1):
        before = (slice(None),) * axis
        first, second = maps[(*before, slice(0, None, 2))], maps[(*before, slice(1, None, 2))]
        both = (*before, slice(second.shape[axis]))
        maps = first.copy()
        if kind in _EXTREMES:
            _EXTREMES[kind](maps[both], second, out=maps[both])
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
        last, first = (
            np.minimum(np.arange(n) + reach, n - 1) + 1,
            np.maximum(np.arange(n) - reach, 0),
        )
        shape = [1] * maps.ndim
        shape[axis] = n
        # In double precision, as differences of sums would lose digits.
        sums = np.cumsum(maps, axis=axis, dtype=np.float64)
        sums = np.insert(sums, 0, 0.0, axis=axis)
        of_places = np.take(sums, last, axis=axis) - np.take(sums, first, axis=axis)
        maps = (of_places / (last - first).reshape(shape)).astype(maps.dtype)
    return maps


def _padded(maps: Array, margins: Sequence[tuple[int, int]]) -> Array:
    """Contiguous maps, with zeros beyond the edges."""
    if not any(before or after for before, after in margins):
        return np.ascontiguousarray(maps)
    axes = maps.shape[1:-1]
    sizes = [before + size + after for size, (before, after) in zip(axes, margins, strict=True)]
    padded = np.zeros((len(maps), *sizes, maps.shape[-1]), maps.dtype)
    inside = (slice(before, before + n) for n, (before, _) in zip(axes, margins, strict=True))
    padded[(slice(None), *inside)] = maps
    return padded


def _windows(
    maps: Array, window: Sizes, sizes: Sizes, stride: int, begins: Sequence[int] | None = None
) -> Array:
    """A view of contiguous maps, of shape (n_rows, *sizes, *window, n_channels).

    Parameters
    ----------
    maps : ndarray of shape (n_rows, *axes, n_channels)
    window, sizes : tuple of int
        Of each window, and how many there are along each axis.
    stride : int
    begins : sequence of int, optional
        Of the first window along each axis.
    """
    along = maps.strides[1:-1]
    offset = 0 if begins is None else sum(n * step for n, step in zip(begins, along, strict=True))
    # `as_strided` takes as long as a small product.
    return np.ndarray(
        (len(maps), *sizes, *window, maps.shape[-1]),
        maps.dtype,
        maps.data,
        offset,
        (maps.strides[0], *(stride * step for step in along), *along, maps.strides[-1]),
    )


def _multiply(windows: Array, kernel: Array, outputs: Array) -> None:
    """Set outputs of shape (n_rows, *sizes, n_filters) to products of windows and a kernel."""
    flat = kernel.reshape(-1, kernel.shape[-1])
    n_values, n_filters = flat.shape
    columns_of = _side_by_side if kernel.shape[-2] > _NARROW else _tap_by_tap
    for rows, lines in _parts(len(windows), outputs.shape[1:-1], n_values):
        into = outputs[rows, lines].reshape(-1, n_filters)
        row_product(columns_of(windows[rows, lines], n_values), flat, into)


def _side_by_side(windows: Array, n_values: int) -> Array:
    return windows.reshape(-1, n_values)


def _tap_by_tap(windows: Array, n_values: int) -> Array:
    """Columns in the order of memory: of few channels the values of a window are few in a row."""
    n_axes = (windows.ndim - 2) // 2
    taps_first = np.moveaxis(windows, range(n_axes + 1, windows.ndim), range(n_axes + 1))
    return taps_first.reshape(n_values, -1).T


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
