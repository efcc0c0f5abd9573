"""Arrays of any type as arrays of plain numbers, and back."""

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

from skae.numerics import Array

_PLAIN = "biuf"
# Characters and moments as the integers that they are.
_VIEWS = {"U": "<u4", "M": "<i8", "m": "<i8"}
_LARGEST_CHARACTER = 0x10FFFF


def plain_array(array: Array) -> tuple[Array, list[Any]]:
    """Return an array of numbers that files can hold, and what it was.

    Parameters
    ----------
    array : ndarray
        Without objects.

    Returns
    -------
    plain : ndarray
        In the order of C.
    was : list
        Its type, and its shape where that differs; "F" where its order is that of Fortran: products
        of matrices depend on it in their last bits.

    Raises
    ------
    TypeError
        For numbers that no file holds alike on all machines.
    """
    array = np.asarray(array)
    if array.dtype.kind in "fc" and array.dtype.itemsize > (8 if array.dtype.kind == "f" else 16):
        raise TypeError(f"an array of {array.dtype}")
    is_fortran = array.flags.f_contiguous and not array.flags.c_contiguous
    plain = np.asarray(array.T if is_fortran else array, order="C")
    was: list[Any] = [type_as_json(array.dtype), list(plain.shape), *(["F"] if is_fortran else [])]
    if array.dtype.kind in _PLAIN and array.dtype.isnative:
        return plain, was
    view = _VIEWS.get(array.dtype.kind, "|u1") if array.dtype.isnative else "|u1"
    return plain.reshape(-1).view(view), was


def array_again(plain: Array, was: Sequence[Any]) -> Array:
    """Return an array as it was.

    Raises
    ------
    ValueError
        If its bytes do not fit its type and shape.
    """
    described, lengths, *order = was
    dtype, shape = type_again(described), tuple(lengths)
    if not all(type(length) is int and length >= 0 for length in shape):
        raise ValueError(f"an array has the shape {shape}")
    if dtype.hasobject or prod(shape) * dtype.itemsize != plain.nbytes:
        raise ValueError(f"{plain.nbytes} bytes are no {dtype} of shape {shape}")
    if dtype.itemsize == 0 and prod(shape):
        raise ValueError("an array holds nothing in each of its places")
    is_text = dtype.kind == "U" and dtype.isnative
    if is_text and np.any(plain.view(np.uint32) > _LARGEST_CHARACTER):
        raise ValueError("text holds what is no character")
    if dtype.kind == "b" and np.any(plain.view(np.uint8) > 1):
        raise ValueError("truth values are neither 0 nor 1")
    array = plain.reshape(-1).view(dtype) if plain.dtype != dtype else plain
    array = array.reshape(shape)
    return array.T if order == ["F"] else array


# Of numpy, and without types.
_dtype_to_descr: Callable[[np.dtype[Any]], Any] = np.lib.format.dtype_to_descr
_descr_to_dtype: Callable[[Any], np.dtype[Any]] = np.lib.format.descr_to_dtype


def type_as_json(dtype: np.dtype[Any]) -> Any:
    """Return the type of an array in words that JSON has."""
    return _dtype_to_descr(dtype)


def type_again(described: Any) -> np.dtype[Any]:
    """Return the type of an array that JSON described."""
    return _descr_to_dtype(_with_tuples(described))


def _with_tuples(described: Any) -> Any:
    """Fields as numpy wants them, which JSON has as lists."""
    if isinstance(described, str):
        return described
    return [
        (name if isinstance(name, str) else tuple(name), _with_tuples(kind), *map(tuple, shape))
        for name, kind, *shape in described
    ]
