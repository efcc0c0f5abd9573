"""Files that are written whole: all of them or none, whatever ends the process.

One file is written beside its name and takes it in one step. Several are written to a hidden
directory first. One that is new, or holds nothing else, changes places with it in one step of the
system. Among the files of others they are moved one after the other, from a directory whose name
says that all are there. The old ones but the first are removed before: what lies there is of one
version at any time, and the last is there only beside all others. What a kill in between leaves to
be moved, the next run moves, and drafts of processes that are no more it removes.
"""

import ctypes
import errno
import hashlib
import itertools
import os
import shutil
import socket
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

if sys.platform != "win32":
    import fcntl

_PREFIX = ".skae-"
# Whole, and to be moved: its name is the same for all processes, so that there is one at a time.
_WHOLE = f"{_PREFIX}to-be-moved"
# Where nobody can be asked whether a process is alive, a draft of this age is abandoned.
_ABANDONED_SECONDS = 3600.0
_AT_CWD, _EXCHANGE = -100, 2  # of renameat2
_NUMBERS = itertools.count()


Content = bytes | Callable[[BinaryIO], object]


def write_whole(path: Path, content: Content) -> None:
    """Write a file beside its name, and then move it there.

    What an earlier process left that was killed meanwhile is removed.

    Parameters
    ----------
    path : Path
        Its directory is made if it does not exist.
    content : bytes or callable
        What writes it to an open file, where it would take memory twice.

    Raises
    ------
    OSError
        If it cannot be written, or is there and read-only.
    """
    refuse_read_only(path)
    made = missing_directories(path.parent)
    beginning = _beginning(path.name)
    # Another thread may write at the same time, and so may what interrupts this one.
    number = f"{threading.get_ident()}-{next(_NUMBERS)}"
    draft = path.with_name(f"{beginning}{number}-{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(path.parent, beginning)
        _write(draft, content, instead_of=path)
        os.replace(draft, path)
    except BaseException as error:  # Ctrl-C too
        with suppress(OSError):
            draft.unlink()
        remove_empty(made)
        if isinstance(error, OSError) and error.filename == str(draft):
            error.filename = str(path)  # nobody has heard of the draft
        raise


def place_of(path: str) -> Path:
    """What is to be written or replaced: of a link, the file that it leads to.

    Raises
    ------
    OSError
        If it is a directory, a device, a pipe or a socket, or links lead to one another; or empty;
        or read-only.
    """
    if not path:
        raise FileNotFoundError(errno.ENOENT, "An empty path names no file; name one", path)
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        return Path(os.path.realpath(path))
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
        raise OSError(errno.ELOOP, "These links lead to one another; name a file", path) from None
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(f"{path} is a directory; name a file in it.")
    if not stat.S_ISREG(mode):
        raise OSError(
            f"{path} is no file but a device, pipe or socket, which writing would replace. Name a "
            "file, and copy it there."
        )
    refuse_read_only(path)
    return Path(os.path.realpath(path))


def refuse_read_only(path: str | Path) -> None:
    """Refuse a file that may not be written to: a name beside it could still take its place.

    Raises
    ------
    PermissionError
    """
    try:
        mode = os.stat(path).st_mode
    except OSError:  # what else is wrong is told where it is written
        return
    # The system lets an administrator write to any file, and whoever protects one means it.
    if stat.S_ISREG(mode) and not (mode & 0o222 and os.access(path, os.W_OK)):
        way_out = "This file is read-only; make it writable, or name another"
        raise PermissionError(errno.EACCES, way_out, str(path))


def remove_whole(path: Path) -> None:
    """Remove a file, and what processes left that were killed while they wrote it.

    Parameters
    ----------
    path : Path
    """
    path.unlink(missing_ok=True)
    _remove_abandoned(path.parent, _beginning(path.name))


def _beginning(name: str) -> str:
    """What drafts of a file begin with on this machine: names of other lengths may not fit."""
    where = hashlib.sha256(f"{socket.gethostname()} {name}".encode(errors="surrogateescape"))
    return f"{_PREFIX}{where.hexdigest()[:12]}-"


def _remove_abandoned(directory: Path, beginning: str) -> None:
    for draft in directory.glob(f"{beginning}*"):
        pid = draft.name.rpartition("-")[2]
        # Another thread of this process writes its own.
        if pid.isdigit() and int(pid) != os.getpid() and _is_abandoned(draft, int(pid)):
            with suppress(OSError):
                draft.unlink()


def write_together(directory: Path, contents: Mapping[str, bytes]) -> list[Path]:
    """Write files so that a reader finds all of them or none.

    Parameters
    ----------
    directory : Path
        Made with its parents if it does not exist.
    contents : dict of str to bytes
        What each file is to hold, by its name; what describes the others comes last.

    Returns
    -------
    paths : list of Path

    Raises
    ------
    OSError
        If they cannot be written, or one of them is there and read-only.
    """
    place = Path(os.path.realpath(directory))
    for name in contents:
        refuse_read_only(place / name)
    _settle(place)
    made = missing_directories(place)
    draft: Path | None = None
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        draft = _draft_of(place, contents)
        for name, content in contents.items():
            _write(draft / name, content, instead_of=place / name)
        _put(draft, place, list(contents))
    except BaseException:  # Ctrl-C too
        if draft is not None:
            shutil.rmtree(draft, ignore_errors=True)
        remove_empty(made)
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


def _put(draft: Path, place: Path, names: Sequence[str]) -> None:
    if draft.parent == place:
        _move_out(draft, place, names)
    elif not place.exists():
        draft.rename(place)
    else:
        shutil.copymode(place, draft)
        if _exchange(draft, place):
            shutil.rmtree(draft, ignore_errors=True)
        else:
            inside = place / draft.name
            draft.rename(inside)
            _move_out(inside, place, names)


def _move_out(draft: Path, place: Path, names: Sequence[str]) -> None:
    """Move all files of a draft: from here on they will be there, now or after the next run."""
    for i, name in enumerate(names):
        (draft / name).rename(draft / f"{i:02d}-{name}")
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
    with suppress(FileNotFoundError), _alone(whole):  # another process has moved them
        numbered = sorted(os.listdir(whole))
        for name in reversed(numbered):
            if not name.startswith("00-"):
                (place / name[3:]).unlink(missing_ok=True)
        for name in numbered:
            os.replace(whole / name, place / name[3:])
        whole.rmdir()


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Let one process at a time move what is in a directory, where the system can tell.

    Raises
    ------
    FileNotFoundError
        If the directory is no more.
    """
    if sys.platform == "win32":
        yield
        return
    handle = os.open(directory, os.O_RDONLY)
    try:
        with suppress(OSError):  # some file systems have no locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        if os.fstat(handle).st_ino != os.stat(directory).st_ino:
            raise FileNotFoundError(directory)
        yield
    finally:
        os.close(handle)


def _settle(place: Path) -> None:
    """End what processes that were killed have begun."""
    if (place / _WHOLE).is_dir():
        _finish(place)
    beside = place.parent.glob(f"{_PREFIX}{place.name}-*") if place.name else ()
    for draft in [*place.glob(f"{_PREFIX}draft-*"), *place.glob(f"{_PREFIX}*-*"), *beside]:
        pid = draft.name.rpartition("-")[2]
        if draft.is_dir() and pid.isdigit() and _is_abandoned(draft, int(pid)):
            shutil.rmtree(draft, ignore_errors=True)


def _is_abandoned(draft: Path, pid: int) -> bool:
    """Whether no process will go on with a draft."""
    with suppress(OSError):
        if time.time() - draft.stat().st_mtime > _ABANDONED_SECONDS:
            return True
    if os.name != "posix":
        return False  # asking would end the process
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    # Of an earlier process of that number; this one's own has not been made yet.
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


def _write(draft: Path, content: Content, *, instead_of: Path) -> None:
    """Write a draft, which only its owner may read until it has the mode of what it replaces.

    It is on its disk before its name is: a computer may stop too.
    """
    mode = 0o600 if os.path.lexists(instead_of) else 0o666
    with suppress(FileNotFoundError):  # of a killed process of this number, or put there by others
        draft.unlink()
    with open(draft, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
        if isinstance(content, bytes):
            file.write(content)
        else:
            content(file)
        file.flush()
        with suppress(OSError):
            shutil.copymode(instead_of, draft)
        os.fsync(file.fileno())


def missing_directories(directory: Path) -> list[Path]:
    """Return the directory and its parents, as far as they do not exist yet."""
    return [path for path in (directory, *directory.parents) if not path.exists()]


def remove_empty(directories: Sequence[Path]) -> None:
    """Remove directories, the innermost first, unless they hold something."""
    for directory in directories:
        with suppress(OSError):
            directory.rmdir()
