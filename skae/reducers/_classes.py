"""Reducers whose codes do not say the class of a row, wherever they stand."""

from typing import Any

from skae.reducers._pipelines import IDLE


def told_classes(estimator: Any) -> Any | None:
    """Return the reducer that is told the class of each row, or None if there is none.

    Parameters
    ----------
    estimator : estimator, fitted or not
        A reducer, or a Pipeline, a search or a FrozenEstimator around some.
    """
    inner = getattr(estimator, "best_estimator_", getattr(estimator, "estimator", None))
    steps = [step for _, step in getattr(estimator, "steps", ()) if step not in IDLE]
    if inner is not None or steps:
        found = map(told_classes, [inner] if inner is not None else steps)
        return next((each for each in found if each is not None), None)
    # What the fit was told counts, and before it what the next one will be.
    is_told = getattr(estimator, "_knows_classes", hasattr(estimator, "given"))
    return estimator if is_told is True else None


def refuse_classes(estimator: Any, reader: str, way_out: str) -> None:
    """Refuse a reducer that is told classes, where nobody passes them on.

    Parameters
    ----------
    estimator : estimator, fitted or not
    reader : str
        What works with codes alone.
    way_out : str
        A sentence.

    Raises
    ------
    ValueError
        If there is one.
    """
    told = told_classes(estimator)
    if told is not None:
        raise ValueError(
            f"{reader} works with the codes of rows, but that of a {type(told).__name__} with "
            f"conditional=True does not say the class of its row. {way_out}"
        )
