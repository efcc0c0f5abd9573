"""What tells a fit from all others: all that decides its bits."""

import hashlib
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np

from skae.networks import digest_of
from skae.numerics import Array
from skae.states import versions_of_training
from skae.training import Data, Plan, ProgramSpec, RowSource, Start

_ROWS_AT_A_TIME = 4096


def identity_of(spec: ProgramSpec, data: Data, start: Start, plan: Plan, units: list[Array]) -> str:
    """Digest of all that decides the bits of a run, alike in every process.

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
    said = [_told(value) for name, value in vars(spec).items() if name != "optimizer"]
    of_optimizer = (type(optimizer).__qualname__, getattr(optimizer, "config", ""))
    plan = replace(plan, keeps_interrupted=False)
    numbers = (start.seed, start.learning_rate, start.n_past_epochs, plan)
    digest.update(repr((said, of_optimizer, numbers, versions_of_training())).encode())
    weights = start.departure or {}
    for name, array in [*start.weights.items(), *weights.items(), *start.scalars.items()]:
        digest.update(name.encode())
        _add(digest, array)
    for array in [*units, *data.facts]:
        _add(digest, array)
    for source in data.sources:
        _add_rows(digest, source, spec.n_features)
    return digest.hexdigest()


def _told(value: Any) -> Any:
    """A value in words that hold no address: functions and objects of a user by what they do.

    Of a network of the user what was built counts, and not what built it.
    """
    if is_dataclass(value) and not isinstance(value, type):
        known = [each.name for each in fields(value) if each.repr and each.compare]
        return [type(value).__qualname__, *((name, _told(getattr(value, name))) for name in known)]
    if isinstance(value, list | tuple):
        return [_told(each) for each in value]
    return digest_of(value)[0] if callable(value) else repr(value)


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
