"""Names in files, and the types and functions that they stand for."""

import sys
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any

import numpy as np
from scipy import special

from skae.persistence import _library_types, _own_types


def _listed(by_module: Mapping[str, str]) -> frozenset[str]:
    return frozenset(
        f"{module}.{name}" for module, names in by_module.items() for name in names.split()
    )


_CLASSES = _listed(_library_types.CLASSES) | frozenset(_own_types.CLASSES)
_FUNCTIONS = _listed(_library_types.FUNCTIONS)
_TYPES = _listed(_library_types.TYPES)
_MADE = _listed(_library_types.MADE)

Trusted = Iterable[str | type[Any]] | None


class Names:
    """What a file may name.

    Parameters
    ----------
    trusted : iterable of str or type, or None
        Beside what is listed, by full names or as they are.
    """

    def __init__(self, trusted: Trusted = ()) -> None:
        if isinstance(trusted, str):
            raise TypeError(f"trusted={trusted!r} should be a list of names: [{trusted!r}].")
        if trusted is not None and not isinstance(trusted, Iterable):
            raise TypeError(
                f"trusted={trusted!r} should be a list of names such as ['my_module.MyScaler'], or "
                "of classes: each is trusted by its name. Leave it out to trust no others."
            )
        self._given: dict[str, Any] = {}
        for each in trusted or ():
            if not isinstance(each, str | type):
                raise TypeError(
                    f"trusted holds {each!r}, but full names such as 'my_module.MyScaler', or "
                    "classes, were expected."
                )
            self._given[each if isinstance(each, str) else name_of(each)] = each

    def has_class(self, name: str) -> bool:
        """Whether objects of a class may be made by giving them their attributes."""
        return name in _CLASSES or name in self._given

    def is_made(self, name: str) -> bool:
        """Whether a class, or a function of the user's, may be called to make an object."""
        return name in _MADE or name in self._given

    def has_value(self, name: str) -> bool:
        """Whether a type or function may stand as a value, such as a parameter."""
        return name in _FUNCTIONS or name in _TYPES or name in self._given

    def is_given(self, name: str) -> bool:
        """Whether the user trusts a name beside those that are listed."""
        return name in self._given

    def may_name(self, name: str) -> bool:
        """Whether a name may stand anywhere."""
        return self.has_class(name) or self.is_made(name) or self.has_value(name)

    def found(self, name: str) -> Any:
        """Return what a name stands for; it was asked before whether it may stand there.

        Raises
        ------
        ValueError
            If this installation has nothing of that name.
        """
        given = self._given.get(name)
        if isinstance(given, type):
            return given
        module, _, attribute = name.rpartition(".")
        try:
            return getattr(import_module(module), attribute)
        except (AttributeError, ImportError, ValueError) as error:
            raise ValueError(
                f"{name} is not there in this installation; load the file with the versions that "
                "wrote it"
            ) from error


def name_of(value: Any) -> str:
    """Return the full name of a class or function."""
    name: str = getattr(value, "__qualname__", "") or getattr(value, "__name__", "")
    if isinstance(value, np.ufunc):
        home = next((home for home in (np, special) if getattr(home, name, None) is value), None)
        return name if home is None else f"{home.__name__}.{name}"
    return f"{getattr(value, '__module__', '')}.{name}"


def is_known(value: Any) -> bool:
    """Whether a value is found again by its name."""
    module, _, attribute = name_of(value).rpartition(".")
    return getattr(sys.modules.get(module), attribute, None) is value
