"""What of an estimator a file is to answer, and the model that says it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sklearn.base import is_classifier, is_clusterer, is_outlier_detector, is_regressor
from sklearn.utils.validation import check_is_fitted

from skae.export._answers import answers_of
from skae.export._converters import Asked
from skae.export._inverses import Inverse
from skae.export._rewriting import pipeline_of
from skae.reducers import steps_of, thawed

# Which output of its converter a method of an estimator of scikit-learn is; the first is asked by
# default.
_CLASSIFIER = {"predict": 0, "predict_proba": 1}
_GROUPS = {"transform": 1, "predict": 0}
_OUTLIERS = {"predict": 0, "decision_function": 1}
_PREDICTOR = {"predict": 0}
_TRANSFORMER = {"transform": 0}
# What of skae's own has none, and the way out.
_WHY = {
    "LatentCodec": "its answers are bytes. Export its reducer, and code what that gives in Python.",
    "LatentSampler": "it draws, and files answer alike each time. Export inverse_transform of its "
    "reducer, and draw codes where it runs.",
    "TableAutoencoder": "columns of all kinds are read in Python alone. Encode them by a "
    "ColumnTransformer, and put an autoencoder of numbers after it.",
}
_WHY_NOT = "it is not among those that can be exported. Export the estimators inside."


@dataclass(frozen=True)
class Question:
    """What a file is to answer.

    Attributes
    ----------
    estimator : estimator
        What was asked: a search is its best estimator.
    last : estimator
        The last step.
    first : estimator
        The first step, which reads the rows.
    methods : tuple of str
    model : estimator
        What `skl2onnx` converts.
    options : dict
        What it is told besides.
    places : tuple of int
        Which outputs of it the methods are.
    """

    estimator: Any
    last: Any
    first: Any
    methods: tuple[str, ...]
    model: Any
    places: tuple[int, ...]
    options: dict[int, dict[str, Any]] = field(default_factory=dict)


def question_of(estimator: Any, method: str | Sequence[str] | None) -> Question:
    """What a file of an estimator is to answer.

    Raises
    ------
    TypeError
        If this is no estimator, or has no such method.
    ValueError
        If a method has no graph, or ``"inverse_transform"`` is not alone.
    NotFittedError
        If it is not fitted.
    """
    if isinstance(estimator, type) or not hasattr(estimator, "get_params"):
        raise TypeError(
            f"{estimator!r} is not an estimator. Pass a fitted one, such as "
            "Autoencoder(8).fit(X), or a Pipeline."
        )
    check_is_fitted(estimator)
    estimator = _found(estimator)
    steps = steps_of(estimator)
    if not steps:
        raise TypeError(f"This {type(estimator).__name__} does nothing. Pass one with a step.")
    for step in steps:
        check_is_fitted(step)
    first, last = steps[0], steps[-1]
    ours = answers_of(last)
    if ours is None and type(last).__module__.startswith("skae."):
        raise TypeError(f"{type(last).__name__} has no graph: {why_not(type(last).__name__)}")
    places = _places_of(last) if ours is None else {}
    known = tuple(places) if ours is None else ours.methods
    if not known:
        raise TypeError(
            f"{type(last).__name__} has none of the methods that can be exported. Export the steps "
            "before it."
        )
    methods = (known[0],) if method is None else _checked(method)
    for name in methods:
        if not hasattr(estimator, name):
            raise TypeError(
                f"method={name!r} is no method of this {type(estimator).__name__}. It has "
                f"{_listed(each for each in known if hasattr(estimator, each))}."
            )
    if "inverse_transform" in methods:
        if len(methods) > 1:
            raise ValueError(
                f"method={methods!r} asks about rows and about codes in one file. Export "
                "'inverse_transform' to a file of its own."
            )
        asked = Asked(Inverse(steps), methods)
        return Question(estimator, last, asked, methods, asked, (0,))
    for name in methods:
        if name not in known:
            raise ValueError(
                f"method={name!r} of {type(last).__name__} has no graph. Take {_listed(known)}."
            )
    if ours is None:
        # Of a classifier without probabilities the converter has no such option.
        has_shares = is_classifier(last) and hasattr(last, "predict_proba")
        options = {"zipmap": False} if has_shares else {}
        return Question(
            estimator,
            last,
            first,
            methods,
            pipeline_of(steps),
            tuple(places[name] for name in methods),
            {id(last): options} if options else {},
        )
    model = pipeline_of([*steps[:-1], Asked(last, methods)])
    return Question(estimator, last, first, methods, model, tuple(range(len(methods))))


def why_not(name: str) -> str:
    """Why a class of skae has no graph, and the way out."""
    return _WHY.get(name, _WHY_NOT)


def _found(estimator: Any) -> Any:
    """The estimator itself, where it is frozen or the best of a search."""
    estimator = thawed(estimator)
    best = getattr(estimator, "best_estimator_", None)
    return estimator if best is None else _found(best)


def _places_of(last: Any) -> dict[str, int]:
    """Which outputs the methods are that an estimator of scikit-learn has."""
    if is_classifier(last):
        places = _CLASSIFIER
    elif is_outlier_detector(last):
        places = _OUTLIERS
    elif is_clusterer(last):
        places = _GROUPS
    elif is_regressor(last):
        places = _PREDICTOR
    else:
        places = _TRANSFORMER
    return {name: place for name, place in places.items() if hasattr(last, name)}


def _checked(method: Any) -> tuple[str, ...]:
    methods = (method,) if isinstance(method, str) else method
    is_list = isinstance(methods, tuple | list) and methods
    if not is_list or not all(isinstance(name, str) for name in methods):
        raise TypeError(
            f"method={method!r} is neither the name of a method nor a list of such. Pass, say, "
            "'transform' or ['transform', 'score_samples']."
        )
    if len(set(methods)) < len(methods):
        raise ValueError(f"method={method!r} names a method twice. Name each once.")
    return tuple(methods)


def _listed(names: Any) -> str:
    return ", ".join(repr(name) for name in names)
