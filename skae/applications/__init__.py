"""Estimators built on estimators: public names of the rest of skae only."""

from skae.applications.codec._codec import LatentCodec
from skae.applications.imputation._imputer import ReconstructionImputer
from skae.applications.outliers._detector import ReconstructionOutlierDetector
from skae.applications.sampling._sampler import LatentSampler

__all__ = [
    "LatentCodec",
    "LatentSampler",
    "ReconstructionImputer",
    "ReconstructionOutlierDetector",
]
