"""Paths of files in which states are kept."""

import os
from typing import Any

from skae.states._shortened import shortened


def text_of_path(path: Any, way_out: str) -> str:
    """Return a path as text.

    Parameters
    ----------
    path : object
        As a user passes it; a number would be a file that is open already.
    way_out : str
        What to do instead, in a sentence.

    Raises
    ------
    TypeError
        If it is neither text nor a path of text.
    """
    given = path.__fspath__() if isinstance(path, os.PathLike) else path
    if not isinstance(given, str):
        raise TypeError(
            f"path is {shortened(path)}, but text or a pathlib.Path was expected. {way_out}"
        )
    return given
