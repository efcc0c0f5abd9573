"""Imports that only the `compare` extra satisfies."""

from contextlib import contextmanager


@contextmanager
def compare_extra():
    """Say how to install what the imports in this block lack."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise ImportError(f'{error.name} is not installed; pip install "skae[compare]"') from error
