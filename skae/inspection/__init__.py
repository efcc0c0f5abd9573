"""Displays: what reducers make of rows, drawn."""

from skae.inspection._displays._component_curve import ComponentCurveDisplay
from skae.inspection._displays._denoising import DenoisingDisplay
from skae.inspection._displays._feature_contribution import FeatureContributionDisplay
from skae.inspection._displays._filters import FiltersDisplay
from skae.inspection._displays._latent_space import LatentSpaceDisplay
from skae.inspection._displays._latent_traversal import LatentTraversalDisplay
from skae.inspection._displays._loss_curve import LossCurveDisplay
from skae.inspection._displays._reconstruction import ReconstructionDisplay
from skae.inspection._displays._reconstruction_error import ReconstructionErrorDisplay

__all__ = [
    "ComponentCurveDisplay",
    "DenoisingDisplay",
    "FeatureContributionDisplay",
    "FiltersDisplay",
    "LatentSpaceDisplay",
    "LatentTraversalDisplay",
    "LossCurveDisplay",
    "ReconstructionDisplay",
    "ReconstructionErrorDisplay",
]
