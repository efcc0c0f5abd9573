"""Objects as a description in JSON, and arrays beside it.

The description is a list of nodes, of which each names only such before it: so it holds no circles,
and is read from one end to the other. A value is a JSON scalar, or ``{"n": place}`` for a node.
What an object refers to twice is one node.
"""

import json
import math
from collections import OrderedDict
from collections.abc import Callable, Iterable
from types import BuiltinFunctionType, FunctionType
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.utils import Bunch

from skae.numerics import Array
from skae.persistence._arrays import in_order, plain_array, type_as_json
from skae.persistence._layout import RESERVED
from skae.persistence._library_states import check_library_state, is_estimator, needs_trust
from skae.persistence._names import Names, is_known, name_of
from skae.persistence._nesting import Nesting
from skae.persistence._plain_values import PLAIN, plain_text
from skae.persistence._refusals import no_kind_for, not_listed, too_deep, too_many_digits
from skae.persistence._strict_json import MOST_DIGITS

# What pickle calls for an object that is given its attributes.
_MAKE_EMPTY = object().__reduce_ex__(2)[0]
_LARGEST = 10**MOST_DIGITS
_MAPPINGS = (dict, OrderedDict, Bunch)
_SEQUENCES = (list, tuple, set, frozenset)


def described(value: Any, names: Names) -> tuple[str, dict[str, Array]]:
    """Return the description of an object, and its arrays by where they stand.

    Parameters
    ----------
    value : object
    names : Names

    Raises
    ------
    TypeError
        If it holds something that files cannot name.
    """
    writer = _Writer(names)
    try:
        root = writer.value(value, "")
    except RecursionError:
        raise too_deep("") from None
    text = json.dumps({"nodes": writer.nodes, "root": root}, separators=(",", ":"))
    try:
        writer.nesting.check_told_apart(len(text))
    except ValueError as error:
        raise TypeError(f"The estimator cannot be saved: {error}.") from None
    return text, writer.arrays


def described_estimator(value: Any, names: Names) -> tuple[str, dict[str, Array]]:
    """Return the description of what has to be an estimator, and its arrays."""
    if not is_estimator(value, names.is_given):
        name = name_of(type(value))
        raise TypeError(
            f"A {name} is no estimator of scikit-learn, which files of skae.save hold. If it is a "
            f"class of your own that you trust, pass trusted=[{name!r}] to save and load alike."
        )
    return described(value, names)


