"""Fitted estimators, and whole Pipelines of them, as files of ONNX."""

import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from skae.drafts import write_whole
from skae.export._asking import Question, question_of
from skae.export._converters import register, tensor_type
from skae.export._graph import OPSET
from skae.export._inputs import inputs_of, with_given_types
from skae.export._refusals import CannotExport
from skae.messages import needs_extra
from skae.numerics import ArrayLike

# The operators of scikit-learn's trees, encoders and the like.
_ML_OPSET = 3


def to_onnx(
    estimator: Any,
    path: str | os.PathLike[str] | None = None,
    *,
    method: str | Sequence[str] | None = None,
    X: ArrayLike | None = None,
    dtype: Literal["float64", "float32"] = "float64",
) -> Any:
    with needs_extra("onnx", "to_onnx"):
        import onnx
        import skl2onnx
    given = _checked_dtype(dtype)
    question = question_of(estimator, method)
    register()
    inputs = inputs_of(question, X, given)
    try:
        with warnings.catch_warnings():
            # Of converters that are told of nothing they do not know.
            warnings.simplefilter("ignore")
            model = skl2onnx.convert_sklearn(
                question.model,
                name=type(question.last).__name__,
                initial_types=[(each.name, tensor_type(each.inside, each.shape)) for each in inputs],
                target_opset={"": OPSET, "ai.onnx.ml": _ML_OPSET},
                options=question.options,
            )
    except CannotExport as error:
        name = type(question.last).__name__
        raise ValueError(f"This {name} cannot be exported, as {error}") from error
    model = _with_named_outputs(model, question)
    with_given_types(model, inputs, question.methods)
    return model


def _with_named_outputs(model: Any, question: Question) -> Any:
    """The model with an output for every method, of its name."""
    from skl2onnx.helpers.onnx_helper import select_model_inputs_outputs

    old = [model.graph.output[place].name for place in question.places]
    if len(old) < len(model.graph.output):
        model = select_model_inputs_outputs(model, outputs=old)
    renamed = dict(zip(old, question.methods, strict=True))
    for node in model.graph.node:
        node.input[:] = [renamed.get(name, name) for name in node.input]
        node.output[:] = [renamed.get(name, name) for name in node.output]
    for output in model.graph.output:
        output.name = renamed[output.name]
    return model


def _checked_dtype(dtype: Any) -> np.dtype[Any]:
    if dtype not in ("float64", "float32"):
        raise ValueError(
            f"dtype={dtype!r} should be 'float64' or 'float32': the type of the numbers that come "
            "in."
        )
    return np.dtype(dtype)
