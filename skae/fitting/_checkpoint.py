"""The file in which a long fit keeps what it needs to go on, should its process be killed."""

import errno
import glob
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryFile
from time import monotonic
from typing import Any

import numpy as np

from skae.drafts import remove_whole, write_whole
from skae.numerics import Array
from skae.training import Data, Plan, ProgramSpec, RowSource, Saved, Start

# Seconds from one writing to the next; an epoch that takes longer is kept at its end.
INTERVAL = 30.0
_FORMAT = 1
_ROWS_AT_A_TIME = 4096
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
            with self._path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                given = {name: arrays[name] for name in arrays.files}
            about = json.loads(given["about"].tobytes())
            numbers, names = about["numbers"], about["best_weights"]
        except Exception as error:
            raise ValueError(
                f"checkpoint={str(self._path)!r} is no file of an interrupted fit. Give the path "
                "of a new file."
            ) from error
        if (about["format"], about["identity"]) != (_FORMAT, self._identity):
            raise ValueError(
                f"checkpoint={str(self._path)!r} is of a fit with other rows, parameters or "
                "versions. Repeat that call to go on with it, delete the file, or give another "
                "path."
            )
        best = {name: given[f"best_{i}"] for i, name in enumerate(names)}
        variables = [given[f"variable_{i}"] for i in range(about["n_variables"])]
        return Saved(numbers, best, variables)

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
        arrays["about"] = np.frombuffer(json.dumps(about).encode(), np.uint8)
        write_whole(self._path, lambda file: np.savez(file, **arrays))
        self._written = monotonic()

    def done(self) -> None:
        """Remove the file, unless more is to come: the next call of the fit is a new one."""
        if not _LASTING.get():
            remove_whole(self._path)


@contextmanager
def lasting_checkpoints() -> Iterator[None]:
    """Leave the files of fits that end here: whoever they are a part of may be killed later."""
    token = _LASTING.set(True)
    try:
        yield
    finally:
        _LASTING.reset(token)


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


def identity_of(spec: ProgramSpec, data: Data, start: Start, plan: Plan, units: list[Array]) -> str:
    """Digest of all that decides the bits of a run.

    Parameters
    ----------
    spec : ProgramSpec
    data : Data
    start : Start
    plan : Plan
    units : list of ndarray
        Centre and scale of the rows.
    """
    digest = hashlib.sha256()
    optimizer: Any = spec.optimizer
    said = (spec.objective.terms, spec.loss, getattr(optimizer, "config", ""), spec.tier)
    plan = replace(plan, keeps_interrupted=False)
    numbers = (spec.batch_size, spec.n_features, start.seed, start.learning_rate, plan)
    digest.update(repr((said, numbers, spec.network.build, np.__version__)).encode())
    weights = start.departure or {}
    for name, array in [*start.weights.items(), *weights.items(), *start.scalars.items()]:
        digest.update(name.encode())
        _add(digest, array)
    for array in [*units, *data.facts]:
        _add(digest, array)
    for source in data.sources:
        _add_rows(digest, source, spec.n_features)
    return digest.hexdigest()


def _add_rows(digest: Any, source: RowSource, n_features: int) -> None:
    n_rows = len(source)
    digest.update(str(n_rows).encode())
    for first in range(0, n_rows, _ROWS_AT_A_TIME):
        places = np.arange(first, min(first + _ROWS_AT_A_TIME, n_rows))
        rows = np.empty((len(places), n_features), np.float32)
        source.read(places, rows)
        digest.update(rows.data)


def _add(digest: Any, value: Any) -> None:
    array = np.ascontiguousarray(np.zeros(0) if value is None else value)
    digest.update(f"{array.dtype}{array.shape}".encode())
    digest.update(array.tobytes())


def check_resumable(estimator: Any, checkpoint: object) -> None:
    """Refuse a checkpoint of a fit that another process could not go on with.

    Raises
    ------
    ValueError
    """
    if checkpoint is None:
        return
    if not isinstance(checkpoint, str | os.PathLike):
        raise ValueError(f"checkpoint={checkpoint!r} should be the path of a file, or None.")
    if estimator.random_state is None:
        raise ValueError(
            "checkpoint= needs a random_state, such as random_state=0: without one another "
            "process would start from other weights."
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
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ValueError(
            f"checkpoint={str(path)!r} cannot be written ({error.strerror}). Give the path of a "
            "file in a folder that can be written to."
        ) from error
