"""Whether the state of an estimator of scikit-learn is one that a fit may have left.

Scikit-learn trusts its own attributes: what it does with others is not defined. Looked at is what
its methods multiply rows with, index by, or call.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator

from skae.persistence._encoders import check_encoder
from skae.states import demand, demand_integer

# Arrays of a column for each feature.
_OF_FEATURES = (
    *("center_", "coef_", "components_", "data_max_", "data_min_", "data_range_", "lambdas_"),
    *("max_abs_", "mean_", "means_", "min_", "quantiles_", "scale_", "statistics_", "theta_"),
    *("var_", "variances_", "xbar_", "_average_coef", "_standard_coef"),
)
# A feature that was never there leaves NaN in all arrays of these.
_WITH_HOLES = {
    *("MaxAbsScaler", "MinMaxScaler", "PowerTransformer", "QuantileTransformer", "RobustScaler"),
    *("SimpleImputer", "StandardScaler", "VarianceThreshold"),
}
_NOT_ZERO = ("MaxAbsScaler", "MinMaxScaler", "RobustScaler", "StandardScaler")
# Listed for what columns pass through as they are.
_CALLER = "sklearn.preprocessing._function_transformer.FunctionTransformer"
_PASSED = (None, "passthrough", "drop")
# Our own classes that keep what one of scikit-learn keeps.
_LIKE = {
    "skae.model_selection._grid_search.BatchedGridSearchCV": (
        "sklearn.model_selection._search.GridSearchCV"
    ),
}
_ANSWERS = {"decision_function", "default", "predict", "predict_log_proba", "predict_proba"}


def check_library_state(name: str, state: Any, is_given: Callable[[str], bool]) -> None:
    """Refuse a state of an object of a listed class of scikit-learn.

    Parameters
    ----------
    name : str
        Full name of its class.
    state : dict or None
    is_given : callable
        Whether the user trusts a class of this name.

    Raises
    ------
    ValueError
    """
    name = _LIKE.get(name, name)
    module, _, short = name.rpartition(".")
    if not module.startswith("sklearn.") or state is None:
        return
    demand(isinstance(state, Mapping), f"the state of a {short} is a {type(state).__name__}")
    _check_arrays(short, state)
    for part in _parts(short, state):
        demand(
            is_estimator(part, is_given),
            f"a part of a {short} is a {type(part).__name__} and no estimator",
        )
    if short in _CHECKS:
        _CHECKS[short](state)


def needs_trust(name: str, state: Any) -> bool:
    """Whether a class is listed, but not with what this object of it calls."""
    calls = name == _CALLER and isinstance(state, Mapping)
    return calls and any(state.get(each) is not None for each in ("func", "inverse_func"))


def is_estimator(value: Any, is_given: Callable[[str], bool]) -> bool:
    """Whether a value is an estimator, or an object of a class that the user trusts."""
    cls = type(value)
    return isinstance(value, BaseEstimator) or is_given(f"{cls.__module__}.{cls.__qualname__}")


def _check_arrays(short: str, state: Mapping[str, Any]) -> None:
    if "n_features_in_" in state:
        demand_integer(f"n_features_in_ of a {short}", state["n_features_in_"], 0)
    width = state.get("n_features_in_")
    holes = None
    for name in _OF_FEATURES:
        value = state.get(name)
        if value is None or (np.ndim(value) == 0 and not sparse.issparse(value)):
            continue
        what = f"{name} of a {short}"
        demand(isinstance(value, np.ndarray) or sparse.issparse(value), f"{what} is no array")
        if value.dtype.kind == "O" and short == "SimpleImputer":
            continue  # of text
        demand(value.dtype.kind in "biuf", f"{what} holds {value.dtype}")
        demand(
            width is None or value.shape[-1] == width,
            f"{what} is of shape {value.shape}, of {width} features",
        )
        plain = value.data if sparse.issparse(value) else value
        if short not in _WITH_HOLES:
            demand(np.isfinite(plain).all(), f"{what} holds values that are no finite numbers")
            continue
        demand(not np.isinf(plain).any(), f"{what} holds infinite values")
        lacks = np.isnan(plain.reshape(-1, plain.shape[-1])).any(axis=0)
        demand(
            holes is None or np.array_equal(lacks, holes), f"{what} lacks values that others have"
        )
        holes = lacks
        is_divisor = name == "scale_" and short in _NOT_ZERO
        demand(not is_divisor or (plain != 0).all(), f"{what} is 0")


def _parts(short: str, state: Mapping[str, Any]) -> Iterator[Any]:
    """Yield what a class calls methods of that estimators have."""
    for name in _ESTIMATORS.get(short, ()):
        if state.get(name) is not None:
            yield state[name]
    for name, place in _LISTS.get(short, ()):
        listed = state.get(name, ())
        demand(isinstance(listed, list | tuple), f"{name} of a {short} is no list")
        for each in listed:
            part = each if place is None else _named_part(f"{name} of a {short}", each, place)
            if not (part is None or (isinstance(part, str) and part in _PASSED)):
                yield part


def _named_part(what: str, each: Any, place: int) -> Any:
    is_named = isinstance(each, tuple) and len(each) > place and isinstance(each[0], str)
    demand(is_named, f"{what} holds what is no name beside an estimator")
    return each[place]


_ESTIMATORS = {
    "CalibratedClassifierCV": ("estimator",),
    "FrozenEstimator": ("estimator",),
    "GridSearchCV": ("estimator", "best_estimator_"),
    "KBinsDiscretizer": ("_encoder",),
    "PowerTransformer": ("_scaler",),
    "RandomizedSearchCV": ("estimator", "best_estimator_"),
    "SimpleImputer": ("indicator_",),
    "_CalibratedClassifier": ("estimator",),
}
# Lists of estimators, and where one stands in what is listed.
_LISTS: dict[str, tuple[tuple[str, int | None], ...]] = {
    "ColumnTransformer": (("transformers", 1), ("transformers_", 1)),
    "FeatureUnion": (("transformer_list", 1),),
    "Pipeline": (("steps", 1),),
    "_CalibratedClassifier": (("calibrators", None),),
}


def _check_scorer(state: Mapping[str, Any]) -> None:
    method = state.get("_response_method")
    named = method if isinstance(method, list | tuple) else (method,)
    demand(
        all(isinstance(each, str) and each in _ANSWERS for each in named),
        "a scorer that asks for no method of predictions",
    )
    demand(callable(state.get("_score_func")), "a scorer without its function")
    demand(isinstance(state.get("_kwargs"), dict), "a scorer without its options")


def _check_scorers(state: Mapping[str, Any]) -> None:
    scorers = state.get("_scorers")
    demand(isinstance(scorers, dict), "scorers that are no dictionary")
    demand(
        all(type(each).__name__ in _SCORERS for each in (scorers or {}).values()),
        "scorers of which one is none",
    )


def _check_search(state: Mapping[str, Any]) -> None:
    scorer = state.get("scorer_")
    demand(scorer is None or type(scorer).__name__ in _SCORERS, "a search whose scorer is none")


def _check_outputs(state: Mapping[str, Any]) -> None:
    """Constants are repeated as often as there are outputs."""
    n_outputs = state.get("n_outputs_")
    if n_outputs is not None:
        known = state.get("constant_", state.get("classes_", ()))
        most = np.size(known) if isinstance(known, np.ndarray | list) else 1
        demand_integer("outputs of a dummy", n_outputs, 1, max(most, 1))


def _check_calibrated(state: Mapping[str, Any]) -> None:
    made: Sequence[Any] = state.get("calibrated_classifiers_", ())
    is_list = isinstance(made, list | tuple)
    demand(
        is_list and all(type(each).__name__ == "_CalibratedClassifier" for each in made),
        "calibrated classifiers that are none",
    )


_SCORERS = {"_MultimetricScorer", "_PassthroughScorer", "_ReconstructionScorer", "_Scorer"}
_CHECKS: dict[str, Callable[[Mapping[str, Any]], None]] = {
    "CalibratedClassifierCV": _check_calibrated,
    "DummyClassifier": _check_outputs,
    "DummyRegressor": _check_outputs,
    "GridSearchCV": _check_search,
    "OneHotEncoder": check_encoder,
    "RandomizedSearchCV": _check_search,
    "_MultimetricScorer": _check_scorers,
    "_Scorer": _check_scorer,
}
