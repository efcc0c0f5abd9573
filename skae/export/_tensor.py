"""Arrays that are not there yet: what numpy does with them becomes nodes of a graph.

The functions that score rows in numpy are called with such an array, so that a graph computes what
they compute. What depends on constants alone is computed at once.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from skae.export._graph import Graph

Shape = tuple[int | None, ...]
# The stubs of numpy know nothing of values of graphs.
xp: Any = np
# What numpy's functions are in a graph: `_functions` knows.
UFUNCS: dict[Any, Callable[..., Any]] = {}
FUNCTIONS: dict[Any, Callable[..., Any]] = {}


class Tensor(NDArrayOperatorsMixin):
    """A value of a graph, which numpy's functions take for an array.

    Parameters
    ----------
    graph : Graph
    name : str
    dtype : dtype
    shape : tuple of int or None
        None along an axis of any size.
    """

    def __init__(self, graph: Graph, name: str, dtype: Any, shape: Shape) -> None:
        self.graph, self.name = graph, name
        self.dtype, self.shape = np.dtype(dtype), tuple(shape)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    def astype(self, dtype: Any, copy: bool = True) -> "Tensor":
        """The same values in a dtype."""
        if np.dtype(dtype) == self.dtype:
            return self
        (name,) = self.graph.node("Cast", [self.name], to=self.graph.type_of(dtype))
        return Tensor(self.graph, name, dtype, self.shape)

    def op(
        self, kind: str, *others: Any, dtype: Any = None, shape: Shape | None = None, **options: Any
    ) -> "Tensor":
        """What an operator makes of this and of others, which may be constants."""
        names = [self.name, *(self._named(other) for other in others)]
        (name,) = self.graph.node(kind, names, **options)
        return Tensor(self.graph, name, dtype or self.dtype, self.shape if shape is None else shape)

    def reshape(self, *shape: Any) -> "Tensor":
        """The same values in another shape; -1 stands for what is left, None for the rows."""
        if len(shape) == 1 and isinstance(shape[0], tuple | list):
            shape = tuple(shape[0])
        sizes = np.array([-1 if size is None else size for size in shape], np.int64)
        known: Shape = tuple(None if size in (-1, None) else int(size) for size in shape)
        return self.op("Reshape", sizes, shape=known)

    def transpose(self, *axes: int) -> "Tensor":
        """The same values with their axes in another order."""
        shape = tuple(self.shape[axis] for axis in axes)
        return self.op("Transpose", perm=list(axes), shape=shape)

    def sum(self, axis: int, **options: Any) -> Any:
        """As that of an array."""
        return FUNCTIONS[np.sum](self, axis=axis, **options)

    def mean(self, axis: int, **options: Any) -> Any:
        """As that of an array."""
        return FUNCTIONS[np.mean](self, axis=axis, **options)

    def max(self, axis: int, **options: Any) -> Any:
        """As that of an array."""
        return FUNCTIONS[np.max](self, axis=axis, **options)

    def __getitem__(self, places: Any) -> "Tensor":
        given = places if isinstance(places, tuple) else (places,)
        if Ellipsis in [each for each in given if isinstance(each, type(Ellipsis))]:
            where = given.index(Ellipsis)
            n_left = self.ndim - sum(each is not None for each in given) + 1
            given = (*given[:where], *[slice(None)] * n_left, *given[where + 1 :])
        value, axis = self, 0
        for place in given:
            value, step = value._at(axis, place)
            axis += step
        return value

    def _at(self, axis: int, place: Any) -> tuple["Tensor", int]:
        """Of one axis, what is there, and how many axes are left of it."""
        if place is None:
            shape = (*self.shape[:axis], 1, *self.shape[axis:])
            return self.op("Unsqueeze", np.array([axis], np.int64), shape=shape), 1
        before, after = self.shape[:axis], self.shape[axis + 1 :]
        if isinstance(place, slice):
            return self._sliced(axis, place), 1
        if isinstance(place, int | np.integer):
            picked = self.op(
                "Gather", np.array(place, np.int64), axis=axis, shape=(*before, *after)
            )
            return picked, 0
        chosen = np.asarray(place)
        if chosen.dtype == bool:
            chosen = np.flatnonzero(chosen)
        shape = (*before, len(chosen), *after)
        return self.op("Gather", chosen.astype(np.int64), axis=axis, shape=shape), 1

    def _sliced(self, axis: int, place: slice) -> "Tensor":
        if place == slice(None):
            return self
        size = self.shape[axis]
        if size is None:
            raise NotImplementedError("rows of a graph are not counted")
        start, stop, step = place.indices(size)
        if (start, stop, step) == (0, size, 1):
            return self
        shape = (*self.shape[:axis], len(range(start, stop, step)), *self.shape[axis + 1 :])
        bounds = [np.array([each], np.int64) for each in (start, stop, axis, step)]
        return self.op("Slice", *bounds, shape=shape)

    def _named(self, other: Any) -> str:
        return other.name if isinstance(other, Tensor) else self.graph.constant(np.asarray(other))

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        if method != "__call__" or ufunc not in UFUNCS:
            return NotImplemented
        # Where it is to be written to: what it was named for is this one from now on.
        options.pop("out", None)
        dtype = options.pop("dtype", None)
        if options:
            return NotImplemented
        return UFUNCS[ufunc](*(promoted(inputs, dtype) if len(inputs) > 1 else inputs))

    def __array_function__(
        self, function: Any, types: Any, args: Sequence[Any], options: Any
    ) -> Any:
        if function not in FUNCTIONS:
            return NotImplemented
        return FUNCTIONS[function](*args, **options)

    def __array__(self, *args: Any, **options: Any) -> Any:
        raise TypeError("A value of a graph has no numbers yet.")

    def __bool__(self) -> bool:
        raise TypeError("A value of a graph is neither true nor false yet.")

    def __iter__(self) -> Any:
        raise TypeError("The rows of a graph are not there yet.")


def graph_of(values: Sequence[Any]) -> Graph:
    """The graph that values are of, some of which may be constants."""
    return next(value.graph for value in values if isinstance(value, Tensor))


def as_tensor(graph: Graph, value: Any, dtype: Any = None) -> Tensor:
    """A value of a graph, made of a constant if it is one."""
    if isinstance(value, Tensor):
        return value if dtype is None else value.astype(dtype)
    array = np.asarray(value, dtype)
    return Tensor(graph, graph.constant(array), array.dtype, array.shape)


def promoted(values: Sequence[Any], dtype: Any = None) -> list[Tensor]:
    """Values of one graph in one dtype, which numpy would give them."""
    graph = graph_of(values)
    if dtype is None:
        dtype = np.result_type(
            *(
                value if isinstance(value, bool | int | float) else value.dtype
                for value in (_plain(each) for each in values)
            )
        )
    return [as_tensor(graph, value, dtype) for value in values]


def _plain(value: Any) -> Any:
    is_known = isinstance(value, Tensor | bool | int | float) and not isinstance(value, np.generic)
    return value if is_known else np.asarray(value)


def broadcast(*shapes: Shape) -> Shape:
    """Shape of what values of these shapes make together."""
    n_axes = max(len(shape) for shape in shapes)
    aligned = [(1,) * (n_axes - len(shape)) + shape for shape in shapes]
    return tuple(_common(sizes) for sizes in zip(*aligned, strict=True))


def _common(sizes: tuple[int | None, ...]) -> int | None:
    known = [size for size in sizes if size is not None and size != 1]
    if known:
        return known[0]
    return None if None in sizes else 1
