"""The reducer inside an application: a copy to fit, its codes and its reconstructions."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import numpy as np
from sklearn.base import clone
from sklearn.utils import check_random_state
from sklearn.utils._set_output import ADAPTERS_MANAGER
from sklearn.utils.validation import _check_feature_names

from skae.exceptions import StartKeptWarning
from skae.messages import warn
from skae.numerics import Array, ArrayLike, RandomState
from skae.reducers._classes import refuse_classes
from skae.reducers._pipelines import IDLE, thawed
from skae.reducers._rows import check_invertible
from skae.reducers._types import Reducer, TrainableReducer
from skae.tables import check_labels, flat_rows, refuse_mask

Estimator = TypeVar("Estimator", bound=Any)


def reducer_to_fit(
    reducer: TrainableReducer | None, default: Callable[[], Any], random_state: RandomState
) -> Any:
    """Return an unfitted copy of a reducer, or a frozen one as it is.

    Parameters
    ----------
    reducer : estimator with ``transform`` and ``inverse_transform``, or None
    default : callable
        Makes the reducer that None means.
    random_state : int, RandomState instance or None
        Seeds each ``random_state`` of the reducer, in a Pipeline of every step, that is None.

    Raises
    ------
    TypeError
        If it is no estimator, or cannot reconstruct.
    ValueError
        If it is told the class of each row.
    """
    if isinstance(reducer, type) or (reducer is not None and not hasattr(reducer, "get_params")):
        raise TypeError(
            f"reducer={reducer!r} is not an estimator; pass an instance, such as PCA(8) or "
            "Autoencoder(8)."
        )
    reducer = default() if reducer is None else clone(reducer)
    check_invertible(reducer)
    refuse_classes(
        reducer,
        "This estimator",
        "Set conditional=False, pass FrozenEstimator(estimator.given(y)) of a class and rows of "
        "it, or call what the autoencoder has itself: sample(n, y=...), reconstruct(X).",
    )
    return seeded(reducer, random_state)


def seeded(estimator: Estimator, random_state: RandomState) -> Estimator:
    """Set every ``random_state`` that is None to a seed, and return the same estimator."""
    rng = check_random_state(random_state)
    parameters = estimator.get_params()
    unset = [
        name
        for name in sorted(parameters)
        if name.rpartition("__")[2] == "random_state" and parameters[name] is None
    ]
    # A FrozenEstimator's set_params returns nothing.
    estimator.set_params(**{name: int(rng.randint(2**31)) for name in unset})
    return estimator


def fit_reducer(reducer: TrainableReducer, X: ArrayLike, y: object = None) -> Any:
    """Fit a reducer; one that is frozen stays as it is."""
    # A FrozenEstimator asks for y.
    return reducer.fit(with_names(reducer, X), y)


@contextmanager
def telling_once_of_pca(*, is_equal: bool = True) -> Iterator[None]:
    """Say once, of all reducers fitted in a ``with`` block, that some ended at their start.

    Applications fit many, whose parameters their users may not have chosen.

    Parameters
    ----------
    is_equal : bool, default=True
        Whether the application does the same with PCA of as many components as its reducer.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", StartKeptWarning)
        yield
    kept = []
    for each in caught:
        if issubclass(each.category, StartKeptWarning):
            kept.append(str(each.message))
        else:
            warnings.warn_explicit(each.message, each.category, each.filename, each.lineno)
    if kept:
        # Tables start elsewhere, and PCA cannot read them.
        is_pca = is_equal and "its start at PCA" in kept[0]
        way_out = " reducer=PCA(...) does the same in less time." if is_pca else ""
        warn(
            f"{len(kept)} of the reducers fitted kept their start, as no epoch was better.{way_out}"
            f" Of the first: {kept[0]}",
            StartKeptWarning,
        )


def steps_of(reducer: object) -> list[Any]:
    """Return the steps of a Pipeline that do something, unfrozen, or the estimator alone."""
    reducer = thawed(reducer)
    if not hasattr(reducer, "steps"):
        return [reducer]
    return [part for _, step in reducer.steps if step not in IDLE for part in steps_of(step)]


def given_rows(reducer: object, X: ArrayLike) -> ArrayLike:
    """Return rows as an application reads them: flat, and none of them masked.

    Rows of more axes are those of the first step that has a ``sample_shape``.

    Raises
    ------
    ValueError
        If a mask hides a value, or rows are of another shape.
    """
    refuse_mask(X, "X")
    return in_one_axis(reducer, X)


def in_one_axis(reducer: object, X: ArrayLike, name: str = "X") -> ArrayLike:
    """Flatten rows that come in the ``sample_shape`` of a reducer; return others as they came."""
    return flat_rows(X, sample_shape_of(reducer), name, "an autoencoder inside")


def sample_shape_of(reducer: object) -> tuple[int, ...] | None:
    """Return the shape of a row before it is flattened, or None if no step knows one."""
    shapes = (getattr(step, "sample_shape", None) for step in steps_of(reducer))
    return next((tuple(shape) for shape in shapes if shape is not None), None)


def check_names(reducer: object, X: ArrayLike) -> None:
    """Raise ValueError if a reducer was fitted before, on columns of other names or labels."""
    check_labels(next(iter(steps_of(reducer)), reducer), X)
    if getattr(reducer, "feature_names_in_", None) is not None:
        _check_feature_names(reducer, X, reset=False)


def encoded(reducer: Reducer, X: ArrayLike) -> Array:
    """Return the code of rows as a plain array, whatever ``set_output`` says."""
    return np.asarray(reducer.transform(with_names(reducer, X)))


def decoded(reducer: Reducer, code: ArrayLike) -> Array:
    """Return the rows of a code as a plain float64 array."""
    return np.asarray(reducer.inverse_transform(code), dtype=np.float64)


def reconstructed(reducer: Reducer, X: ArrayLike) -> Array:
    """Encode and decode rows; return them as a plain float64 array."""
    return decoded(reducer, encoded(reducer, X))


def with_names(reducer: object, X: ArrayLike) -> ArrayLike:
    """Return rows in a frame if the reducer was fitted on one, as it warns of missing names."""
    names = getattr(reducer, "feature_names_in_", None)
    if not isinstance(X, np.ndarray) or names is None or len(names) != X.shape[1]:
        return X
    for adapter in ADAPTERS_MANAGER.adapters.values():
        try:
            return adapter.create_container(X, X, columns=names)
        except ImportError:  # the frame that it was fitted on was another library's
            continue
    return X
