"""Which autoencoders a fitted estimator holds."""

from collections.abc import Iterator
from typing import Any

from skae.reducers import thawed

# Where estimators of scikit-learn keep, beside their parameters, what they have fitted.
_NAMED = ("steps", "transformer_list")


def trained(estimator: Any) -> dict[str, Any]:
    """All fitted estimators with a history, by the way to each.

    Parameters
    ----------
    estimator : estimator
        A search is what it found best.

    Returns
    -------
    found : dict of str to estimator
        One alone has the name ``""``.
    """
    found = dict(_below(estimator, ()))
    if len(found) == 1:
        return {"": next(iter(found.values()))}
    return {"/".join(way): one for way, one in found.items()}


def _below(value: Any, way: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    value = thawed(value)
    if hasattr(value, "best_estimator_"):
        yield from _below(value.best_estimator_, way)
    elif hasattr(value, "history_"):
        yield way, value
    elif isinstance(value, list | tuple):
        for i, part in enumerate(value):
            yield from _below(*_named(i, part, way))
    elif hasattr(value, "get_params"):
        for name, held in vars(value).items():
            if name in _NAMED:
                yield from _below(held, way)
            elif name.endswith("_"):
                yield from _below(held, (*way, name.rstrip("_")))


def _named(i: int, part: Any, way: tuple[str, ...]) -> tuple[Any, tuple[str, ...]]:
    """A part of a list: an estimator, or a tuple of its name and itself."""
    if isinstance(part, tuple) and len(part) > 1 and isinstance(part[0], str):
        return part[1], (*way, part[0])
    return part, (*way, str(i))
