"""Converters of skae's estimators, as `skl2onnx` knows them."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from skae.export._answers import ANSWERS, answer, answers_of
from skae.export._graph import OPSET, Graph
from skae.export._refusals import CannotExport
from skae.export._tensor import Tensor, xp

_ALIAS = "Skae"


class Asked(BaseEstimator):
    """An estimator that is asked for certain methods, as the last step of a Pipeline.

    Parameters
    ----------
    estimator : estimator
    methods : tuple of str
        One output of the graph each, of this name.
    """

    def __init__(self, estimator: Any = None, methods: Sequence[str] = ()) -> None:
        self.estimator, self.methods = estimator, methods


def register() -> None:
    """Tell `skl2onnx` of the estimators of skae; again is no harm."""
    from skl2onnx import update_registered_converter

    for cls in (*ANSWERS, Asked):
        update_registered_converter(
            cls, f"{_ALIAS}{cls.__name__}", _set_types, _convert, parser=_parse
        )


def _asked(operator: Any) -> Asked:
    given = operator.raw_operator
    if isinstance(given, Asked):
        return given
    found = answers_of(given)
    assert found is not None
    return Asked(given, found.methods[:1])


def _parse(scope: Any, model: Any, inputs: Any, custom_parsers: Any = None) -> Any:
    from skl2onnx.common.data_types import DoubleTensorType

    operator = scope.declare_local_operator(f"{_ALIAS}{type(model).__name__}", model)
    operator.inputs = inputs
    for method in _asked(operator).methods:
        operator.outputs.append(scope.declare_local_variable(method, DoubleTensorType()))
    return operator.outputs


def _set_types(operator: Any) -> None:
    for value, output in zip(_values(Graph("_"), operator), operator.outputs, strict=True):
        output.type = tensor_type(value.dtype, value.shape)


def _convert(scope: Any, operator: Any, container: Any) -> None:
    prefix = scope.get_unique_variable_name(f"{type(_asked(operator).estimator).__name__}_")
    graph = Graph(prefix)
    for value, output in zip(_values(graph, operator), operator.outputs, strict=True):
        graph.rename(value, output.full_name)
    _add(graph, container)


def _add(graph: Graph, container: Any) -> None:
    container.nodes.extend(graph.nodes)
    container.initializers.extend(graph.constants)
    container.node_domain_version_pair_sets.add(("", OPSET))


def types_by(function: Callable[[Any, Tensor], Tensor]) -> Callable[[Any], None]:
    """The calculator of types of an estimator whose rows a function answers."""

    def set_types(operator: Any) -> None:
        value = function(operator.raw_operator, _rows(Graph("_"), operator))
        operator.outputs[0].type = tensor_type(value.dtype, value.shape)

    return set_types


def convert_by(function: Callable[[Any, Tensor], Tensor]) -> Callable[[Any, Any, Any], None]:
    """The converter of an estimator whose rows a function answers."""

    def convert(scope: Any, operator: Any, container: Any) -> None:
        name = type(operator.raw_operator).__name__
        graph = Graph(scope.get_unique_variable_name(f"{name}_"))
        value = function(operator.raw_operator, _rows(graph, operator))
        graph.rename(value, operator.outputs[0].full_name)
        _add(graph, container)

    return convert


def _values(graph: Graph, operator: Any) -> list[Tensor]:
    asked, rows = _asked(operator), _rows(graph, operator)
    return [answer(asked.estimator, method, rows) for method in asked.methods]


def _rows(graph: Graph, operator: Any) -> Tensor:
    """The rows of an operator: all its inputs beside each other, in double precision."""
    from skl2onnx.common.data_types import StringTensorType, guess_numpy_type

    tensors = []
    for variable in operator.inputs:
        if isinstance(variable.type, StringTensorType):
            raise CannotExport("it reads numbers, but is given text. Encode text before it.")
        shape = (None, *variable.type.shape[1:])
        given = Tensor(graph, variable.full_name, guess_numpy_type(variable.type), shape)
        tensors.append(given.astype(np.float64))
    if len(tensors) == 1:
        return tensors[0]
    rows: Tensor = xp.concatenate(tensors, axis=1)
    return rows


def tensor_type(dtype: np.dtype[Any], shape: Sequence[int | None]) -> Any:
    """The type of `skl2onnx` for values of a dtype.

    Raises
    ------
    CannotExport
        If there is none.
    """
    from skl2onnx.common import data_types

    kinds = {
        "bool": data_types.BooleanTensorType,
        "float32": data_types.FloatTensorType,
        "float64": data_types.DoubleTensorType,
        "int32": data_types.Int32TensorType,
        "int64": data_types.Int64TensorType,
        "object": data_types.StringTensorType,
    }
    if np.dtype(dtype).name not in kinds:
        raise CannotExport(
            f"values of type {np.dtype(dtype).name} have no type in its graph. Fit it to labels or "
            "columns of another type: whole numbers as int64, others as float64."
        )
    return kinds[np.dtype(dtype).name](list(shape))
