"""Objects made again of their description.

An object is made empty and given its attributes, so that nothing in a file is ever called; but for
a few classes of compiled code, which are called with numbers, and what a user trusts by name.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np
from sklearn.utils import Bunch

from skae.numerics import Array
from skae.persistence._arrays import array_again, masked_again, shape_again, type_again
from skae.persistence._library_states import check_library_state, is_estimator, needs_trust
from skae.persistence._names import Names
from skae.persistence._nesting import Nesting, place_of, spread
from skae.persistence._plain_values import plain_again
from skae.persistence._sparse import matrix_again
from skae.persistence._strict_json import read_nodes
from skae.states import check_attributes, demand

_MAPPINGS: dict[str, Callable[[], Any]] = {
    "Bunch": Bunch,
    "OrderedDict": OrderedDict,
    "dict": dict,
}
_N_RANDOM = 624
# How often the bytes of a file may be in its sparse matrices, beside a few that always may.
_SPARSE_COPIES, _FEW_BYTES = 8, 2**20


def rebuilt(description: str, arrays: Sequence[Array], names: Names) -> Any:
    """Return the object of a description.

    Parameters
    ----------
    description : str
    arrays : list of ndarray
    names : Names

    Raises
    ------
    Untrusted
        If it names a type or function that is not trusted; nothing is made then.
    Exception
        Of many kinds, where the parts do not fit each other.
    """
    nodes: list[Any] = []
    reader, nesting = _Reader(arrays, names), Nesting()

    def take(node: list[Any]) -> None:
        nesting.add(node)
        nesting.check_told_apart(len(description))
        nodes.append(node)

    root = read_nodes(description, take)
    foreign = {n[1] for n in nodes if n[0] in _NAMED and not names.may_name(n[1])}
    if foreign:
        raise Untrusted(min(foreign))
    for kind, *parts in nodes:
        reader.nodes.append(_READERS[kind](reader, *parts))
    return reader.value(root)


def rebuilt_estimator(description: str, arrays: Sequence[Array], names: Names) -> Any:
    """Return the object of a description, which has to be an estimator."""
    root = rebuilt(description, arrays, names)
    demand(is_estimator(root, names.is_given), f"a {type(root).__name__} is no estimator")
    return root


class _Reader:
    def __init__(self, arrays: Sequence[Array], names: Names) -> None:
        self.nodes: list[Any] = []
        self._arrays, self._names = arrays, names
        self._of_objects: set[int] = set()
        n_bytes = sum(array.nbytes for array in arrays)
        self._sparse_bytes_left = _SPARSE_COPIES * (_FEW_BYTES + n_bytes)

    def value(self, value: Any) -> Any:
        """A value of a description."""
        if isinstance(value, list):
            raise ValueError("a list stands where a value should")
        if not isinstance(value, dict):
            return value
        return self.nodes[place_of(value, len(self.nodes))]

    def values(self, values: Sequence[Any]) -> list[Any]:
        """Several values."""
        return [self.value(value) for value in values]

    def mapping(self, kind: str, keys: Sequence[Any], values: Sequence[Any]) -> Any:
        """A dictionary."""
        made = _MAPPINGS[kind]()
        made.update(zip(spread(self.values(keys)), self.values(values), strict=True))
        return made

    def array(self, place: int, *was: Any) -> Array:
        """An array of numbers."""
        if type(place) is not int or place < 0:
            raise ValueError(f"no array is at {place!r}")
        return array_again(self._arrays[place], was)

    def objects(self, lengths: Any, values: Sequence[Any], order: str = "C") -> Array:
        """An array of objects."""
        shape = shape_again(lengths)
        if prod(shape) != len(values):
            raise ValueError(f"{len(values)} values are no array of shape {shape}")
        if order not in ("C", "F"):
            raise ValueError("an array is in no order")
        array = np.empty(len(values), dtype=object)
        for i, value in enumerate(self.values(values)):
            array[i] = value
        array = array.reshape(shape)
        return array.T if order == "F" else array

    def masked(self, data: Any, mask: Any, fill: Any = None, is_hard: bool = False) -> Any:
        """An array with a mask."""
        given = (self.value(data), self.value(mask), self.value(fill))
        return masked_again(*given, is_hard=is_hard)

    def number(self, dtype: Any, digits: str) -> Any:
        """A number of numpy's."""
        plain = np.frombuffer(bytes.fromhex(digits), np.uint8)
        return array_again(plain, (dtype, [1]))[0]

    def matrix(self, kind: str, shape: Sequence[int], parts: Sequence[Any]) -> Any:
        """A sparse matrix, once its indices are known to be within it."""
        given = self.values(parts)
        # scipy may copy them, however many matrices are made of the same.
        self._sparse_bytes_left -= sum(getattr(part, "nbytes", 0) for part in given)
        demand(self._sparse_bytes_left >= 0, "sparse matrices of far more values than it holds")
        return matrix_again(kind, shape, given)

    def random(self, state: Any) -> np.random.RandomState:
        """A generator of random numbers."""
        state = self.value(state)
        inner = state["state"]
        if inner["key"].shape != (_N_RANDOM,) or not 0 <= inner["pos"] <= _N_RANDOM:
            raise ValueError("a generator of random numbers is in no state that there is")
        generator = np.random.RandomState(0)  # asks the system for nothing
        generator.set_state(state)
        return generator

    def named(self, name: str) -> Any:
        """A class or function that is a parameter."""
        if not self._names.has_value(name):
            raise Untrusted(name)
        return self._names.found(name)

    def tuple_of_names(self, name: str, values: Sequence[Any]) -> Any:
        """A tuple of a class of its own."""
        cls = self._class(name)
        demand(
            issubclass(cls, tuple) and len(getattr(cls, "_fields", values)) == len(values),
            f"a {cls.__name__} of {len(values)} values",
        )
        return tuple.__new__(cls, self.values(values))

    def object(self, name: str, state: Any) -> Any:
        """An object that is given its attributes."""
        cls = self._class(name)
        made = cls.__new__(cls)
        if isinstance(state, dict):
            # Each attribute is looked at for each object.
            place = place_of(state, len(self.nodes))
            demand(place not in self._of_objects, "two of its objects have one state")
            self._of_objects.add(place)
        if not self._names.is_given(name):
            value = self.value(state)
            demand(value is None or isinstance(value, dict), f"a {cls.__name__} without names")
            check_attributes(cls, value or ())
            if needs_trust(name, value):
                raise Untrusted(name)
            check_library_state(name, value, self._names.is_given)
        return self._with_state(made, state)

    def made(self, name: str, arguments: Sequence[Any], state: Any) -> Any:
        """An object that a listed class is called for, or what a user trusts."""
        if not self._names.is_made(name):
            raise Untrusted(name)
        if not self._names.is_given(name):
            demand(state is None, f"a {name} with attributes")
        given = self.values(arguments)
        return self._with_state(self._names.found(name)(*given), state)

    def _class(self, name: str) -> Any:
        if not self._names.has_class(name):
            raise Untrusted(name)
        return self._names.found(name)

    def _with_state(self, made: Any, state: Any) -> Any:
        state = self.value(state)
        if state is None:
            return made
        if hasattr(made, "__setstate__"):
            made.__setstate__(state)
        else:
            made.__dict__.update(state)
        return made


class Untrusted(Exception):
    """A name that a file may not hold."""


_NAMED = ("named", "tuple of names", "object", "made")
_READERS: dict[str, Callable[..., Any]] = {
    "list": lambda reader, values: reader.values(values),
    "tuple": lambda reader, values: tuple(reader.values(values)),
    "set": lambda reader, values: set(spread(reader.values(values))),
    "frozenset": lambda reader, values: frozenset(spread(reader.values(values))),
    "dict": _Reader.mapping,
    "float": lambda reader, text: float(text),
    "array": _Reader.array,
    "objects": _Reader.objects,
    "masked": _Reader.masked,
    "number": _Reader.number,
    "dtype": lambda reader, described: type_again(described),
    "sparse": _Reader.matrix,
    "random": _Reader.random,
    "bytes": lambda reader, digits: bytes.fromhex(digits),
    "plain": lambda reader, kind, text: plain_again(kind, text),
    "complex": lambda reader, parts: complex(*map(float.fromhex, parts)),
    "slice": lambda reader, parts: slice(*reader.values(parts)),
    "named": _Reader.named,
    "tuple of names": _Reader.tuple_of_names,
    "object": _Reader.object,
    "made": _Reader.made,
}
