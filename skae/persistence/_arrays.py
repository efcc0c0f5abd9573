"""Arrays of any type as arrays of plain numbers, and back."""

from collections.abc import Callable, Iterator, Sequence
from math import prod
from typing import Any

import numpy as np

from skae.numerics import Array

_PLAIN = "biuf"
# Characters and moments as the integers that they are.
_VIEWS = {"U": "<u4", "M": "<i8", "m": "<i8"}
# Of arrays: numpy's have no more axes, and no longer ones.
_MOST_AXES, _LONGEST = 64, 2**63
_LARGEST_CHARACTER = 0x10FFFF
_MOST_FIELDS = 1000


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
    if array.dtype.hasobject:
        raise TypeError(f"an array of {array.dtype}")
    if array.dtype.kind in "fc" and array.dtype.itemsize > (8 if array.dtype.kind == "f" else 16):
        raise TypeError(f"an array of {array.dtype}")
    is_fortran, plain = in_order(array)
    was: list[Any] = [type_as_json(array.dtype), list(plain.shape), *(["F"] if is_fortran else [])]
    if array.dtype.kind in _PLAIN and array.dtype.isnative:
        return plain, was
    view = _VIEWS.get(array.dtype.kind, "|u1") if array.dtype.isnative else "|u1"
    return plain.reshape(-1).view(view), was


def in_order(array: Array) -> tuple[bool, Array]:
    """Return whether the order of an array is that of Fortran, and its transpose if so.

    What is returned is in the order of C.
    """
    is_fortran = array.flags.f_contiguous and not array.flags.c_contiguous
    return is_fortran, np.asarray(array.T if is_fortran else array, order="C")


def shape_again(lengths: Any) -> tuple[int, ...]:
    """Return a shape.

    Raises
    ------
    ValueError
        If it is none of an array.
    """
    if not isinstance(lengths, list) or len(lengths) > _MOST_AXES:
        raise ValueError("an array has a shape of too many axes, or none")
    if not all(type(length) is int and 0 <= length < _LONGEST for length in lengths):
        raise ValueError("an array has a shape that is no list of lengths")
    return tuple(lengths)


def array_again(plain: Array, was: Sequence[Any]) -> Array:
    """Return an array as it was.

    Raises
    ------
    ValueError
        If its bytes do not fit its type and shape.
    """
    described, lengths, *order = was
    dtype, shape = type_again(described), shape_again(lengths)
    if order not in ([], ["F"]):
        raise ValueError("an array is in no order")
    n_places = prod(shape)
    if dtype.hasobject or n_places * dtype.itemsize != plain.nbytes:
        raise ValueError(f"{plain.nbytes} bytes are no {dtype} of shape {shape}")
    if dtype.itemsize == 0 and n_places:
        raise ValueError("an array holds nothing in each of its places")
    is_text = dtype.kind == "U" and dtype.isnative
    if is_text and np.any(plain.view(np.uint32) > _LARGEST_CHARACTER):
        raise ValueError("text holds what is no character")
    if dtype.kind == "b" and np.any(plain.view(np.uint8) > 1):
        raise ValueError("truth values are neither 0 nor 1")
    array = plain.reshape(-1).view(dtype) if plain.dtype != dtype else plain
    array = array.reshape(shape)
    return array.T if order == ["F"] else array


def masked_again(data: Any, mask: Any, fill: Any, *, is_hard: Any) -> Any:
    """Return a masked array; it shares the memory of its parts.

    Parameters
    ----------
    data : ndarray
    mask : ndarray of bool of the same shape, or None
    fill : ndarray of the same type and without axes, or None
    is_hard : bool

    Raises
    ------
    ValueError
        If they are something else.
    """
    if type(data) is not np.ndarray:
        raise ValueError("a mask is there without an array")
    if mask is not None:
        is_mask = type(mask) is np.ndarray and mask.dtype == np.ma.make_mask_descr(data.dtype)
        if not is_mask or mask.shape != data.shape:
            raise ValueError("a mask is no array of truth values of the shape of its array")
    if fill is not None and not (
        type(fill) is np.ndarray and fill.shape == () and fill.dtype == data.dtype
    ):
        raise ValueError("what fills an array is none of its values")
    if type(is_hard) is not bool:
        raise ValueError("a mask is neither hard nor soft")
    made: Any = np.ma.MaskedArray(data, np.ma.nomask if mask is None else mask, hard_mask=is_hard)
    if fill is not None:
        made.fill_value = fill[()]
    return made


# Of numpy, and without types.
_dtype_to_descr: Callable[[np.dtype[Any]], Any] = np.lib.format.dtype_to_descr
_descr_to_dtype: Callable[[Any], np.dtype[Any]] = np.lib.format.descr_to_dtype


def type_as_json(dtype: np.dtype[Any]) -> Any:
    """Return the type of an array in words that JSON has."""
    return _dtype_to_descr(dtype)


def type_again(described: Any) -> np.dtype[Any]:
    """Return the type of an array that JSON described.

    Raises
    ------
    ValueError
        If numpy would not have described it so; of times, if the unit is none of them: numpy
        divides by their number.
    """
    if str(described).count("[") > _MOST_FIELDS:
        raise ValueError(f"a type has more than {_MOST_FIELDS} fields")
    dtype = _descr_to_dtype(_with_tuples(described))
    if any(np.datetime_data(each)[1] < 1 for each in _kinds(dtype) if each.kind in "mM"):
        raise ValueError("a type counts time in no unit")
    return dtype


def _kinds(dtype: np.dtype[Any]) -> Iterator[np.dtype[Any]]:
    """The types that a type is made of."""
    if dtype.subdtype is not None:
        yield from _kinds(dtype.subdtype[0])
    elif dtype.fields is None:
        yield dtype
    else:
        for field, *_ in dtype.fields.values():
            yield from _kinds(field)


def _with_tuples(described: Any) -> Any:
    """Fields as numpy wants them, which JSON has as lists."""
    if isinstance(described, str):
        if "," in described:
            raise ValueError("a type is written as several")
        return described
    return [
        (name if isinstance(name, str) else tuple(name), _with_tuples(kind), *map(tuple, shape))
        for name, kind, *shape in described
    ]