class _Writer:
    def __init__(self, names: Names) -> None:
        self.nodes: list[Any] = []
        self.nesting = Nesting()
        self.arrays: dict[str, Array] = {}
        self._names = names
        self._places: dict[int, int | None] = {}
        # An identity is one only while its object lives.
        self._alive: list[Any] = []

    def value(self, value: Any, path: str) -> Any:
        """A value as it stands in a description."""
        if value is None or type(value) in (bool, str):
            return value
        if type(value) is int:
            return _integer(value, path)
        if type(value) is float and math.isfinite(value):
            return value
        number = id(value)
        if number not in self._places:
            self._alive.append(value)
            self._places[number] = None
            node = self._node(value, path)
            self._places[number] = self._append(node, path)
        place = self._places[number]
        if place is None:
            raise TypeError(f"{path or 'the estimator'} holds itself, which no file can.")
        return {"n": place}

    def _append(self, node: list[Any], path: str) -> int:
        try:
            self.nesting.add(node)
        except ValueError:
            raise too_deep(path) from None
        self.nodes.append(node)
        return len(self.nodes) - 1

    def _node(self, value: Any, path: str) -> list[Any]:
        for kind, write in _KINDS:
            if type(value) is kind or (kind in _BASES and isinstance(value, kind)):
                return write(self, value, path)
        return self._object(value, path)

    def values(self, values: Iterable[Any], path: str) -> list[Any]:
        """Several values."""
        return [self.value(one, f"{path}[{i}]") for i, one in enumerate(values)]

    def sequence(self, value: Any, path: str) -> list[Any]:
        """A list, tuple or set."""
        ordered = value if isinstance(value, list | tuple) else sorted(value, key=repr)
        return [type(value).__name__, self.values(ordered, path)]

    def mapping(self, value: Any, path: str) -> list[Any]:
        """A dictionary."""
        keys = self.values(value, path)
        values = [self.value(one, f"{path}[{key!r}]") for key, one in value.items()]
        return ["dict", type(value).__name__, keys, values]

    def array(self, value: Any, path: str) -> list[Any]:
        """An array of numbers, or of objects."""
        if type(value) is np.ma.MaskedArray:
            return self._masked(value, path)
        if type(value) not in (np.ndarray, np.memmap) or value.dtype.type is np.record:
            kind = name_of(type(value) if value.dtype.type is not np.record else np.recarray)
            raise no_kind_for(path, kind, "Make it an array, by numpy.array(...)")
        if value.dtype.kind == "O":
            is_fortran, ordered = in_order(value)
            values = self.values(ordered.ravel().tolist(), path)
            return ["objects", list(ordered.shape), values, *(["F"] if is_fortran else [])]
        plain, was = self._plain(value, path)
        name = path.lstrip(".") or "array"
        while name in self.arrays or name in RESERVED:
            name += "'"
        self.arrays[name] = plain
        return ["array", len(self.arrays) - 1, *was]

    def _plain(self, value: Array, path: str) -> tuple[Array, list[Any]]:
        try:
            return plain_array(value)
        except TypeError as error:
            raise no_kind_for(
                path, str(error), "Make it one of float64, complex128 or object"
            ) from None

    def _masked(self, value: Any, path: str) -> list[Any]:
        """A masked array; what fills its places is there where it is not the usual."""
        mask = None if value.mask is np.ma.nomask else self.value(value.mask, f"{path}.mask")
        node = ["masked", self.value(value.data, f"{path}.data"), mask]
        usual = np.ma.MaskedArray(np.empty(0, value.dtype)).fill_value
        is_usual = _are_same(np.asarray(value.fill_value), np.asarray(usual))
        if is_usual and not value.hardmask:
            return node
        fill = self.value(np.asarray(value.fill_value, value.dtype), f"{path}.fill_value")
        return [*node, fill, bool(value.hardmask)]

    def number(self, value: Any, path: str) -> list[Any]:
        """A number of numpy's."""
        if isinstance(value, np.record):
            raise no_kind_for(path, name_of(type(value)), "Make it a tuple")
        plain, was = self._plain(np.asarray(value), path)
        return ["number", was[0], plain.tobytes().hex()]

    def matrix(self, value: Any, path: str) -> list[Any]:
        """A sparse matrix or array."""
        if value.format not in ("csr", "csc"):
            raise not_listed(path, f"a sparse matrix of format {value.format}")
        parts = [value.data, value.indices, value.indptr]
        return ["sparse", type(value).__name__, list(value.shape), self.values(parts, path)]

    def plain(self, value: Any, path: str) -> list[Any]:
        """A date, a time or a decimal."""
        found = plain_text(value)
        if found is None:
            raise no_kind_for(path, f"{value!r:.80}", "Make it text, or a date without a time zone")
        return ["plain", *found]

    def random(self, value: Any, path: str) -> list[Any]:
        """A generator of random numbers, of the kind that scikit-learn takes."""
        return ["random", self.value(value.get_state(legacy=False), path)]

    def named(self, value: Any, path: str) -> list[Any]:
        """A class or a function."""
        name = name_of(value)
        if not self._names.has_value(name) or not is_known(value):
            raise not_listed(path, name)
        return ["named", name]

    def _object(self, value: Any, path: str) -> list[Any]:
        name = name_of(type(value))
        if isinstance(value, tuple) and self._names.has_class(name):
            return ["tuple of names", name, self.values(value, path)]
        if not (self._names.has_class(name) or self._names.is_made(name)):
            raise not_listed(path, name)
        make, arguments, *rest = value.__reduce_ex__(2)
        state = rest[0] if rest else None
        if any(each is not None for each in rest[1:]):
            raise not_listed(path, f"{name}, which holds items beside its attributes")
        if make is _MAKE_EMPTY and arguments == (type(value),):
            if not self._names.is_given(name):
                if needs_trust(name, state):
                    raise not_listed(path, name, "which calls a function,")
                check_library_state(name, state, self._names.is_given)
            return ["object", name, self._state(state, path)]
        maker = name_of(make)
        if not self._names.is_made(maker) or not is_known(make):
            raise not_listed(path, maker)
        return ["made", maker, self.values(arguments, path), self._state(state, path)]

    def _state(self, state: Any, path: str) -> Any:
        if not isinstance(state, dict):
            return self.value(state, path)
        # Names of attributes, so that a path reads as Python does.
        keys = list(state)
        values = [self.value(one, f"{path}.{key}") for key, one in state.items()]
        return {"n": self._append(["dict", "dict", keys, values], path)}


def _integer(value: int, path: str) -> int:
    if not -_LARGEST < value < _LARGEST:
        raise too_many_digits(path)
    return value


def _are_same(one: Array, other: Array) -> bool:
    if one.dtype.hasobject or one.dtype != other.dtype:
        return one.dtype == other.dtype and one.tolist() == other.tolist()
    return one.tobytes() == other.tobytes()


_Write = Callable[[_Writer, Any, str], list[Any]]
# Of these, subclasses are written alike.
_BASES = {np.ndarray, np.generic, sparse.spmatrix, sparse.sparray, np.dtype, np.ufunc, type}

# The first that fits counts.
_KINDS: tuple[tuple[Any, _Write], ...] = (
    *((kind, _Writer.sequence) for kind in _SEQUENCES),
    *((kind, _Writer.mapping) for kind in _MAPPINGS),
    (float, lambda writer, value, path: ["float", repr(value)]),
    (np.ndarray, _Writer.array),
    (np.generic, _Writer.number),
    (np.dtype, lambda writer, value, path: ["dtype", type_as_json(value)]),
    (sparse.spmatrix, _Writer.matrix),
    (sparse.sparray, _Writer.matrix),
    (np.random.RandomState, _Writer.random),
    (bytes, lambda writer, value, path: ["bytes", value.hex()]),
    *((kind, _Writer.plain) for kind in PLAIN),
    (complex, lambda writer, value, path: ["complex", [value.real.hex(), value.imag.hex()]]),
    (
        slice,
        lambda writer, value, path: [
            "slice",
            writer.values((value.start, value.stop, value.step), path),
        ],
    ),
    (type, _Writer.named),
    (np.ufunc, _Writer.named),
    (FunctionType, _Writer.named),
    (BuiltinFunctionType, _Writer.named),
)
