"""A checksum of all values that an object consists of, whatever wrote them and read them again.

Equal values have equal checksums after pickle, joblib and skops alike. So the type of a number does
not count, as skops makes Python's own of numpy's in places; nor does the order of attributes; nor
an attribute that is None, so that a later version may add some.
"""

import functools
import hashlib
import struct
from collections.abc import Callable, Iterable
from types import BuiltinFunctionType, FunctionType
from typing import Any

import numpy as np
from scipy import sparse

# Of others' classes nothing is known but their name.
_KNOWN = ("skae", "sklearn")
_IN_PROGRESS = b"a value that holds itself"


def checksum(value: Any) -> str:
    """Checksum of a value, in hexadecimal.

    Parameters
    ----------
    value : object

    Returns
    -------
    checksum : str
        SHA-256, cut to 32 digits.
    """
    return _Walk().digest(value).hex()[:32]


def plain_state(value: Any) -> dict[str, Any]:
    """The attributes of an object as they are stored."""
    own = getattr(type(value), "_unstamped", None)
    if own is not None:
        state: dict[str, Any] = own(value)
        return state
    # Scikit-learn's own method adds a version, which another one would not.
    if type(value).__module__.partition(".")[0] == "skae":
        return dict(value.__getstate__() or {})
    return dict(vars(value))


class _Walk:
    """One pass over a value; what is met twice is read once."""

    def __init__(self) -> None:
        self._digests: dict[int, bytes] = {}
        # An identity is one only while its object lives.
        self._alive: list[Any] = []

    def digest(self, value: Any) -> bytes:
        """32 bytes."""
        number = id(value)
        if number not in self._digests:
            self._alive.append(value)
            self._digests[number] = _IN_PROGRESS
            self._digests[number] = _hashed(self._parts(value))
        return self._digests[number]

    def _parts(self, value: Any) -> Iterable[bytes | memoryview]:
        for kind, parts in _KINDS:
            if isinstance(value, kind):
                return parts(self, value)
        if type(value).__module__.partition(".")[0] in _KNOWN and hasattr(value, "__dict__"):
            return self.of_object(value)
        return [b"other", _name(type(value))]

    def of_object(self, value: Any) -> Iterable[bytes]:
        yield b"object"
        yield _name(type(value))
        state = plain_state(value)
        for name in sorted(name for name in state if state[name] is not None):
            yield self.digest(name)
            yield self.digest(state[name])

    def of_array(self, value: Any) -> Iterable[bytes | memoryview]:
        yield b"array"
        yield repr((value.dtype.descr, value.shape)).encode()
        if value.dtype.hasobject:
            yield from map(self.digest, value.ravel().tolist())
        else:
            yield np.ascontiguousarray(value).view(np.ndarray).reshape(-1).view(np.uint8).data

    def of_sequence(self, value: Any) -> Iterable[bytes]:
        yield _name(type(value))
        yield from map(self.digest, value)

    def of_set(self, value: Any) -> Iterable[bytes]:
        yield _name(type(value))
        yield from sorted(map(self.digest, value))

    def of_mapping(self, value: Any) -> Iterable[bytes]:
        yield b"dict"
        for key, one in value.items():
            yield self.digest(key)
            yield self.digest(one)

    def of_matrix(self, value: Any) -> Iterable[bytes]:
        yield _name(type(value))
        yield self.digest(value.shape)
        if value.format in ("csr", "csc", "bsr"):
            yield from map(self.digest, (value.data, value.indices, value.indptr))

    def of_partial(self, value: Any) -> Iterable[bytes]:
        yield b"partial"
        yield from map(self.digest, (value.func, value.args, value.keywords))


def _of_float(walk: _Walk, value: Any) -> Iterable[bytes]:
    # A NaN is one whatever its bits are.
    return [b"float", b"nan" if value != value else struct.pack("<d", float(value))]


def _of_number_of_numpy(walk: _Walk, value: Any) -> Iterable[bytes]:
    return [b"generic", str(value.dtype).encode(), value.tobytes()]


def _hashed(parts: Iterable[bytes | memoryview]) -> bytes:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)
    return digest.digest()


def _name(value: Any) -> bytes:
    return str(getattr(value, "__qualname__", type(value).__qualname__)).encode()


_Parts = Callable[[_Walk, Any], Iterable[bytes | memoryview]]

# The first that fits counts: True is an integer too, and numpy's float64 a float.
_KINDS: tuple[tuple[Any, _Parts], ...] = (
    (type(None), lambda walk, value: [b"none"]),
    ((bool, np.bool_), lambda walk, value: [b"bool", str(bool(value)).encode()]),
    ((int, np.integer), lambda walk, value: [b"int", hex(int(value)).encode()]),
    ((float, np.floating), _of_float),
    (str, lambda walk, value: [b"str", value.encode(errors="surrogatepass")]),
    ((bytes, bytearray), lambda walk, value: [b"bytes", bytes(value)]),
    (np.ndarray, _Walk.of_array),
    (np.generic, _of_number_of_numpy),
    (np.dtype, lambda walk, value: [b"dtype", repr(value.descr).encode()]),
    ((list, tuple), _Walk.of_sequence),
    ((set, frozenset), _Walk.of_set),
    (dict, _Walk.of_mapping),
    (
        (type, np.ufunc, FunctionType, BuiltinFunctionType),
        lambda walk, value: [b"name", _name(value)],
    ),
    (functools.partial, _Walk.of_partial),
    (slice, lambda walk, value: [b"slice", repr(value).encode()]),
    (np.random.RandomState, lambda walk, value: [walk.digest(value.get_state(legacy=False))]),
    (np.random.Generator, lambda walk, value: [walk.digest(value.bit_generator.state)]),
    ((sparse.spmatrix, sparse.sparray), _Walk.of_matrix),
)
