"""What the parts of a state must be, said in the same words."""

from typing import Any

import numpy as np

from skae.states._shortened import shortened

# Numpy's arrays have no more axes, and no longer ones.
_MOST_AXES, _LONGEST = 64, 2**63 - 1

Shape = tuple[int, ...]


def demand(holds: Any, wrong: str) -> None:
    """Refuse a part of a state.

    Parameters
    ----------
    holds : bool
    wrong : str
        What is wrong if it does not hold, as the subject of a sentence.

    Raises
    ------
    ValueError
    """
    if not holds:
        raise ValueError(
            f"What is stored cannot be right: {wrong}. It is damaged, or was changed. Take another "
            "copy of it, or fit again."
        )


def demand_numbers(
    name: str,
    value: Any,
    shape: tuple[int | None, ...],
    *,
    positive: bool = False,
    dtype: Any = None,
) -> None:
    """Refuse what is no array of finite numbers of some shape.

    Parameters
    ----------
    name : str
        What it is called.
    value : object
    shape : tuple of int or None
        None for an axis of any length.
    positive : bool
        Whether numbers must be above 0.
    dtype : numpy dtype or None
        None for any of numbers.
    """
    demand(isinstance(value, np.ndarray), f"{name} is a {type(value).__name__} and no array")
    demand(value.dtype.kind in "biuf", f"{name} holds {value.dtype} and no numbers")
    demand(
        dtype is None or value.dtype == dtype, f"{name} is of {value.dtype}, not {np.dtype(dtype)}"
    )
    fits = value.ndim == len(shape) and all(
        wanted is None or length == wanted
        for length, wanted in zip(value.shape, shape, strict=True)
    )
    wanted = ", ".join("any" if each is None else str(each) for each in shape)
    demand(fits, f"{name} is of shape {value.shape}, where ({wanted}) was expected")
    demand(np.isfinite(value).all(), f"{name} holds values that are no finite numbers")
    demand(not positive or (value > 0).all(), f"{name} holds values that are not above 0")


def demand_integer(name: str, value: Any, least: int = 1, most: int | None = None) -> None:
    """Refuse what is no whole number of at least some size, or beyond 64 bits."""
    most = _LONGEST if most is None else most
    is_whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    is_within = is_whole and least <= value <= most
    demand(
        is_within,
        f"{name} is {shortened(value)}, where a whole number from {least} on was expected",
    )


def demand_sizes(name: str, value: Any, least: int = 1) -> None:
    """Refuse what is no tuple of whole numbers."""
    demand(isinstance(value, tuple), f"{name} is {shortened(value)} and no tuple of whole numbers")
    for each in value:
        demand_integer(f"a size in {name}", each, least)


def demand_shape(name: str, value: Any, least: int = 1) -> None:
    """Refuse what is no shape of an array."""
    demand_sizes(name, value, least)
    demand(len(value) <= _MOST_AXES, f"{name} has {len(value)} axes, more than {_MOST_AXES}")


def demand_number(name: str, value: Any, *, positive: bool = False) -> None:
    """Refuse what is no finite number."""
    is_number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    demand(is_number and np.isfinite(value), f"{name} is {shortened(value)} and no finite number")
    demand(
        not positive or value > 0, f"{name} is {shortened(value)}, where more than 0 was expected"
    )


def demand_estimator(name: str, value: Any) -> None:
    """Refuse what is no object of a class of estimators."""
    is_one = not isinstance(value, type) and hasattr(type(value), "get_params")
    demand(is_one, f"{name} is a {type(value).__name__} and no estimator")
