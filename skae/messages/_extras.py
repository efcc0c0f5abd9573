"""Imports of libraries that not every installation has."""

from collections.abc import Iterator
from contextlib import contextmanager


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
