"""Compare reducers on held-out rows and look at what they reconstruct."""

from skae.inspection._comparison import compare
from skae.inspection._diagnosis._diagnosis import Diagnosis, diagnose
from skae.inspection._diagnosis._findings import Finding
from skae.inspection._displays._comparison import Comparison
from skae.inspection._displays._component_curve import ComponentCurveDisplay
from skae.inspection._displays._denoising import DenoisingDisplay
from skae.inspection._displays._feature_contribution import FeatureContributionDisplay
from skae.inspection._displays._latent_space import LatentSpaceDisplay
from skae.inspection._displays._latent_traversal import LatentTraversalDisplay
from skae.inspection._displays._loss_curve import LossCurveDisplay
from skae.inspection._displays._reconstruction import ReconstructionDisplay
from skae.inspection._displays._reconstruction_error import ReconstructionErrorDisplay

__all__ = [
    "Comparison",
    "ComponentCurveDisplay",
    "DenoisingDisplay",
    "Diagnosis",
    "FeatureContributionDisplay",
    "Finding",
    "LatentSpaceDisplay",
    "LatentTraversalDisplay",
    "LossCurveDisplay",
    "ReconstructionDisplay",
    "ReconstructionErrorDisplay",
    "compare",
    "diagnose",
]
