"""The file in which a long fit keeps what it needs to go on, should its process be killed."""

import errno
import glob
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from numbers import Integral
from pathlib import Path
from tempfile import TemporaryFile
from time import monotonic
from typing import Any
from zipfile import ZIP_STORED, ZipFile

import numpy as np

from skae.drafts import refuse_read_only, remove_whole, write_whole
from skae.numerics import Array
from skae.states import checksum
from skae.training import Saved

# Seconds from one writing to the next; an epoch that takes longer is kept at its end.
INTERVAL = 30.0
_FORMAT = 1
_LAYER = ".layer-"
_LASTING: ContextVar[bool] = ContextVar("_LASTING", default=False)


class Checkpoint:
    """One file, which is replaced as a whole, so that it is always that of some epoch.

    Parameters
    ----------
    path : str or path-like
    identity : str
        Digest of all that decides the bits of the fit: a file of another one is refused.
    """

    def __init__(self, path: str | os.PathLike[str], identity: str) -> None:
        self._path, self._identity = Path(path), identity
        self._written = monotonic()

    @property
    def is_due(self) -> bool:
        """Whether the last writing is long enough ago."""
        return monotonic() - self._written >= INTERVAL

    def found(self) -> Saved | None:
        """What a fit that was killed left in the file.

        Raises
        ------
        ValueError
            If the file is of another fit, or is none of ours.
        """
        if not self._path.exists():
            return None
        try:
            about, arrays = _read(self._path)
            is_of_this_fit = (about["format"], about["identity"]) == (_FORMAT, self._identity)
            saved = _whole(about, arrays) if is_of_this_fit else None
        except Exception as error:
            raise ValueError(
                f"checkpoint={str(self._path)!r} is no file of an interrupted fit. Give the path "
                "of a new file."
            ) from error
        if saved is None:
            raise ValueError(
                f"checkpoint={str(self._path)!r} is of a fit with other rows, parameters or "
                "versions. Repeat that call to go on with it, delete the file, or give another "
                "path."
            )
        return saved

    def keep(self, saved: Saved) -> None:
        """Write a file beside, and put it in the place of the one before."""
        about = {
            "format": _FORMAT,
            "identity": self._identity,
            "numbers": saved.numbers,
            "best_weights": list(saved.best_weights),
            "n_variables": len(saved.variables),
        }
        arrays: dict[str, Any] = {f"best_{i}": w for i, w in enumerate(saved.best_weights.values())}
        arrays |= {f"variable_{i}": v for i, v in enumerate(saved.variables)}
        about["digest"] = _digest(about, arrays)
        arrays["about"] = np.frombuffer(json.dumps(about).encode(), np.uint8)
        write_whole(self._path, lambda file: np.savez(file, **arrays))
        self._written = monotonic()

    def done(self) -> None:
        """Remove the file, unless more is to come: the next call of the fit is a new one."""
        forget_checkpoint(self._path)


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Array]]:
    """What a file says, and its arrays, which take no more memory than the file does."""
    with ZipFile(path) as members:
        if any(member.compress_type != ZIP_STORED for member in members.infolist()):
            raise ValueError("skae packs nothing")
    with path.open("rb") as file, np.load(file, allow_pickle=False) as found:
        arrays = {name: found[name] for name in found.files}
    about: dict[str, Any] = json.loads(arrays.pop("about").tobytes())
    return about, arrays


def _whole(about: dict[str, Any], arrays: dict[str, Array]) -> Saved:
    """What was kept, if all of it is as it was written."""
    if about.pop("digest") != _digest(about, arrays):
        raise ValueError("not all of it is as it was written")
    best = {name: arrays[f"best_{i}"] for i, name in enumerate(about["best_weights"])}
    variables = [arrays[f"variable_{i}"] for i in range(about["n_variables"])]
    return Saved(about["numbers"], best, variables)


def _digest(about: Mapping[str, Any], arrays: Mapping[str, Array]) -> str:
    # Text and arrays are the same once they were read again; lists and single numbers need not be.
    values = [(name, np.asarray(arrays[name])) for name in sorted(arrays)]
    return checksum([json.dumps(about, sort_keys=True), values])


@contextmanager
def lasting_checkpoints() -> Iterator[None]:
    """Leave the files of fits that end here: whoever they are a part of may be killed later."""
    token = _LASTING.set(True)
    try:
        yield
    finally:
        _LASTING.reset(token)


def forget_checkpoint(path: str | os.PathLike[str]) -> None:
    """Remove the file of a fit that is whole, unless more is to come."""
    if not _LASTING.get():
        remove_whole(Path(path))


def checkpoint_of_layer(path: str | os.PathLike[str], place: int) -> Path:
    """The file beside a checkpoint in which the pretraining of a layer is kept."""
    return Path(f"{os.fspath(path)}{_LAYER}{place + 1}")


def forget_layers(path: str | os.PathLike[str]) -> None:
    """Remove the files of layers beside a checkpoint, unless more is to come."""
    if _LASTING.get():
        return
    path = Path(path)
    for found in path.parent.glob(f"{glob.escape(path.name)}{_LAYER}*"):
        remove_whole(found)


def check_resumable(estimator: Any, checkpoint: object) -> None:
    """Refuse a checkpoint of a fit that another process could not go on with.

    Raises
    ------
    ValueError
    """
    if checkpoint is None:
        return
    if not isinstance(checkpoint, str | os.PathLike) or not os.fspath(checkpoint):
        raise ValueError(f"checkpoint={checkpoint!r} should be the path of a file, or None.")
    if not isinstance(estimator.random_state, Integral):
        raise ValueError(
            "checkpoint= needs a random_state that is a number, such as random_state=0, and not "
            f"{estimator.random_state!r}: another process would start from other weights."
        )
    if getattr(estimator, "callbacks", None):
        raise ValueError(
            "checkpoint= cannot keep what callbacks remember. Fit with callbacks=None, or without "
            "a checkpoint."
        )
    _check_writable(Path(checkpoint))


def _check_writable(path: Path) -> None:
    """Try the folder now, and not half a minute into the fit."""
    folder = next((each for each in path.absolute().parents if each.exists()), Path())
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        refuse_read_only(path)
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ValueError(
            f"checkpoint={str(path)!r} cannot be written ({error.strerror}). Give the path of a "
            "file in a folder that can be written to."
        ) from error
