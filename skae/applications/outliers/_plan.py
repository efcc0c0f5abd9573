"""What the parameters of a detector ask for."""

from dataclasses import dataclass
from typing import Literal

Scoring = Literal["mahalanobis", "error", "top_features", "likelihood"]


@dataclass(frozen=True)
class Plan:
    """How rows are judged.

    Attributes
    ----------
    scoring : {"mahalanobis", "error", "top_features", "likelihood"}
    top_fraction : float
        Of the columns, for ``scoring="top_features"``.
    n_folds : int
        Parts of the rows that are held out, one after another.
    trim : float
        Share of the rows that is left out for good.
    n_jobs : int or None
    """

    scoring: Scoring
    top_fraction: float
    n_folds: int
    trim: float
    n_jobs: int | None
