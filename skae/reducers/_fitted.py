"""The reducer inside an application: a copy to fit, and what it makes of rows."""

import warnings
from contextlib import contextmanager

import numpy as np
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils import check_random_state
from sklearn.utils._set_output import ADAPTERS_MANAGER
from sklearn.utils.validation import _check_feature_names

from skae.exceptions import StartKeptWarning
from skae.reducers._pipelines import IDLE
from skae.reducers._rows import check_invertible
from skae.tables import check_labels, flat_rows, refuse_mask


def reducer_to_fit(reducer, default, random_state):
    """An unfitted copy of a reducer; a frozen one is what it was.

    Parameters
    ----------
    reducer : estimator with ``transform`` and ``inverse_transform``, or None
    default : callable
        Makes the one that None means.
    random_state : int, RandomState instance or None
        Seeds each ``random_state`` of the reducer, in a Pipeline of every step, that is None.

    Raises
    ------
    TypeError
        If it is no estimator, or cannot reconstruct.
    """
    if isinstance(reducer, type) or (reducer is not None and not hasattr(reducer, "get_params")):
        raise TypeError(
            f"{reducer!r} is not an estimator; pass an instance, such as PCA(8) or Autoencoder(8)."
        )
    reducer = default() if reducer is None else clone(reducer)
    check_invertible(reducer)
    return seeded(reducer, random_state)


def seeded(estimator, random_state):
    """The same estimator, every ``random_state`` that is None set to a seed."""
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


def fit_reducer(reducer, X, y=None):
    """Fit a reducer; one that is frozen stays as it is."""
    # A FrozenEstimator asks for y.
    return reducer.fit(with_names(reducer, X), y)


@contextmanager
def telling_once_of_pca():
    """Say once, of all reducers fitted in a ``with`` block, that some ended at their start.

    Applications fit many, whose parameters their users may not have chosen.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", StartKeptWarning)
        yield
    n_kept = 0
    for each in caught:
        if issubclass(each.category, StartKeptWarning):
            n_kept += 1
        else:
            warnings.warn_explicit(each.message, each.category, each.filename, each.lineno)
    if n_kept:
        warnings.warn(
            f"{n_kept} of the reducers fitted kept their start, as no epoch was better: where that "
            "is PCA, reducer=PCA(...) does the same in less time. Fit the reducer by itself to "
            "read why.",
            StartKeptWarning,
            stacklevel=5,
        )


def thawed(estimator):
    """What a FrozenEstimator holds, or the estimator itself."""
    return estimator.estimator if isinstance(estimator, FrozenEstimator) else estimator


def steps_of(reducer):
    """The steps of a Pipeline that do something, or the estimator alone; none of them frozen."""
    reducer = thawed(reducer)
    if not hasattr(reducer, "steps"):
        return [reducer]
    return [part for _, step in reducer.steps if step not in IDLE for part in steps_of(step)]


def given_rows(reducer, X):
    """Rows as an application reads them: flat, and none of them masked.

    Rows of more axes are those of the first step that has a ``sample_shape``.

    Raises
    ------
    ValueError
        If a mask hides a value, or rows are of another shape.
    """
    refuse_mask(X, "X")
    return in_one_axis(reducer, X)


def in_one_axis(reducer, X, name="X"):
    """Rows that come in the ``sample_shape`` of a reducer, as flat ones; others as they came."""
    return flat_rows(X, sample_shape_of(reducer), name, "an autoencoder inside")


def sample_shape_of(reducer):
    """What a row is before it is flattened, as far as a step of the reducer tells; or None."""
    shapes = (getattr(step, "sample_shape", None) for step in steps_of(reducer))
    return next((tuple(shape) for shape in shapes if shape is not None), None)


def check_names(reducer, X):
    """Raise ValueError if a reducer was fitted before, on columns of other names or labels."""
    check_labels(next(iter(steps_of(reducer)), reducer), X)
    if getattr(reducer, "feature_names_in_", None) is not None:
        _check_feature_names(reducer, X, reset=False)


def encoded(reducer, X):
    """Code of rows as a plain array, whatever ``set_output`` says."""
    return np.asarray(reducer.transform(with_names(reducer, X)))


def decoded(reducer, code):
    """Rows of a code as a plain float64 array."""
    return np.asarray(reducer.inverse_transform(code), dtype=np.float64)


def reconstructed(reducer, X):
    """Rows encoded and decoded again, as a plain float64 array."""
    return decoded(reducer, encoded(reducer, X))


def with_names(reducer, X):
    """Rows in a frame if the reducer was fitted on one: it warns of columns without names."""
    names = getattr(reducer, "feature_names_in_", None)
    if not isinstance(X, np.ndarray) or names is None or len(names) != X.shape[1]:
        return X
    for adapter in ADAPTERS_MANAGER.adapters.values():
        try:
            return adapter.create_container(X, X, columns=names)
        except ImportError:  # the frame that it was fitted on was another library's
            continue
    return X
