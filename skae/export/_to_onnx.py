"""Fitted estimators, and whole Pipelines of them, as files of ONNX."""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

import skae
from skae.drafts import place_of, write_whole
from skae.export._asking import Question, question_of
from skae.export._blame import reason
from skae.export._converters import register
from skae.export._converting import CannotConvert, converted, finish
from skae.export._inputs import Input, inputs_of
from skae.export._refusals import CannotExport
from skae.export._running import CannotRun, loaded
from skae.export._trial import check_answers, trial_of
from skae.messages import needs_extra
from skae.states import shortened, text_of_path, versions

_WAY_OUT = "Leave it out to get the model alone."


def to_onnx(
    estimator: Any,
    path: str | os.PathLike[str] | None = None,
    *,
    method: str | Sequence[str] | None = None,
    X: Any = None,
    dtype: DTypeLike = "float64",
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
        A file to write, which appears whole or not at all; missing folders are made. None writes
        none.
    method : str or list of str, default=None
        What the file is to answer: an output for each, of the name of the method. None means
        ``"transform"`` for transformers, ``"score_samples"`` for detectors and ``"predict"`` for
        other estimators. ``"inverse_transform"`` is alone, as its rows are codes.
    X : array-like of shape (n_samples, n_features), default=None
        A few rows like those of the fit, or codes for ``"inverse_transform"``, to try the file on;
        of more than 100 the first. None makes some up, from the units that the steps know. If the
        first step is a ColumnTransformer that was fitted on a frame, it has to be a frame, which
        shows what the columns hold.
    dtype : {"float64", "float32"} or such a dtype, default="float64"
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
        networks, grids, steps of which `skl2onnx` writes what no runtime loads or what answers
        otherwise. The message says what, and the way out. Also if the estimator refuses ``X``.
    NotFittedError
        If it is not fitted, or a step of it.
    OSError
        If ``path`` is empty, a directory, a device or a pipe, or cannot be written.

    See Also
    --------
    save : Files for Python, which answer with the same bits.

    Notes
    -----
    Rows come in as one matrix ``X`` of any number of rows, or, after a ColumnTransformer fitted on
    a frame, as one matrix of one column for each column, of its name. What numpy refuses, such as
    NaN, a file does not: it answers NaN.

    Before it is put in place the file is loaded and run, by ``onnxruntime`` where it is installed,
    else by the reference of `onnx`. It has to answer with the estimator's shapes, with numbers
    within a hundredth of their deviation (plus 1e-5 of the largest), and with its labels in nine of
    ten rows. That finds wrong files, and is no promise of how near they are: compare rows of yours.
    Rows that are made up may lie elsewhere than those of the fit where the steps do not know their
    units; then pass ``X``.

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
    with needs_extra("onnx", "to_onnx"):
        register()
    question = question_of(estimator, method)
    inputs = inputs_of(question, X, given)
    try:
        model = _written(question, inputs, X)
    except CannotExport as error:
        name = type(question.last).__name__
        raise ValueError(f"This {name} cannot be exported, as {error}") from error
    if place is not None:
        write_whole(place, model.SerializeToString(deterministic=True))
    return model


def _written(question: Question, inputs: list[Input], X: Any) -> Any:
    """A model that answers what the estimator does, on a few rows at least."""
    try:
        model = converted(question, inputs)
    except CannotConvert as error:
        raise CannotExport(reason(question, inputs, None, error)) from error
    trial = trial_of(question, inputs, X)
    finish(model, question, inputs, trial)
    _describe(model, question)
    try:
        check_answers(loaded(model), trial, question.methods)
    except (CannotExport, CannotRun) as error:
        raise CannotExport(reason(question, inputs, trial, error)) from error
    return model


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


def _checked_dtype(dtype: DTypeLike) -> np.dtype[Any]:
    try:
        found = None if dtype is None else np.dtype(dtype)
    except TypeError:
        found = None
    if found not in (np.float64, np.float32):
        raise ValueError(
            f"dtype={shortened(dtype)} should be 'float64' or 'float32': the type of the numbers "
            "that come in."
        )
    checked: np.dtype[Any] = np.dtype(found)
    return checked
