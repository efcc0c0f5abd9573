"""The shards of a fit, from what a user passes."""

from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike, fspath
from typing import Any

import numpy as np

from skae.distributed._sources import reader_of
from skae.numerics import Array


@dataclass
class Shard:
    """Rows that one worker reads.

    Attributes
    ----------
    source : object
        What ``skae.distributed._sources.read`` takes, or a future of it.
    name : str
        For messages.
    is_elsewhere : bool
        Whether the executor holds it already.
    weight : ndarray or None
        How much each row counts.
    content : bytes or None
        Of rows that may change while they are trained on, what tells them from others.
    """

    source: Any
    name: str
    is_elsewhere: bool = False
    weight: Array | None = None
    content: bytes | None = None


def shards_of(shards: Any, executor: Any) -> list[Shard]:
    """The shards that a user passed.

    Raises
    ------
    ValueError
        For none, or for rows that nobody has cut.
    """
    if _is_of_dask(shards):
        return _blocks(shards, executor)
    if isinstance(shards, str | PathLike):
        shards = [shards]
    if not isinstance(shards, Sequence) or isinstance(shards, bytes):
        raise ValueError(
            f"shards is a {type(shards).__name__}, which is not cut into shards. Pass a list, such "
            "as numpy.array_split(X, 4), a list of paths, or a dask array or frame."
        )
    if len(shards) == 0:
        raise ValueError("shards is empty: pass at least one.")
    return [_shard(place, each) for place, each in enumerate(shards)]


def _shard(place: int, given: Any) -> Shard:
    if isinstance(given, str | PathLike):
        reader_of(given)
        return Shard(given, repr(fspath(given)))
    if _is_future(given):
        is_of_executor = type(given).__module__.partition(".")[0] != "concurrent"
        source = given if is_of_executor else given.result()
        return Shard(source, type(given).__name__, is_of_executor)
    if np.ndim(given) < 2 and not hasattr(given, "dask") and not hasattr(given, "to_pandas"):
        raise ValueError(
            f"shards[{place}] is {_shown(given)}, but rows were expected: an array, a frame or a "
            "table, a path, or a future of one of them."
        )
    return Shard(given, type(given).__name__)


def _shown(given: Any) -> str:
    shape = getattr(given, "shape", None)
    return f"a {type(given).__name__}" + ("" if shape is None else f" of shape {tuple(shape)}")


def _is_future(given: Any) -> bool:
    return hasattr(given, "result") or type(given).__name__ == "ObjectRef"


def _is_of_dask(shards: Any) -> bool:
    return hasattr(shards, "to_delayed") and hasattr(shards, "dask")


def _blocks(shards: Any, executor: Any) -> list[Shard]:
    """Blocks of rows of a dask array, or parts of a dask frame."""
    if hasattr(shards, "rechunk"):
        if shards.ndim != 2:
            raise ValueError(
                f"shards is a dask array of {shards.ndim} axes, but rows of two were expected. "
                "Reshape it to (n_samples, n_features)."
            )
        if shards.numblocks[1] > 1:
            shards = shards.rechunk({1: -1})
    lazy = list(np.ravel(np.asarray(shards.to_delayed(), dtype=object)))
    name = f"block of {type(shards).__module__.partition('.')[0]}.{type(shards).__name__}"
    if hasattr(executor, "compute") and hasattr(executor, "scatter"):
        # Held by the workers: dask makes those again that are lost with one.
        return [Shard(future, name, True) for future in executor.compute(lazy)]
    return [Shard(each, name) for each in lazy]
