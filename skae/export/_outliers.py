"""Anomaly scores of rows that are values of a graph: of new rows, by all judges of a detector."""

from typing import Any

import numpy as np

from skae.applications import ReconstructionOutlierDetector
from skae.applications.outliers import (
    LikelihoodJudge,
    NeighbourDistance,
    Part,
    ResidualJudge,
    TopFeatures,
)
from skae.estimators import VariationalAutoencoder
from skae.export._autoencoders import of_autoencoder
from skae.export._inverses import forth, reconstructed
from skae.export._refusals import CannotExport
from skae.export._tensor import Tensor, xp
from skae.reducers import steps_of


def of_detector(estimator: ReconstructionOutlierDetector, method: str, rows: Tensor) -> Any:
    """What a method of a detector returns for new rows."""
    judges = estimator._panel.judges
    scores = sum(_score(judge, rows) for judge in judges) * (-1.0 / len(judges))
    if method == "score_samples":
        return scores
    decision = scores - estimator.offset_
    if method == "decision_function":
        return decision
    return xp.where(decision >= 0.0, np.int64(1), np.int64(-1))


def _score(judge: Any, rows: Tensor) -> Any:
    """Anomaly score of each row by one judge."""
    if isinstance(judge, ResidualJudge):
        made = reconstructed(judge.reducer, rows)
        return judge.scale * sum(part.weight * _total(part, rows, made) for part in judge.parts)
    if isinstance(judge, LikelihoodJudge):
        *others, last = steps_of(judge.reducer)
        if isinstance(last, VariationalAutoencoder):
            for step in others:
                rows = forth(step, rows)
            return -of_autoencoder(last, "score_samples", rows)
        raise CannotExport(
            f"the likelihood of {type(last).__name__} has no graph. Give it a "
            "VariationalAutoencoder, or another scoring, such as 'mahalanobis'."
        )
    raise CannotExport(
        "only rows of numbers without padding are judged in a graph. Score tables and sequences of "
        "different lengths in Python."
    )


def _total(part: Part, rows: Tensor, made: Tensor) -> Any:
    """What a part adds to the anomaly score of each row."""
    seen: Any = made if part.seen is None else part.seen.residuals(rows, made)  # type: ignore[arg-type]
    measure = part.measure
    if isinstance(measure, NeighbourDistance):
        return _distance(measure, seen)
    if isinstance(measure, TopFeatures):
        return _largest(measure, seen)
    return measure.contributions(seen).sum(axis=1)


def _distance(measure: NeighbourDistance, made: Tensor) -> Any:
    """Root mean squared distance from the nearest neighbours."""
    known, centred = measure.positions[measure.known], made - measure.centre
    squares = (centred * centred).sum(axis=1, keepdims=True) + (known**2).sum(axis=1)
    squares = xp.maximum(squares - 2.0 * (centred @ known.T), 0.0)
    nearest = _top(squares, measure.n_neighbours, largest=False)
    return xp.sqrt(nearest.mean(axis=1))


def _largest(measure: TopFeatures, residuals: Any) -> Any:
    """Mean of the largest squares."""
    squares = (residuals @ measure.precision) ** 2 / measure.variances
    n_top = measure.n_top(squares.shape[1])
    return _top(squares, n_top, largest=True).sum(axis=1) / n_top


def _top(values: Tensor, count: int, *, largest: bool) -> Tensor:
    """The largest or the smallest values of each row."""
    graph = values.graph
    given = [values.name, graph.constant(np.array([count], np.int64))]
    found, _ = graph.node("TopK", given, 2, axis=1, largest=int(largest))
    return Tensor(graph, found, values.dtype, (None, count))
