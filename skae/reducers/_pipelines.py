"""The last step of a Pipeline or of a fitted search, and the rows that it reads."""

from typing import Any

from sklearn.frozen import FrozenEstimator

from skae.numerics import Array, ArrayLike

# Steps of a Pipeline that do nothing.
IDLE = (None, "passthrough")


def thawed(estimator: Any) -> Any:
    """Return the estimator inside a FrozenEstimator, or the estimator itself."""
    return estimator.estimator if isinstance(estimator, FrozenEstimator) else estimator


def found(estimator: Any) -> Any:
    """Return what a fitted search found best, without steps at the end that do nothing."""
    estimator = getattr(estimator, "best_estimator_", estimator)
    steps = getattr(estimator, "steps", ())
    n_steps = len(steps)
    while n_steps > 1 and steps[n_steps - 1][1] in IDLE:
        n_steps -= 1
    return estimator if n_steps == len(steps) else estimator[:n_steps]


def last_step(estimator: Any) -> Any:
    """Return the estimator that a Pipeline or a search ends in, or the estimator itself."""
    estimator = found(estimator)
    steps = getattr(estimator, "steps", None)
    return last_step(steps[-1][1]) if steps else estimator


def before_last_step(estimator: Any, X: ArrayLike) -> Any:
    """Return the rows that the last step of a fitted Pipeline or search reads."""
    estimator = found(estimator)
    steps = getattr(estimator, "steps", None)
    if not steps:
        return X
    X = estimator[:-1].transform(X) if len(steps) > 1 else X
    return before_last_step(steps[-1][1], X)


def names_before_last_step(estimator: Any) -> Array | None:
    """Return the names of the columns that the last step reads, or None if a step lacks them."""
    estimator = found(estimator)
    steps = list(getattr(estimator, "steps", ()))
    before = [step for _, step in steps[:-1] if step not in IDLE]
    is_nested = bool(steps) and last_step(estimator) is not steps[-1][1]
    if not before or is_nested:
        return None
    is_named = all(hasattr(step, "get_feature_names_out") for step in before)
    return estimator[:-1].get_feature_names_out() if is_named else None


def check_ends_in_reducer(estimator: Any) -> None:
    """Refuse a Pipeline that goes on after it has reduced rows: its end alone would be judged."""
    steps = [step for _, step in getattr(found(estimator), "steps", ())]
    reducing = [i for i, step in enumerate(steps, 1) if hasattr(last_step(step), "n_components")]
    if reducing and reducing[-1] < len(steps):
        names = [type(step).__name__ for step in steps]
        raise ValueError(
            f"The Pipeline goes on with {names[-1]} after {names[reducing[-1] - 1]}; pass the part "
            f"up to it, pipeline[:{reducing[-1]}]."
        )
