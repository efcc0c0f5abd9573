"""Directories that files can be written to."""

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from skae.drafts import missing_directories, refuse_read_only, remove_empty


def check_directory(directory: str | Path, names: Sequence[str]) -> None:
    """Refuse a directory that could not be written to after a long computation.

    Parameters
    ----------
    directory : path-like
    names : sequence of str
        The files that it is to hold.

    Raises
    ------
    ValueError
        If no file can be made there, or one of the names is that of a directory or of a file that
        is read-only.
    """
    directory = Path(directory)
    made, probe = [], directory / f".{os.getpid()}"
    try:
        # What can be written depends on more than permissions: to know, make a file.
        made = missing_directories(directory)
        directory.mkdir(parents=True, exist_ok=True)
        probe.touch()
    except OSError as error:
        reason = error.strerror or error
        raise ValueError(
            f"--output {directory}: no directory that can be written to ({reason}); choose another."
        ) from error
    finally:
        with suppress(OSError):
            probe.unlink()
        remove_empty(made)
    taken = [name for name in names if (directory / name).is_dir()]
    if taken:
        raise ValueError(
            f"--output {directory}: {taken[0]} is a directory in it, and no file can take its "
            "place; choose another."
        )
    for name in names:
        try:
            refuse_read_only(directory / name)
        except PermissionError as error:
            raise ValueError(
                f"--output {directory}: {name} in it is read-only; make it writable, or choose "
                "another."
            ) from error
