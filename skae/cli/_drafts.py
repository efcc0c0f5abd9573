"""Files that are written together: all of them or none, whatever ends the process.

New files are written to a hidden directory first. One that is new, or holds nothing else, changes
places with it in one step of the system. Among the files of others they are moved one after the
other, from a directory whose name says that all are there: what a kill in between leaves to be
moved, the next run moves, and drafts of processes that are no more it removes.
"""

import ctypes
import os
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

_PREFIX = ".skae-"
# Whole, and to be moved: its name is the same for all processes, so that there is one at a time.
_WHOLE = f"{_PREFIX}to-be-moved"
# Where nobody can be asked whether a process is alive, a draft of this age is abandoned.
_ABANDONED_SECONDS = 3600.0
_AT_CWD, _EXCHANGE = -100, 2  # of renameat2


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
        with suppress(OSError):
            probe.unlink()
        _remove_empty(made)
    taken = [name for name in names if (directory / name).is_dir()]
    if taken:
        raise ValueError(
            f"--output {directory}: {taken[0]} is a directory in it, and no file can take its "
            "place; choose another."
        )


def write_together(directory: Path, contents: Mapping[str, bytes]) -> list[Path]:
    """Write files so that a reader finds all of them or none.

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
    place = Path(os.path.realpath(directory))
    _settle(place)
    made = _missing(place)
    draft: Path | None = None
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        draft = _draft_of(place, contents)
        for name, content in contents.items():
            (draft / name).write_bytes(content)
            _flush(draft / name)
        _put(draft, place)
    except BaseException:  # Ctrl-C too
        if draft is not None:
            shutil.rmtree(draft, ignore_errors=True)
        _remove_empty(made)
        raise
    return [directory / name for name in contents]


def _draft_of(place: Path, contents: Mapping[str, bytes]) -> Path:
    """Make a directory to write to: beside ``place`` if it can take its place, else in it."""
    is_ours = not place.exists() or set(os.listdir(place)) <= set(contents)
    # Whoever stands in a directory would stay in the one that was replaced.
    if is_ours and not Path.cwd().is_relative_to(place):
        with suppress(OSError):
            beside = place.with_name(f"{_PREFIX}{place.name}-{os.getpid()}")
            beside.mkdir()
            return beside
    inside = place / f"{_PREFIX}draft-{os.getpid()}"
    inside.mkdir(parents=True)
    return inside


def _put(draft: Path, place: Path) -> None:
    if draft.parent == place:
        _move_out(draft, place)
    elif not place.exists():
        draft.rename(place)
    else:
        shutil.copymode(place, draft)
        if _exchange(draft, place):
            shutil.rmtree(draft, ignore_errors=True)
        else:
            inside = place / draft.name
            draft.rename(inside)
            _move_out(inside, place)


def _move_out(draft: Path, place: Path) -> None:
    """Move all files of a draft: from here on they will be there, now or after the next run."""
    while True:
        try:
            draft.rename(place / _WHOLE)
            break
        except OSError:  # there are those of another process, which come first
            if not (place / _WHOLE).exists():
                raise
            _finish(place)
    _finish(place)


def _finish(place: Path) -> None:
    whole = place / _WHOLE
    with suppress(FileNotFoundError):  # another process moves them too
        for name in os.listdir(whole):
            os.replace(whole / name, place / name)
        whole.rmdir()


def _settle(place: Path) -> None:
    """End what processes that were killed have begun."""
    if (place / _WHOLE).is_dir():
        _finish(place)
    beside = place.parent.glob(f"{_PREFIX}{place.name}-*") if place.name else ()
    for draft in [*place.glob(f"{_PREFIX}draft-*"), *place.glob(f"{_PREFIX}*-*"), *beside]:
        pid = draft.name.rpartition("-")[2]
        if pid.isdigit() and _is_abandoned(draft, int(pid)):
            shutil.rmtree(draft, ignore_errors=True)


def _is_abandoned(draft: Path, pid: int) -> bool:
    with suppress(OSError):
        if time.time() - draft.stat().st_mtime > _ABANDONED_SECONDS:
            return True
    if os.name != "posix":
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return pid == os.getpid()


def _exchange(one: Path, other: Path) -> bool:
    """Let two directories change places in one step; False where the system has no such step."""
    if sys.platform != "linux":
        return False
    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError):  # another C library
        return False
    names = os.fsencode(one), os.fsencode(other)
    return bool(renameat2(_AT_CWD, names[0], _AT_CWD, names[1], _EXCHANGE) == 0)


def _flush(path: Path) -> None:
    """Have a file on its disk before its name is: a computer may stop too."""
    with open(path, "rb+") as file:
        os.fsync(file.fileno())


def _missing(directory: Path) -> list[Path]:
    """Return the directory and its parents, as far as they do not exist yet."""
    return [path for path in (directory, *directory.parents) if not path.exists()]


def _remove_empty(directories: Sequence[Path]) -> None:
    for directory in directories:
        # One that already received a file stays.
        with suppress(OSError):
            directory.rmdir()
