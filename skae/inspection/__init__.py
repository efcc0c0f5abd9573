"""Compare reducers on held-out rows and look at what they reconstruct."""

from skae.inspection._comparison import compare
from skae.inspection._comparison_display import Comparison
from skae.inspection._component_curve_display import ComponentCurveDisplay
from skae.inspection._denoising_display import DenoisingDisplay
from skae.inspection._diagnosis import Diagnosis, diagnose
from skae.inspection._feature_contribution_display import FeatureContributionDisplay
from skae.inspection._findings import Finding
from skae.inspection._latent_space_display import LatentSpaceDisplay
from skae.inspection._latent_traversal_display import LatentTraversalDisplay
from skae.inspection._loss_curve_display import LossCurveDisplay
from skae.inspection._reconstruction_display import ReconstructionDisplay
from skae.inspection._reconstruction_error_display import ReconstructionErrorDisplay

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
