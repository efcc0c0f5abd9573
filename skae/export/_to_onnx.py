"""Fitted estimators, and whole Pipelines of them, as files of ONNX."""

import copy
import os
import re
import warnings
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

import skae
from skae.drafts import place_of, write_whole
from skae.export._asking import Question, question_of
from skae.export._converters import register, tensor_type
from skae.export._graph import OPSET
from skae.export._inputs import Input, inputs_of, with_given_types
from skae.export._refusals import CannotExport
from skae.messages import needs_extra
from skae.states import text_of_path, versions

# The operators of scikit-learn's trees, encoders and the like.
_ML_OPSET = 3
_WAY_OUT = "Leave it out to get the model alone."


def to_onnx(
    estimator: Any,
    path: str | os.PathLike[str] | None = None,
    *,
    method: str | Sequence[str] | None = None,
    X: Any = None,
    dtype: Literal["float64", "float32"] = "float64",
) -> Any:
    """Write a fitted estimator, or a Pipeline of such, as a file of ONNX.

    The file answers without Python, Keras or scikit-learn what a method of the estimator answers:
    ``onnxruntime`` runs it from C, C++, C#, Java, JavaScript and Rust, on servers, phones and in
    browsers. Units change in double precision and networks compute in single precision, so that
    answers are those of numpy to about a millionth of their scale, also for rows far from zero.

    Parameters
    ----------
    estimator : estimator
        Fitted: any autoencoder of skae, classifier, regressor, imputer or detector; a Pipeline or
        ColumnTransformer of these and of what `skl2onnx` knows of scikit-learn; a search, of which
        it is the best estimator.
    path : path-like, default=None
        A file to write, which appears whole or not at all; None writes none.
    method : str or list of str, default=None
        What the file is to answer: an output for each, of the name of the method. None means
        ``"transform"`` for transformers, ``"score_samples"`` for detectors and ``"predict"`` for
        classifiers and regressors. ``"inverse_transform"`` is alone, as its rows are codes.
    X : DataFrame, default=None
        A few rows, which show what the columns hold, if the first step is a ColumnTransformer that
        was fitted on a frame.
    dtype : {"float64", "float32"}, default="float64"
        Type of the numbers that come in, and of codes and rows that go out; scores and
        probabilities are of double precision.

    Returns
    -------
    model : onnx.ModelProto
        What was written: of opset 17 (``onnxruntime`` 1.12 and newer), with the same bytes for the
        same estimator. Its properties say which classes and versions wrote it.

    Raises
    ------
    ImportError
        If `skl2onnx` is not installed.
    TypeError
        If this is no estimator, or has no such method or no graph.
    ValueError
        If something of it has no graph: layers, losses and activations of your own, conditional
        networks, tables, grids. The message says what, and the way out.
    NotFittedError
        If it is not fitted.
    OSError
        If ``path`` is a directory, a device or a pipe, or cannot be written.

    See Also
    --------
    save : Files for Python, which answer with the same bits.

    Notes
    -----
    Rows come in as one matrix ``X`` of any number of rows, or, after a ColumnTransformer fitted on
    a frame, as one matrix of one column for each column, of its name. What numpy refuses, such as
    NaN, a file does not: it answers NaN.

    A detector judges all rows as new ones. In Python it remembers the rows of its fit, and has
    each judged by the reducer that has not seen it.

    Estimators of skae are converters of `skl2onnx` from the first call on, so that
    ``skl2onnx.to_onnx`` knows them as steps too.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> import skae
    >>> X = load_digits().data
    >>> pipeline = make_pipeline(StandardScaler(), skae.Autoencoder(8, hidden_layer_sizes=()))
    >>> model = skae.to_onnx(pipeline.fit(X), method=["transform", "score_samples"])
    >>> [output.name for output in model.graph.output]
    ['transform', 'score_samples']
    """
    given = _checked_dtype(dtype)
    place = None if path is None else place_of(text_of_path(path, _WAY_OUT))
    question = question_of(estimator, method)
    with needs_extra("onnx", "to_onnx"):
        register()
    inputs = inputs_of(question, X, given)
    try:
        model = _converted(question, inputs)
    except CannotExport as error:
        name = type(question.last).__name__
        raise ValueError(f"This {name} cannot be exported, as {error}") from error
    with_given_types(model, inputs, question.methods)
    _describe(model, question)
    if place is not None:
        write_whole(place, model.SerializeToString(deterministic=True))
    return model


def _converted(question: Question, inputs: list[Input]) -> Any:
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
    except (MissingConverter, MissingShapeCalculator) as error:
        found = re.search(r"type '<class '([\w.]+)'>'", str(error))
        what = found[1] if found else "a step"
        raise CannotExport(
            f"skl2onnx has no converter of {what}. Leave that step out, or register one with "
            "skl2onnx.update_registered_converter."
        ) from error
    except (NotImplementedError, RuntimeError) as error:
        raise CannotExport(
            f"skl2onnx cannot convert one of its steps: {error} Leave that step out."
        ) from error
    return _with_named_outputs(model, question)


def _describe(model: Any, question: Question) -> None:
    """Say in a model who wrote it, and of what."""
    import onnx

    model.producer_name, model.producer_version, model.domain = "skae", skae.__version__, ""
    model.doc_string = f"{', '.join(question.methods)} of {type(question.estimator).__name__}"
    about = {
        "estimator": type(question.estimator).__name__,
        "last_step": type(question.last).__name__,
        "methods": ", ".join(question.methods),
        **{name.replace("-", "_"): known for name, known in sorted(versions().items())},
    }
    onnx.helper.set_model_props(model, about)
    opsets = sorted(model.opset_import, key=lambda each: str(each.domain))
    opsets = [onnx.helper.make_opsetid(each.domain, each.version) for each in opsets]
    del model.opset_import[:]
    model.opset_import.extend(opsets)
    onnx.checker.check_model(model)


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


def _checked_dtype(dtype: Any) -> np.dtype[Any]:
    if dtype not in ("float64", "float32"):
        raise ValueError(
            f"dtype={dtype!r} should be 'float64' or 'float32': the type of the numbers that come "
            "in."
        )
    found: np.dtype[Any] = np.dtype(dtype)
    return found
