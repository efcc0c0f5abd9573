"""Rows unlike the others."""

from skae.applications.outliers._detector import ReconstructionOutlierDetector
from skae.applications.outliers._judges import LikelihoodJudge, Part, ResidualJudge
from skae.applications.outliers._measures import NeighbourDistance, TopFeatures

__all__ = [
    "LikelihoodJudge",
    "NeighbourDistance",
    "Part",
    "ReconstructionOutlierDetector",
    "ResidualJudge",
    "TopFeatures",
]
