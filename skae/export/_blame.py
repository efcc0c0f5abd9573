"""Which step it is that cannot be written, and the way out."""

import copy
from typing import Any

from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline

from skae.export._asking import Question, question_of
from skae.export._converting import CannotConvert, converted, finish
from skae.export._inputs import Input
from skae.export._refusals import CannotExport
from skae.export._running import CannotRun, loaded
from skae.export._trial import Trial, check_answers, expected_of
from skae.reducers import steps_of

# Of what a converter says, which may be all that it holds.
_MOST_LETTERS = 300
_FAULTS = (CannotConvert, CannotExport, CannotRun)


def reason(question: Question, inputs: list[Input], trial: Trial | None, error: Exception) -> str:
    """Say which step is at fault, why, and what to do instead; the sentence goes on from "as".

    Parameters
    ----------
    question : Question
    inputs : list of Input
    trial : Trial or None
        None if there is no model to be tried.
    error : Exception
        What went wrong with all steps together.
    """
    steps = steps_of(question.estimator)
    place = len(steps) - 1
    if "inverse_transform" not in question.methods:
        for i in range(1, len(steps)):
            found = _fault(steps[:i], inputs, trial)
            if found is not None:
                place, error = i - 1, found
                break
    step = steps[place]
    name = type(step).__name__
    inner = _fault_inside(step, inputs) if place == 0 else None
    if inner is not None:
        name = f"{inner} in its {name}"
    if place < len(steps) - 1:
        way_out = f"Export the steps after it, and apply {name} where the file runs"
    elif place:
        way_out = f"Export the steps before it, and apply {name} to what the file answers"
    else:
        way_out = "Answer in Python"
    why = str(error).removesuffix(".")
    why = why if len(why) <= _MOST_LETTERS else f"{why[:_MOST_LETTERS]}..."
    return (
        f"no graph of {name} that runs and answers alike is known: {why}. {way_out}, or register a "
        "converter with skl2onnx.update_registered_converter."
    )


def _fault(steps: list[Any], inputs: list[Input], trial: Trial | None) -> Exception | None:
    """What is wrong with the first steps of a Pipeline; None if nothing is."""
    estimator = Pipeline([(str(i), step) for i, step in enumerate(steps)])
    method = "transform"
    try:
        question = question_of(estimator, method)
    except (TypeError, ValueError):
        # It transforms in Python, and its converter knows of something else.
        return CannotExport("its converter has no output for transform")
    try:
        model = converted(question, inputs)
        if trial is not None:
            part = Trial(trial.rows, trial.feed, expected_of(question, trial.rows))
            finish(model, question, inputs, part)
            check_answers(loaded(model), part, question.methods)
    except _FAULTS as error:
        return error
    return None


def _fault_inside(step: Any, inputs: list[Input]) -> str | None:
    """The transformer of a ColumnTransformer that is at fault, if one alone is."""
    if not isinstance(step, ColumnTransformer):
        return None
    for each in step.transformers_:
        if isinstance(each[1], str):
            continue
        alone = copy.copy(step)
        alone.transformers_ = [each]
        try:
            loaded(converted(question_of(alone, "transform"), inputs))
        except _FAULTS:
            return type(each[1]).__name__
    return None
