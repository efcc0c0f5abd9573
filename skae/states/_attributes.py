"""Which names the attributes of a stored object may have."""

import inspect
from collections.abc import Iterable
from typing import Any


def check_attributes(cls: type[Any], names: Iterable[Any]) -> None:
    """Refuse attributes that would stand before what a class does.

    An attribute of the name of a method is called in its place; one of the name of a property is
    never read, or read before it is computed.

    Parameters
    ----------
    cls : type
    names : iterable of str
        Of the attributes that an object of it would be given.

    Raises
    ------
    ValueError
    """
    for name in names:
        if not isinstance(name, str) or _is_special(name) or _does_something(cls, name):
            shown = repr(name) if isinstance(name, str) else f"a {type(name).__name__}"
            raise ValueError(
                f"This {cls.__name__} holds an attribute that is called {shown}, which would hide "
                "what its class does by that name. It was changed: take another copy of it, or fit "
                "again."
            )


def _is_special(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def _does_something(cls: type[Any], name: str) -> bool:
    found = inspect.getattr_static(cls, name, None)
    if getattr(type(found), "is_stored", False):
        return False
    return callable(found) or hasattr(type(found), "__get__") or hasattr(type(found), "__set__")
