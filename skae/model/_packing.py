"""Weights as small integers, without the zeros: what a compressed estimator's pickle holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any, Literal

import numpy as np

from skae.numerics import Array, Integers
from skae.states import (
    demand,
    demand_integer,
    demand_number,
    demand_numbers,
    demand_shape,
    shortened,
)

# Shares of a channel's largest weight that the largest integer may stand for.
_CLIPPINGS = np.linspace(0.5, 1.0, 11)
# A step is never zero in float32.
_LEAST_UNIT = 1e-33
# In a list of gaps, so many zeros and no value after them.
_SKIP = 255

_DTYPES = {None: np.float32, 8: np.int8, 4: np.uint8}

Coding = Literal["all", "map", "gaps"]


@dataclass(frozen=True, eq=False)
class PackedArray:
    """An array as integers of a few bits, times one scale for every place of its last axis.

    Attributes
    ----------
    shape : tuple of int
    bits : int or None
        8 or 4; None for float32 values.
    values : ndarray
        int8, or uint8 with two values a byte; of entries that are not zero, if there are places.
    n_values : int
    unit : float
    scales : ndarray of shape (shape[-1],), float16, or None
        Relative to the unit.
    coding : {"all", "map", "gaps"}
        All entries are there; or a bit an entry says which are not zero; or a byte for each that is
        not says how many zeros stand before it.
    places : ndarray of uint8, or None
    """

    shape: tuple[int, ...]
    bits: int | None
    values: Array
    n_values: int
    unit: float = 1.0
    scales: Array | None = None
    coding: Coding = "all"
    places: Array | None = None

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        _check_state(state)
        vars(self).update(state)

    @property
    def nbytes(self) -> int:
        """Bytes of its arrays."""
        arrays = (self.values, self.scales, self.places)
        return sum(array.nbytes for array in arrays if array is not None)


def pack(array: Array, bits: int | None) -> PackedArray:
    """An array with as few bytes as its zeros and ``bits`` a weight allow.

    Vectors and numbers (biases, normalisation) keep all their bits.

    Parameters
    ----------
    array : ndarray, float32
    bits : int or None
        8, 4 or None for all.

    Returns
    -------
    packed : PackedArray
    """
    if array.ndim < 2:
        return PackedArray(array.shape, None, array.ravel(), array.size)
    values, unit, scales = array, 1.0, None
    if bits is not None:
        largest = 2 ** (bits - 1) - 1
        unit, scales = _scales(array, largest)
        steps = np.float32(unit) * scales.astype(np.float32)
        values = np.clip(np.rint(array / steps), -largest, largest).astype(np.int8)
    values, coding, places = _without_zeros(values.ravel(), bits)
    stored = _paired(values) if bits == 4 else values
    return PackedArray(array.shape, bits, stored, values.size, unit, scales, coding, places)


def unpack(packed: PackedArray) -> Array:
    """The array again, float32: the same bits at every call."""
    values, size = packed.values, int(np.prod(packed.shape))
    if packed.bits == 4:
        values = _unpaired(values, packed.n_values)
    flat = values
    if packed.places is not None:
        flat = np.zeros(size, values.dtype)
        flat[_positions(packed.coding, packed.places, size)] = values
    array = flat.reshape(packed.shape).astype(np.float32)
    if packed.scales is None:
        return array
    return array * (np.float32(packed.unit) * packed.scales.astype(np.float32))


def _check_state(state: Mapping[str, Any]) -> None:
    """Refuse what cannot be unpacked, before anything is made of it."""
    for name in ("shape", "bits", "values", "n_values", "unit", "scales", "coding", "places"):
        demand(name in state, f"packed weights without {name}")
    bits, n_values, coding = state["bits"], state["n_values"], state["coding"]
    demand_shape("the shape of packed weights", state["shape"], least=0)
    size = prod(state["shape"])
    demand(
        bits is None or (type(bits) is int and bits in _DTYPES),
        f"bits of packed weights are {shortened(bits)}",
    )
    demand(coding in ("all", "map", "gaps"), f"the coding of packed weights is {shortened(coding)}")
    demand_integer("the number of packed weights", n_values, 0, size)
    n_stored = -(-n_values // 2) if bits == 4 else n_values
    demand_numbers("packed weights", state["values"], (n_stored,), dtype=_DTYPES[bits])
    demand_number("the unit of packed weights", state["unit"], positive=True)
    if state["scales"] is not None:
        shape = state["shape"][-1:]
        demand_numbers("scales of packed weights", state["scales"], shape, dtype=np.float16)
    demand(bits is None or state["scales"] is not None, "packed weights without scales")
    if coding == "all":
        demand(n_values == size and state["places"] is None, "packed weights of all places")
    else:
        _check_places(coding, state["places"], n_values, size)


def _check_places(coding: Coding, places: Any, n_values: int, size: int) -> None:
    n_bytes = -(-size // 8) if coding == "map" else None
    demand_numbers("places of packed weights", places, (n_bytes,), dtype=np.uint8)
    if coding == "map":
        n_places, last = int(np.unpackbits(places, count=size).sum()), size - 1
    else:
        n_places = int(np.count_nonzero(places != _SKIP))
        last = int(places.sum(dtype=np.int64)) + n_places - 1
        demand(not len(places) or places[-1] != _SKIP, "places of packed weights go on")
    demand(n_places == n_values, f"{n_values} packed weights have {n_places} places")
    demand(last < size, f"a packed weight is at {last} of {size}")


def _without_zeros(flat: Array, bits: int | None) -> tuple[Array, Coding, Array | None]:
    """The values to keep, and where they stand, in whatever way takes the fewest bytes."""
    value_bytes = 4 if bits is None else bits / 8
    positions = np.flatnonzero(flat)
    gaps = _as_gaps(positions)
    sizes: dict[Coding, float] = {
        "all": value_bytes * flat.size,
        "map": value_bytes * positions.size + flat.size / 8,
        "gaps": value_bytes * positions.size + gaps.size,
    }
    coding = min(sizes, key=lambda each: sizes[each])
    if coding == "all":
        return flat, coding, None
    places = gaps if coding == "gaps" else np.packbits(flat != 0)
    return flat[positions], coding, places


def _as_gaps(positions: Integers) -> Array:
    gaps = np.diff(positions, prepend=-1) - 1
    n_skips, rest = np.divmod(gaps, _SKIP)
    coded = np.full(len(gaps) + int(n_skips.sum()), _SKIP, np.uint8)
    coded[np.cumsum(n_skips + 1) - 1] = rest
    return coded


def _positions(coding: Coding, places: Array, size: int) -> Array:
    if coding == "map":
        return np.unpackbits(places, count=size).astype(bool)
    is_value = places != _SKIP
    positions: Array = (np.cumsum(places.astype(np.int64) + is_value) - 1)[is_value]
    return positions


def _scales(array: Array, largest: int) -> tuple[float, Array]:
    """Size of one step in every channel, by the clipping with the least squared error.

    Returns
    -------
    unit : float
    scales : ndarray, float16
        Relative to the unit, the largest.
    """
    # Squares of what float32 holds may be beyond it.
    flat = array.reshape(-1, array.shape[-1]).astype(np.float64)
    tops = np.abs(flat).max(axis=0)
    tops[tops == 0] = tops.max() or 1.0
    best, least = tops / largest, np.full(tops.shape, np.inf)
    for share in _CLIPPINGS:
        scales = share * tops / largest
        rounded = np.clip(np.rint(flat / scales), -largest, largest)
        error = np.sum((rounded * scales - flat) ** 2, axis=0)
        best, least = np.where(error < least, scales, best), np.minimum(error, least)
    unit = max(float(np.float32(best.max())), _LEAST_UNIT)
    # Channels of next to nothing keep a scale that is not zero.
    return unit, np.maximum(best / unit, np.finfo(np.float16).smallest_subnormal).astype(np.float16)


def _paired(values: Array) -> Array:
    """Two values of four bits a byte."""
    nibbles = (values.astype(np.int8) & 0x0F).astype(np.uint8)
    if len(nibbles) % 2:
        nibbles = np.append(nibbles, np.uint8(0))
    return nibbles[::2] | (nibbles[1::2] << 4)


def _unpaired(pairs: Array, n_values: int) -> Array:
    nibbles = np.stack([pairs & 0x0F, pairs >> 4], axis=1).ravel()[:n_values].astype(np.int8)
    return np.where(nibbles > 7, nibbles - 16, nibbles).astype(np.int8)
