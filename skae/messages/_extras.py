"""Imports of libraries that not every installation has."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec


@contextmanager
def needs_extra(name: str, user: str = "") -> Iterator[None]:
    """Say how to install what the imports in this block lack.

    Parameters
    ----------
    name : str
        The extra of skae that brings it.
    user : str
        What needs it, where that is not plain.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        what = f"{user} needs {error.name}, which" if user else error.name
        raise ImportError(f'{what} is not installed; pip install "skae[{name}]"') from error


def lacking(names: Iterable[str]) -> list[str]:
    """Those packages that are not installed; none is imported to find out."""
    return [name for name in names if not _is_installed(name)]


def _is_installed(name: str) -> bool:
    if name in sys.modules:
        return sys.modules[name] is not None
    try:
        return find_spec(name) is not None
    except ImportError:  # of an import hook that refuses it
        return False
