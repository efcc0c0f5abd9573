"""Nodes and constants of a graph of ONNX, in the order in which they were made."""

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from skae.messages import needs_extra
from skae.numerics import Array

# Reductions take axes as attributes up to here, and `onnxruntime` from 1.12 on runs it.
OPSET = 17


class Graph:
    """A graph that grows; names are the same for the same model.

    Parameters
    ----------
    prefix : str
        What the names of its values begin with.
    """

    def __init__(self, prefix: str) -> None:
        with needs_extra("onnx", "Export"):
            import onnx
        self._onnx, self._prefix = onnx, prefix
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self._known: dict[tuple[str, tuple[int, ...], bytes], str] = {}
        self._made: dict[tuple[Any, ...], list[str]] = {}
        self._n_names = 0

    def node(
        self, kind: str, inputs: Sequence[str], n_outputs: int = 1, **attributes: Any
    ) -> list[str]:
        """Add an operator, and return the names of what it gives; one that is there is not."""
        key = (kind, tuple(inputs), n_outputs, repr(sorted(attributes.items())))
        if key in self._made:
            return self._made[key]
        outputs = self._made[key] = [self._name() for _ in range(n_outputs)]
        name = f"{outputs[0]}_{kind}"
        self.nodes.append(
            self._onnx.helper.make_node(kind, list(inputs), outputs, name=name, **attributes)
        )
        return outputs

    def constant(self, values: Array) -> str:
        """Name of a constant; equal ones are one."""
        values = np.ascontiguousarray(values).reshape(np.shape(values))
        digest = hashlib.sha256(values.tobytes()).digest()
        key = (values.dtype.str, values.shape, digest)
        if key not in self._known:
            self._known[key] = self._name()
            self.constants.append(self._onnx.numpy_helper.from_array(values, name=self._known[key]))
        return self._known[key]

    def rename(self, value: Any, name: str) -> None:
        """Give a value a name of the outside."""
        self.nodes.append(
            self._onnx.helper.make_node("Identity", [value.name], [name], name=f"{name}_Identity")
        )

    def inner(self) -> "Graph":
        """An empty graph, the body of an operator of this one."""
        return Graph(f"{self._name()}_")

    def body(self, inputs: Sequence[Any], outputs: Sequence[Any]) -> Any:
        """Make the body of an operator of it; inputs and outputs have name, dtype and shape."""
        given, found = (
            [self._info(value.name, value.dtype, value.shape) for value in values]
            for values in (inputs, outputs)
        )
        return self._onnx.helper.make_graph(
            self.nodes, f"{self._prefix}body", given, found, initializer=self.constants
        )

    def type_of(self, dtype: np.dtype[Any]) -> int:
        """The number by which ONNX knows a dtype."""
        return int(self._onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))

    def _info(self, name: str, dtype: np.dtype[Any], shape: tuple[int | None, ...]) -> Any:
        return self._onnx.helper.make_tensor_value_info(name, self.type_of(dtype), shape)

    def _name(self) -> str:
        self._n_names += 1
        return f"{self._prefix}{self._n_names}"
