"""Functions of a user's own, which are told from others and from names."""

from typing import Any


def check_comparable(name: str, value: Any) -> None:
    """Refuse a function that cannot be hashed, or that does not compare with a name.

    Parameters
    ----------
    name : str
        Of the parameter.
    value : str or callable

    Raises
    ------
    ValueError
    """
    if isinstance(value, str):
        return
    way_out = (
        "Give a function, or an object whose __eq__ gives False or NotImplemented for what is none "
        "of its kind, and that has a __hash__, such as a frozen dataclass."
    )
    # Methods of a user's own may raise anything.
    try:
        hash(value)
    except Exception as error:
        raise ValueError(
            f"{name}={value!r} is not hashable ({error}), and is compiled once for all that equal "
            f"it. {way_out}"
        ) from error
    try:
        bool(value == "")
    except Exception as error:
        raise ValueError(
            f"{name}={value!r} does not compare with a name, which {name} may be too "
            f"({type(error).__name__}: {error}). {way_out}"
        ) from error
