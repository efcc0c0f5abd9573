"""One fit over many workers."""

from os import PathLike
from typing import Any, TypeVar

from skae.distributed._averaging import Averaging
from skae.distributed._crew import Crew
from skae.distributed._rows import ShardedRows
from skae.distributed._shards import shards_of
from skae.estimators import BaseAutoencoder

Estimator = TypeVar("Estimator", bound=BaseAutoencoder)

AVERAGING = Averaging()


def fit(
    estimator: Estimator,
    shards: Any,
    *,
    executor: Any,
    sample_weight: Any = None,
    checkpoint: str | PathLike[str] | None = None,
) -> Estimator:
    """Fit an autoencoder to rows that lie in several shards, by several workers."""
    crew = Crew(executor, shards_of(shards, executor))
    try:
        rows = ShardedRows(crew, AVERAGING)
        about = {"sample_weight": sample_weight, "checkpoint": checkpoint}
        return estimator.fit(rows, **about)
    finally:
        crew.end()
