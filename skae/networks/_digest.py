"""A digest of values that a user's code holds: numbers, containers, objects, and code itself.

Two values of one digest compute alike. Code counts by what it does: its instructions, the values
of its closure and defaults, and the globals that it reads, but not where it stands or what its
documentation says. Code of installed packages counts by its name.
"""

import dis
import functools
import hashlib
import pickle
import sys
import sysconfig
import types
from collections.abc import Hashable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

# Beyond so many values nobody can say that two are alike.
_MOST_VALUES = 50_000
_SCALARS = (bool, int, float, complex, str, bytes, type(None), type(Ellipsis), np.generic)
# What every class has, or what says where it stands.
_OF_EVERY_CLASS = frozenset(
    (
        "__dict__",
        "__doc__",
        "__firstlineno__",
        "__module__",
        "__qualname__",
        "__static_attributes__",
        "__weakref__",
    )
)


class Digest:
    """A hash of the values that it is given, one after the other.

    Attributes
    ----------
    is_certain : bool
        False if a value is of a kind that cannot be looked into: then equal digests prove nothing.
    """

    def __init__(self) -> None:
        self.is_certain = True
        self._hash = hashlib.sha256()
        # Places by identity, for cycles; values are held, or their identity would be given anew.
        self._seen: dict[int, tuple[int, object]] = {}

    def hexdigest(self) -> str:
        """The digest so far."""
        return self._hash.hexdigest()

    def add(self, value: Any) -> None:
        """Add a value."""
        if isinstance(value, _SCALARS):
            self.tell(type(value).__name__, repr(value))
            return
        if id(value) in self._seen:
            self.tell("again", self._seen[id(value)][0])
            return
        self._seen[id(value)] = len(self._seen), value
        if len(self._seen) > _MOST_VALUES:
            self.give_up(value)
            return
        self._add_new(value)

    def tell(self, *words: object) -> None:
        """Add words of our own."""
        for word in words:
            self._hash.update(f"{word}\0".encode())

    def give_up(self, value: object) -> None:
        """Add a value of which only the type is known."""
        self.tell("unknown", type(value).__module__, type(value).__qualname__)
        self.is_certain = False

    def _add_new(self, value: Any) -> None:
        if isinstance(value, list | tuple):
            self._add_all(type(value).__name__, value)
        elif isinstance(value, Mapping):
            self._add_all("mapping", (part for pair in value.items() for part in pair))
        elif isinstance(value, set | frozenset):
            self._add_all("set", sorted(_digest(part) for part in value))
        elif isinstance(value, np.ndarray):
            self._add_array(value)
        elif isinstance(value, types.ModuleType):
            self.tell("module", value.__name__)
        elif isinstance(value, types.CodeType):
            self._add_code(value)
        elif isinstance(value, types.FunctionType):
            self._add_function(value)
        elif isinstance(value, type):
            self._add_class(value)
        else:
            self._add_object(value)

    def _add_all(self, kind: str, values: Iterable[Any]) -> None:
        values = list(values)
        self.tell(kind, len(values))
        for value in values:
            self.add(value)

    def _add_array(self, array: Any) -> None:
        if array.dtype.hasobject:
            self._add_all("array", [array.shape, array.ravel().tolist()])
            return
        self.tell("array", array.dtype.str, array.shape)
        self._hash.update(np.ascontiguousarray(array).tobytes())

    def _add_function(self, function: types.FunctionType) -> None:
        cells = [_contents(cell) for cell in function.__closure__ or ()]
        held = [cells, function.__defaults__, function.__kwdefaults__]
        if is_installed(function.__module__):
            self.tell("function", function.__module__, function.__qualname__)
            self._add_all("held", held)
            return
        self.tell("function")
        self._add_code(function.__code__, function.__doc__)
        self._add_all("held", held)
        for name, value in _globals_read(function):
            self.tell("global", name)
            self.add(value)

    def _add_code(self, code: types.CodeType, doc: str | None = None) -> None:
        self.tell("code", code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount)
        self.tell(code.co_flags, code.co_names, code.co_varnames, code.co_freevars)
        self._hash.update(code.co_code)
        constants = code.co_consts
        self._add_all("constants", constants[1:] if doc and doc in constants[:1] else constants)

    def _add_class(self, cls: type) -> None:
        self.tell("class", cls.__qualname__)
        for part in cls.__mro__:
            if is_installed(part.__module__):
                self.tell(part.__module__, part.__qualname__)
                continue
            for name in sorted(set(vars(part)) - _OF_EVERY_CLASS):
                self.tell(name)
                self.add(vars(part)[name])

    def _add_object(self, value: Any) -> None:
        parts = _parts(value)
        if parts is not None:
            self._add_all(type(value).__name__, parts)
            return
        self.add(type(value))
        if is_installed(type(value).__module__):
            self._add_pickle(value)
        elif isinstance(getattr(value, "__dict__", None), dict):
            self.add(vars(value))
        else:
            self._add_pickle(value)

    def _add_pickle(self, value: object) -> None:
        try:
            self._hash.update(pickle.dumps(value))
        except Exception:
            self.give_up(value)


