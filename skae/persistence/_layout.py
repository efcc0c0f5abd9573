"""The bytes of a file: a header, then all arrays, one after another.

The layout is that of safetensors, so that its readers find the arrays too: eight bytes with the
length of the header, the header as JSON, the arrays. Nothing is packed: no array is larger than its
file. The header begins with a SHA-256 of all bytes but its own 64 digits.
"""

import hashlib
import json
import struct
from collections.abc import Mapping
from math import prod
from typing import Any, NamedTuple

import numpy as np

from skae.numerics import Array
from skae.persistence._arrays import shape_again
from skae.persistence._strict_json import read_json

_LENGTH = struct.Struct("<Q")
_BEFORE = b'{"__metadata__":{"sha256":"'
_N_DIGITS = 64
_START = _LENGTH.size + len(_BEFORE)
_END = _START + _N_DIGITS
_DESCRIPTION, _METADATA = "description", "__metadata__"
# Names that no array may have.
RESERVED = (_DESCRIPTION, _METADATA)
_MOST_DIGITS, _MOST_CHARACTERS = 9, 500
# Of safetensors, by what numpy calls them.
_KINDS = {
    "<f8": "F64",
    "<f4": "F32",
    "<f2": "F16",
    "<i8": "I64",
    "<i4": "I32",
    "<i2": "I16",
    "|i1": "I8",
    "<u8": "U64",
    "<u4": "U32",
    "<u2": "U16",
    "|u1": "U8",
    "|b1": "BOOL",
}
_DTYPES = {kind: np.dtype(name) for name, kind in _KINDS.items()}


class Content(NamedTuple):
    """What a file holds.

    Attributes
    ----------
    about : dict of str
        Its format, and the versions that wrote it.
    description : str
        JSON.
    arrays : list of ndarray
        In the order in which they were given.
    """

    about: dict[str, str]
    description: str
    arrays: list[Array]


def packed(about: Mapping[str, str], description: str, arrays: Mapping[str, Array]) -> bytes:
    """Return a file.

    Parameters
    ----------
    about : dict of str
    description : str
    arrays : dict of ndarray
        Of plain numbers, in the order of C.
    """
    text = np.frombuffer(description.encode("ascii"), np.uint8)
    named = {**arrays, _DESCRIPTION: text}
    order = {name: str(place) for place, name in enumerate(arrays)}
    entries: dict[str, Any] = {}
    end = 0
    # The widest first: then each is aligned.
    widest_first = sorted(named, key=lambda name: -named[name].itemsize)
    for name in widest_first:
        array, start = named[name], end
        end += array.nbytes
        entries[name] = {
            "dtype": _KINDS[array.dtype.str],
            "shape": array.shape,
            "data_offsets": [start, end],
        }
    places = " ".join(order[name] for name in widest_first if name != _DESCRIPTION)
    metadata = {"sha256": "0" * _N_DIGITS, **about, "order": places}
    header = json.dumps({_METADATA: metadata, **entries}, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    beginning = _LENGTH.pack(len(header)) + header
    data = [_bytes_of(named[name]) for name in widest_first]
    digest = _sum(beginning[:_START], beginning[_END:], *data)
    return b"".join([beginning[:_START], digest, beginning[_END:], *data])


def check_beginning(beginning: bytes, what: str) -> None:
    """Refuse what does not begin as a file of :func:`packed`.

    Raises
    ------
    ValueError
    """
    if beginning[_LENGTH.size : _START] != _BEFORE:
        raise ValueError(
            f"{what} is no file that skae.save wrote, or its beginning is damaged. Name such a "
            "file; a pickle is opened by pickle.load, and a model of Keras by Keras."
        )


def unpacked(data: bytes, what: str) -> Content:
    """Return what a file holds.

    Raises
    ------
    ValueError
        If it differs in a single bit from what was written, or something else wrote it.
    """
    check_beginning(data[:_START], what)
    view = memoryview(data)
    if data[_START:_END] != _sum(view[:_START], view[_END:]):
        raise ValueError(
            f"{what} is damaged or cut off: its checksum does not fit. Take another copy of it, or "
            "fit again."
        )
    try:
        return _content(data)
    except (
        ArithmeticError,
        AttributeError,
        KeyError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:
        raise ValueError(
            f"{what} is no file that skae.save wrote ({str(error)[:_MOST_CHARACTERS]})."
        ) from error


def _content(data: bytes) -> Content:
    (n_header,) = _LENGTH.unpack_from(data)
    start = _LENGTH.size + n_header
    if start > len(data):
        raise ValueError(f"a header of {n_header} bytes is longer than the file")
    header = read_json(data[_LENGTH.size : start].decode("ascii"))
    about = header.pop(_METADATA)
    if not all(isinstance(said, str) for said in about.values()):
        raise ValueError("what it says of its writer is no text")
    arrays: dict[str, Array] = {}
    first = start
    for name, entry in header.items():
        array = _array(data, start, entry)
        arrays[name] = array
        if entry["data_offsets"] != [start - first, start - first + array.nbytes]:
            raise ValueError("its arrays do not follow one another")
        start += array.nbytes
    if start != len(data):
        raise ValueError("its arrays are shorter than the file")
    description = str(_bytes_of(arrays.pop(_DESCRIPTION)), "ascii")
    places = [whole_number(place) for place in about.pop("order").split()]
    if sorted(places) != list(range(len(arrays))):
        raise ValueError("the order of its arrays is not known")
    by_place = dict(zip(places, arrays.values(), strict=True))
    del about["sha256"]
    return Content(about, description, [by_place[place] for place in range(len(places))])


def _array(data: bytes, start: int, entry: dict[str, Any]) -> Array:
    """A copy of an array, once its size is known to be that of its bytes."""
    dtype, shape = _DTYPES[entry["dtype"]], shape_again(entry["shape"])
    count = prod(shape)
    if start + count * dtype.itemsize > len(data):
        raise ValueError(f"an array of shape {shape} is longer than the file")
    array = np.frombuffer(data, dtype, count, start).reshape(shape)
    if dtype.kind == "b" and np.any(array.view(np.uint8) > 1):
        raise ValueError("truth values are neither 0 nor 1")
    return array.copy()


def whole_number(digits: str) -> int:
    """Return the number that a few digits write.

    Raises
    ------
    ValueError
        If they are none from 0 to 9, or more than a few.
    """
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS):
        raise ValueError("digits are no whole number")
    return int(digits)


def _bytes_of(array: Array) -> memoryview:
    # An array without places, or without axes, has no such view.
    return array.reshape(-1).view(np.uint8).data if array.size else memoryview(b"")


def _sum(*parts: bytes | memoryview) -> bytes:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest().encode()
