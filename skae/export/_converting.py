"""Estimators as models of ONNX, by `skl2onnx`."""

import copy
import re
import warnings
from typing import Any

import numpy as np

from skae.export._asking import Question, why_not
from skae.export._converters import tensor_type
from skae.export._graph import OPSET
from skae.export._inputs import Input, with_given_types
from skae.export._refusals import CannotExport
from skae.export._trial import Trial

# The operators of scikit-learn's trees, encoders and the like.
_ML_OPSET = 3


class CannotConvert(Exception):
    """`skl2onnx` stops at a step; the message is its own."""


def converted(question: Question, inputs: list[Input]) -> Any:
    """The model of an estimator, which reads double precision.

    Raises
    ------
    CannotExport
        If something has no graph.
    CannotConvert
        If `skl2onnx` fails.
    """
    import skl2onnx
    from skl2onnx.common.exceptions import MissingConverter, MissingShapeCalculator

    try:
        with warnings.catch_warnings():
            # Converters read attributes that scikit-learn is going to drop.
            warnings.simplefilter("ignore", FutureWarning)
            model = skl2onnx.convert_sklearn(
                question.model,
                name=type(question.last).__name__,
                initial_types=[(one.name, tensor_type(one.inside, one.shape)) for one in inputs],
                target_opset={"": OPSET, "ai.onnx.ml": _ML_OPSET},
                options=question.options,
            )
    except CannotExport:
        raise
    except (MissingConverter, MissingShapeCalculator) as error:
        found = re.search(r"type '<class '([\w.]+)'>'", str(error))
        what = found[1] if found else "a step"
        if what.startswith("skae."):
            name = what.rpartition(".")[2]
            raise CannotExport(f"its {name} has no graph: {why_not(name)}") from error
        raise CannotConvert(f"skl2onnx has no converter of {what}") from error
    except Exception as error:  # of converters of many hands
        raise CannotConvert(" ".join(str(error).split()).removesuffix(".")) from error
    return _with_named_outputs(model, question)


def finish(model: Any, question: Question, inputs: list[Input], trial: Trial) -> None:
    """Give the inputs and outputs of a model the types and numbers of axes of the estimator's."""
    expected = dict(zip(question.methods, trial.expected, strict=True))
    for output in list(model.graph.output):
        _finish_output(model.graph, output, expected[output.name])
    with_given_types(model, inputs, question.methods)


def _finish_output(graph: Any, output: Any, expected: Any) -> None:
    """One answer of a row for rows of one answer, and double precision for single."""
    import onnx

    kind, name = output.type.tensor_type, output.name
    steps: list[tuple[str, dict[str, Any]]] = []
    if expected.ndim == 1 and len(kind.shape.dim) == 2:
        steps.append(("Reshape", {}))
        del kind.shape.dim[1]
    if expected.dtype == np.float64 and kind.elem_type == onnx.TensorProto.FLOAT:
        steps.append(("Cast", {"to": onnx.TensorProto.DOUBLE}))
        kind.elem_type = onnx.TensorProto.DOUBLE
    if not steps:
        return
    names = [f"{name}_before_{operator}" for operator, _ in steps]
    for node in graph.node:
        node.input[:] = [names[0] if each == name else each for each in node.input]
        node.output[:] = [names[0] if each == name else each for each in node.output]
    for (operator, options), given, made in zip(steps, names, [*names[1:], name], strict=True):
        inputs = [given]
        if operator == "Reshape":
            inputs.append(f"{given}_to")
            graph.initializer.append(
                onnx.numpy_helper.from_array(np.array([-1], np.int64), name=inputs[1])
            )
        graph.node.append(onnx.helper.make_node(operator, inputs, [made], name=given, **options))


def _with_named_outputs(model: Any, question: Question) -> Any:
    """The model with an output for every method, of its name."""
    outputs = [model.graph.output[place] for place in question.places]
    old = [output.name for output in outputs]
    _drop_unused(model.graph, set(old))
    outputs = [copy.deepcopy(output) for output in outputs]
    del model.graph.output[:]
    model.graph.output.extend(outputs)
    renamed = dict(zip(old, question.methods, strict=True))
    for node in model.graph.node:
        node.input[:] = [renamed.get(name, name) for name in node.input]
        node.output[:] = [renamed.get(name, name) for name in node.output]
    for output in model.graph.output:
        output.name = renamed[output.name]
    return model


def _drop_unused(graph: Any, needed: set[str]) -> None:
    """Leave out what no output depends on."""
    kept = []
    for node in reversed(graph.node):
        if needed.intersection(node.output):
            kept.append(node)
            needed.update(node.input)
    constants = [each for each in graph.initializer if each.name in needed]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(reversed(kept))
    graph.initializer.extend(constants)
