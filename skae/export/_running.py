"""Models of ONNX, run here: by `onnxruntime`, or by what `onnx` has itself."""

from collections.abc import Callable, Mapping
from typing import Any

from skae.numerics import Array

Run = Callable[[Mapping[str, Array]], Any]


class CannotRun(Exception):
    """A model is not one that a runtime loads, or it stops there; the message is the runtime's."""


def loaded(model: Any) -> Run:
    """A function that answers what a model does.

    Parameters
    ----------
    model : onnx.ModelProto

    Returns
    -------
    run : callable
        Of the inputs by their names, to the outputs.

    Raises
    ------
    CannotRun
        If it cannot be loaded.
    """
    import onnx

    try:
        onnx.checker.check_model(model, full_check=True)
    except Exception as error:  # its types of errors have no public base
        raise CannotRun(_first_line(error)) from error
    try:
        import onnxruntime
    except ImportError:
        return _by_reference(model)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what is wrong is raised
    try:
        session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:
        raise CannotRun(_first_line(error)) from error
    return _refusing(lambda feed: session.run(None, dict(feed)))


def _by_reference(model: Any) -> Run:
    from onnx.reference import ReferenceEvaluator

    try:
        evaluator = ReferenceEvaluator(model)
    except Exception as error:
        raise CannotRun(_first_line(error)) from error
    return _refusing(lambda feed: evaluator.run(None, dict(feed)))


def _refusing(run: Run) -> Run:
    def answers(feed: Mapping[str, Array]) -> list[Array]:
        try:
            found: list[Array] = run(feed)
            return found
        except Exception as error:
            raise CannotRun(_first_line(error)) from error

    return answers


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].removesuffix(".")