def digest_of(*values: Any) -> tuple[str, bool]:
    """The digest of values, and whether it is certain."""
    digest = Digest()
    for value in values:
        digest.add(value)
    return digest.hexdigest(), digest.is_certain


def _digest(value: Any) -> str:
    return digest_of(value)[0]


def _parts(value: Any) -> list[Any] | None:
    """What makes up a value of Python's own kinds around functions; None for others."""
    if isinstance(value, functools.partial):
        return [value.func, value.args, value.keywords]
    if isinstance(value, types.MethodType):
        return [value.__func__, value.__self__]
    if isinstance(value, staticmethod | classmethod):
        return [value.__func__]
    if isinstance(value, property):
        return [value.fget, value.fset, value.fdel]
    if isinstance(value, types.BuiltinFunctionType | np.ufunc):
        return [getattr(value, "__module__", None), getattr(value, "__qualname__", str(value))]
    return None


def _contents(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # a name that has no value yet
        return None


def _globals_read(function: types.FunctionType) -> Iterator[tuple[str, Any]]:
    """The values of globals that a function reads, through modules also of their attributes."""
    known = function.__globals__
    for path in _paths_read(function.__code__):
        name, *attributes = path
        if name not in known:
            continue
        value = known[name]
        while attributes and isinstance(value, types.ModuleType) and hasattr(value, attributes[0]):
            value = getattr(value, attributes.pop(0))
        yield ".".join(path), value


@functools.lru_cache(maxsize=512)
def _paths_read(code: types.CodeType) -> tuple[tuple[str, ...], ...]:
    """Names of globals that code and the functions inside it read, each with its attributes."""
    paths: dict[tuple[str, ...], None] = {}
    path: tuple[str, ...] = ()
    for step in dis.get_instructions(code):
        if path and step.opname in ("LOAD_ATTR", "LOAD_METHOD"):
            path = (*path, step.argval)
            continue
        if path:
            paths[path] = None
        path = (step.argval,) if step.opname in ("LOAD_GLOBAL", "LOAD_NAME") else ()
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            paths |= dict.fromkeys(_paths_read(constant))
    return tuple(paths)


def is_installed(module: Hashable) -> bool:
    """Whether a module, by its name, is Python's own or of an installed package."""
    return not isinstance(module, str) or _is_installed(module)


@functools.lru_cache(maxsize=1024)
def _is_installed(module: str) -> bool:
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names or top == "builtins" or top == __name__.partition(".")[0]:
        return top != "__main__"
    file = getattr(sys.modules.get(module), "__file__", None)
    return file is not None and any(root in Path(file).parents for root in _roots())


@functools.cache
def _roots() -> tuple[Path, ...]:
    paths = sysconfig.get_paths()
    return tuple({Path(paths[name]) for name in ("purelib", "platlib", "stdlib", "platstdlib")})
