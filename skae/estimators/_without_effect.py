"""Parameters that do nothing beside others are refused, and not taken for granted."""

from collections.abc import Mapping
from typing import Any


def refuse_without_effect(estimator: Any, reasons: Mapping[str, str], way_out: str) -> None:
    """Refuse parameters that differ from their defaults, where nothing reads them.

    Parameters
    ----------
    estimator : estimator
    reasons : dict of str to str
        Why nothing reads it, by the name of the parameter; it goes on from ``name=value``.
    way_out : str
        What to set instead of leaving one at its default.

    Raises
    ------
    ValueError
    """
    for name, reason in reasons.items():
        # That of the class is the default of its constructor.
        value, default = getattr(estimator, name), getattr(type(estimator), name)
        if value != default:
            raise ValueError(f"{name}={value!r} {reason}. Leave it at {default!r}, or {way_out}.")
