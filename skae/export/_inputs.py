"""The inputs of a graph: rows in one matrix, or the columns of a frame."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer

from skae.export._asking import Question
from skae.export._converters import Asked
from skae.export._inverses import Inverse, code_width

# The one input of rows that are a matrix, as scikit-learn calls it.
_NAME = "X"
# Their results have the dtype of the rows, as in numpy.
_OF_ROWS = ("inverse_transform", "reconstruct", "transform")


@dataclass(frozen=True)
class Input:
    """An input of a graph.

    Attributes
    ----------
    name : str
    inside : dtype
        In which the graph computes.
    given : dtype
        Of what comes in.
    shape : tuple of int or None
    """

    name: str
    inside: np.dtype[Any]
    given: np.dtype[Any]
    shape: tuple[int | None, int]


def inputs_of(question: Question, X: Any, dtype: np.dtype[Any]) -> list[Input]:
    """The inputs of the graph that answers a question.

    Raises
    ------
    ValueError
        If the first step reads columns by their names, and no rows show what these hold.
    """
    first = question.first
    if isinstance(first, Asked) and isinstance(first.estimator, Inverse):
        return [_matrix(code_width(first.estimator.steps), dtype)]
    names = getattr(first, "feature_names_in_", None)
    if not isinstance(first, ColumnTransformer) or names is None:
        _check_width(X, first.n_features_in_)
        return [_matrix(first.n_features_in_, dtype)]
    if not hasattr(X, "columns"):
        raise ValueError(
            f"This {type(question.estimator).__name__} reads columns by their names, and only a "
            "frame says which hold text. Pass a few rows like those of fit: to_onnx(..., X=frame)."
        )
    missing = [name for name in names if name not in list(X.columns)]
    if missing:
        raise ValueError(
            f"X lacks the column {missing[0]!r}, which was there in fit. Pass a few rows of the "
            "frame of fit."
        )
    return [_column(str(name), np.asarray(X[name]).dtype, dtype) for name in names]


def _check_width(X: Any, n_features: int) -> None:
    if X is None:
        return
    shape = np.shape(X)
    if len(shape) < 2 or shape[1] != n_features:
        raise ValueError(
            f"X has the shape {shape}, but rows of {n_features} features were expected. Pass a few "
            "rows like those of fit, or leave X out: no columns by name are read here."
        )


def _matrix(width: int, dtype: np.dtype[Any]) -> Input:
    return Input(_NAME, np.dtype(np.float64), dtype, (None, int(width)))


def _column(name: str, found: np.dtype[Any], dtype: np.dtype[Any]) -> Input:
    kind = found.kind
    if kind == "f":
        inside, given = np.dtype(np.float64), dtype
    elif kind in "iu":
        inside = given = np.dtype(np.int64)
    elif kind == "b":
        inside = given = np.dtype(np.bool_)
    elif kind in "OUT":
        inside = given = np.dtype(object)
    else:
        raise ValueError(
            f"The column {name!r} holds values of type {found}, which has no type in a graph. "
            "Make numbers or text of it before."
        )
    return Input(name, inside, given, (None, 1))


def with_given_types(model: Any, inputs: list[Input], methods: tuple[str, ...]) -> None:
    """Let rows come in as they are given, and what is made of them go out so.

    Parameters
    ----------
    model : onnx.ModelProto
        It is changed.
    inputs : list of Input
    methods : tuple of str
        Names of the outputs.
    """
    import onnx

    graph, single = model.graph, np.dtype(np.float32)
    double, number = (onnx.TensorProto.DOUBLE, onnx.TensorProto.FLOAT)
    before, after = [], []
    changed = {each.name: f"{each.name}_in_double" for each in inputs if each.given == single}
    if not changed:
        return
    for name, renamed in changed.items():
        before.append(onnx.helper.make_node("Cast", [name], [renamed], name=renamed, to=double))
    goes_out = {}
    for output in graph.output:
        kind = output.type.tensor_type
        if output.name in methods and output.name in _OF_ROWS and kind.elem_type == double:
            goes_out[output.name] = renamed = f"{output.name}_in_double"
            after.append(
                onnx.helper.make_node("Cast", [renamed], [output.name], name=renamed, to=number)
            )
            kind.elem_type = number
    for node in graph.node:
        node.input[:] = [changed.get(name, goes_out.get(name, name)) for name in node.input]
        node.output[:] = [goes_out.get(name, name) for name in node.output]
    for given in graph.input:
        if given.name in changed:
            given.type.tensor_type.elem_type = number
    nodes = [*before, *graph.node, *after]
    del graph.node[:]
    graph.node.extend(nodes)
