"""Estimators built on estimators: public names of the rest of skae only."""

from skae.applications._codec import LatentCodec
from skae.applications._imputer import ReconstructionImputer
from skae.applications._outliers import ReconstructionOutlierDetector
from skae.applications._sampler import LatentSampler

__all__ = [
    "LatentCodec",
    "LatentSampler",
    "ReconstructionImputer",
    "ReconstructionOutlierDetector",
]
