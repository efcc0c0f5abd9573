"""Files that appear whole: written beside their names, and then moved there in one step."""

import hashlib
import os
import shutil
import socket
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

_BEGINNING = ".skae-"


def write_together(directory: Path, contents: Mapping[str, bytes]) -> list[Path]:
    """Write files beside their names and then move them there.

    What an earlier process left that was killed meanwhile is removed.

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
    made = missing_directories(directory)
    drafts = {directory / name: directory / _draft_name(name) for name in contents}
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for path in drafts:
            _remove_abandoned(path)
        for (path, draft), content in zip(drafts.items(), contents.values(), strict=True):
            _write(draft, content, like=path)
        for path, draft in drafts.items():
            os.replace(draft, path)
    except BaseException:  # Ctrl-C too
        remove(drafts.values(), made)
        raise
    return list(drafts)


def missing_directories(directory: Path) -> list[Path]:
    """Return a directory and its parents, as far as they do not exist yet."""
    return [path for path in (directory, *directory.parents) if not path.exists()]


def remove(drafts: Iterable[Path], directories: Iterable[Path]) -> None:
    """Remove files, and those of some directories that are empty."""
    for draft in drafts:
        with suppress(OSError):
            draft.unlink()
    for directory in directories:
        # One that already received a file stays.
        with suppress(OSError):
            directory.rmdir()


def _write(draft: Path, content: bytes, like: Path) -> None:
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        # Otherwise a crash of the machine could leave the new name with nothing behind it.
        os.fsync(file.fileno())
    with suppress(OSError):
        shutil.copymode(like, draft)


def _draft_name(name: str) -> str:
    return f"{_beginning(name)}{os.getpid()}-{threading.get_ident()}"


def _beginning(name: str) -> str:
    """What drafts of a file begin with on this machine: names of other lengths may not fit."""
    where = hashlib.sha256(f"{socket.gethostname()} {name}".encode(errors="surrogateescape"))
    return f"{_BEGINNING}{where.hexdigest()[:12]}-"


def _remove_abandoned(path: Path) -> None:
    beginning = _beginning(path.name)
    for draft in path.parent.glob(f"{beginning}*"):
        process = draft.name.removeprefix(beginning).partition("-")[0]
        if process.isdecimal() and not _is_running(int(process)):
            with suppress(OSError):
                draft.unlink()


def _is_running(process: int) -> bool:
    if os.name != "posix":
        return True  # asking would end it
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
