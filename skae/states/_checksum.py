"""A checksum of all values that an object consists of, whatever wrote them and read them again.

Equal values have equal checksums after pickle, joblib and skops alike. So the type of a number does
not count, as skops makes Python's own of numpy's in places; nor does the order of attributes; nor
an attribute that is None, so that a later version may add some.
"""

import datetime
import decimal
import fractions
import functools
import hashlib
import struct
import uuid
from collections.abc import Callable, Iterable
from pathlib import PurePath
from types import BuiltinFunctionType, FunctionType
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from scipy import sparse

from skae.states._attributes import check_attributes

# Of others' classes nothing is known but their name.
_KNOWN = ("skae", "sklearn")
_IN_PROGRESS = b"a value that holds itself"
# Parts of fewer bytes are read together.
_SMALL = 4096


def checksum(value: Any, *, is_read: bool = False) -> str:
    """Checksum of a value, in hexadecimal.

    Parameters
    ----------
    value : object
    is_read : bool
        Whether somebody else may have written it: then no part of it may have attributes that hide
        what its class does.

    Returns
    -------
    checksum : str
        SHA-256, cut to 32 digits.

    Raises
    ------
    ValueError
        If it is read and has such attributes.
    """
    return hashlib.sha256(_Walk(is_read).digest(value)).hexdigest()[:32]


def plain_state(value: Any) -> dict[str, Any]:
    """The attributes of an object as they are stored."""
    own = getattr(type(value), "_unstamped", None)
    if own is not None:
        state: dict[str, Any] = own(value)
        return state
    # Scikit-learn's own method adds a version, which another one would not.
    if type(value).__module__.partition(".")[0] == "skae":
        # Of its class: an attribute of that name may be anything.
        cls: Any = type(value)
        return dict(cls.__getstate__(value) or {})
    return dict(vars(value))


class _Walk:
    """One pass over a value; what is met twice is read once."""

    def __init__(self, is_read: bool) -> None:
        self._is_read = is_read
        self._digests: dict[int, bytes] = {}
        # An identity is one only while its object lives.
        self._alive: list[Any] = []

    def digest(self, value: Any) -> bytes:
        """Bytes that stand for a value: itself, or a digest of its parts."""
        scalar = _SCALARS.get(type(value))
        if scalar is not None:
            return scalar(value)
        number = id(value)
        found = self._digests.get(number)
        if found is None:
            self._alive.append(value)
            self._digests[number] = _IN_PROGRESS
            found = self._digests[number] = _reader_of(type(value))(self, value)
        return found

    def of_object(self, value: Any) -> bytes:
        """An object by its attributes."""
        if type(value).__module__.partition(".")[0] not in _KNOWN or not hasattr(value, "__dict__"):
            return b"other " + _name(type(value))
        state = plain_state(value)
        if self._is_read:
            check_attributes(type(value), state)
        known = sorted(name for name in state if state[name] is not None)
        parts = [self.digest(one) for name in known for one in (name, state[name])]
        return _hashed([b"object", _name(type(value)), *parts])

    def of_array(self, value: Any) -> bytes:
        """An array by its type, its shape and its values."""
        about = repr((value.dtype.descr, value.shape)).encode()
        if value.dtype.hasobject:
            return _hashed([b"array", about, *map(self.digest, value.ravel().tolist())])
        plain = np.ascontiguousarray(value).view(np.ndarray).reshape(-1)
        return _hashed([b"array", about, plain.view(np.uint8).data if plain.size else b""])

    def of_sequence(self, value: Any) -> bytes:
        """A list or tuple, with the name of its class."""
        return _hashed([_name(type(value)), *map(self.digest, value)])

    def of_set(self, value: Any) -> bytes:
        """A set, in no order."""
        return _hashed([_name(type(value)), *sorted(map(self.digest, value))])

    def of_mapping(self, value: Any) -> bytes:
        """A dictionary."""
        parts = [self.digest(each) for pair in value.items() for each in pair]
        return _hashed([b"dict", *parts])

    def of_matrix(self, value: Any) -> bytes:
        """A sparse matrix."""
        parts = [value.shape]
        if value.format in ("csr", "csc", "bsr"):
            parts += [value.data, value.indices, value.indptr]
        else:
            places = value.tocoo()
            parts += [places.data, *places.coords]
        return _hashed([_name(type(value)), *map(self.digest, parts)])

    def of_partial(self, value: Any) -> bytes:
        """A function with some of its arguments."""
        parts = map(self.digest, (value.func, value.args, value.keywords))
        return _hashed([b"partial", *parts])


