"""Files that are written together: all of them or none, each in one step."""

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path


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
        If no file can be made there, or one of the names is that of a directory.
    """
    directory = Path(directory)
    made, probe = [], directory / f".{os.getpid()}"
    try:
        # What can be written depends on more than permissions: to know, make a file.
        made = _missing(directory)
        directory.mkdir(parents=True, exist_ok=True)
        probe.touch()
    except OSError as error:
        reason = error.strerror or error
        raise ValueError(
            f"--output {directory}: no directory that can be written to ({reason}); choose another."
        ) from error
    finally:
        _remove([probe], made)
    taken = [name for name in names if (directory / name).is_dir()]
    if taken:
        raise ValueError(
            f"--output {directory}: {taken[0]} is a directory in it, and no file can take its "
            "place; choose another."
        )


def write_together(directory: Path, contents: Mapping[str, bytes]) -> list[Path]:
    """Write files beside their names and then move them there.

    Parameters
    ----------
    directory : Path
        Made with its parents if it does not exist.
    contents : dict of str to bytes
        What each file is to hold, by its name.

    Returns
    -------
    paths : list of Path
    """
    made = _missing(directory)
    drafts = {directory / name: directory / f".{name}.{os.getpid()}" for name in contents}
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for draft, content in zip(drafts.values(), contents.values(), strict=True):
            draft.write_bytes(content)
        for path, draft in drafts.items():
            os.replace(draft, path)
    except BaseException:  # Ctrl-C too
        _remove(drafts.values(), made)
        raise
    return list(drafts)


def _missing(directory: Path) -> list[Path]:
    """Return the directory and its parents, as far as they do not exist yet."""
    return [path for path in (directory, *directory.parents) if not path.exists()]


def _remove(drafts: Iterable[Path], directories: Iterable[Path]) -> None:
    for draft in drafts:
        with suppress(OSError):
            draft.unlink()
    for directory in directories:
        # One that already received a file stays.
        with suppress(OSError):
            directory.rmdir()
