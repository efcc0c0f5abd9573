"""Objectives: a batch in, named values a row out. Pure functions."""

from skae.objectives._adversarial import ADVERSARIAL
from skae.objectives._columns import column_errors, mean_error
from skae.objectives._contractive import CONTRACTIVE
from skae.objectives._denoising import (
    CORRUPTIONS,
    DENOISING,
    Corruption,
    at_any_level,
    denoising,
    filling,
    holes,
)
from skae.objectives._flips import with_flips
from skae.objectives._layerwise import layerwise
from skae.objectives._losses import LOSSES
from skae.objectives._network_view import (
    Batch,
    NetworkView,
    RandomDraws,
    Scalars,
    Tensor,
    Terms,
)
from skae.objectives._objective import RECONSTRUCTION, Objective, Update
from skae.objectives._sparse import SPARSE
from skae.objectives._supervised import supervised
from skae.objectives._variational import (
    VARIATIONAL,
    bounded,
    column_surprises,
    gaussian_surprise,
    normal_divergence,
)

__all__ = [
    "ADVERSARIAL",
    "CONTRACTIVE",
    "CORRUPTIONS",
    "DENOISING",
    "LOSSES",
    "RECONSTRUCTION",
    "SPARSE",
    "VARIATIONAL",
    "Batch",
    "Corruption",
    "NetworkView",
    "Objective",
    "RandomDraws",
    "Scalars",
    "Tensor",
    "Terms",
    "Update",
    "at_any_level",
    "bounded",
    "column_errors",
    "column_surprises",
    "denoising",
    "filling",
    "gaussian_surprise",
    "holes",
    "layerwise",
    "mean_error",
    "normal_divergence",
    "supervised",
    "with_flips",
]