_Parts = Callable[[_Walk, Any], bytes]
# What was found for a class; classes made on the fly go when nobody else has them.
_READERS: "WeakKeyDictionary[type[Any], _Parts]" = WeakKeyDictionary()


def _reader_of(cls: type[Any]) -> _Parts:
    found = _READERS.get(cls)
    if found is None:
        kinds = (parts for kind, parts in _KINDS if issubclass(cls, kind))
        found = _READERS[cls] = next(kinds, _Walk.of_object)
    return found


def _hashed(parts: Iterable[bytes | memoryview]) -> bytes:
    digest, small = hashlib.sha256(), bytearray()
    for part in parts:
        small += b"%d:" % len(part)
        if len(part) < _SMALL:
            small += part
        else:
            digest.update(small)
            digest.update(part)
            small.clear()
    digest.update(small)
    return b"#" + digest.digest()


def _name(value: Any) -> bytes:
    return str(getattr(value, "__qualname__", type(value).__qualname__)).encode()


def _of_float(value: Any) -> bytes:
    # A NaN is one whatever its bits are.
    return b"float nan" if value != value else b"float" + struct.pack("<d", float(value))


def _of_int(value: Any) -> bytes:
    return b"int" + hex(int(value)).encode()


def _of_bool(value: Any) -> bytes:
    return b"bool true" if value else b"bool false"


def _of_text(value: Any) -> bytes:
    text: bytes = b"str" + value.encode(errors="surrogatepass")
    return text


# Values that their representation tells, to the last digit.
_TOLD = (
    complex,
    range,
    datetime.date,
    datetime.time,
    datetime.timedelta,
    datetime.timezone,
    decimal.Decimal,
    fractions.Fraction,
    uuid.UUID,
    PurePath,
)
# Read without a look at what else they may be.
_SCALARS: dict[type[Any], Callable[[Any], bytes]] = {
    type(None): lambda value: b"none",
    bool: _of_bool,
    float: _of_float,
    int: _of_int,
    str: _of_text,
}
# The first that fits counts: True is an integer too, and numpy's float64 a float.
_KINDS: tuple[tuple[Any, _Parts], ...] = (
    (np.bool_, lambda walk, value: _of_bool(value)),
    ((int, np.integer), lambda walk, value: _of_int(value)),
    ((float, np.floating), lambda walk, value: _of_float(value)),
    (str, lambda walk, value: _of_text(value)),
    ((bytes, bytearray), lambda walk, value: b"bytes" + bytes(value)),
    (np.ndarray, _Walk.of_array),
    (
        np.generic,
        lambda walk, value: _hashed([b"generic", value.dtype.str.encode(), value.tobytes()]),
    ),
    (np.dtype, lambda walk, value: b"dtype" + repr(value.descr).encode()),
    ((list, tuple), _Walk.of_sequence),
    ((set, frozenset), _Walk.of_set),
    (dict, _Walk.of_mapping),
    (
        (type, np.ufunc, FunctionType, BuiltinFunctionType),
        lambda walk, value: b"name" + _name(value),
    ),
    (functools.partial, _Walk.of_partial),
    (slice, lambda walk, value: b"slice" + repr(value).encode()),
    # pandas' times are Python's too.
    (_TOLD, lambda walk, value: _hashed([_name(type(value)), repr(value).encode()])),
    (np.random.RandomState, lambda walk, value: walk.digest(value.get_state(legacy=False))),
    (np.random.Generator, lambda walk, value: walk.digest(value.bit_generator.state)),
    ((sparse.spmatrix, sparse.sparray), _Walk.of_matrix),
)
