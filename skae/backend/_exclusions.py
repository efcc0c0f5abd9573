"""Weights that do not decay are excluded by their names, which are to be names of some."""

import re
from collections.abc import Iterable
from typing import Any

# What most weights are called.
_NAMES = ("bias", "kernel")


def check_excluded(optimizer: Any, names: Iterable[str]) -> None:
    """Refuse an exclusion from weight decay that no weight has the name of.

    Parameters
    ----------
    optimizer : OptimizerConfig
    names : iterable of str
        What Keras calls the weights that are trained. Beside them ``"kernel"`` and ``"bias"`` are
        known: not every network has both.

    Raises
    ------
    ValueError
    """
    inner = getattr(optimizer, "inner", None) or optimizer
    pattern = getattr(inner, "excluded", None)
    known = sorted({*_NAMES, *names})
    for part in () if pattern is None else _parts_of(pattern):
        if not any(re.search(part, name) for name in known):
            raise ValueError(
                f"optimizer={inner.cls.__name__} excludes {part!r} from weight decay, but no "
                f"weight is called that: they are {', '.join(map(repr, known))}. Correct "
                "exclude_from_weight_decay(var_names=...), or leave it out."
            )


def _parts_of(pattern: str) -> list[str]:
    """The names that Keras joined; all of it where one of them had alternatives of its own."""
    parts = sorted(pattern.split("|"))
    try:
        for part in parts:
            re.compile(part)
    except re.error:
        return [pattern]
    return parts
