"""Objectives: a batch in, named values a row out. Pure functions.

Those who write their own need `Objective`, `Update` and the types of its arguments; the rest is of
the estimators.
"""

from skae.objectives._adversarial import ADVERSARIAL, DIVERGENCES
from skae.objectives._columns import column_errors, mean_error
from skae.objectives._conditional import conditional
from skae.objectives._contractive import CONTRACTIVE
from skae.objectives._critic_of_rows import against_critic_of_rows
from skae.objectives._denoising import (
    CORRUPTIONS,
    DENOISING,
    Corruption,
    any_level,
    denoising,
    denoising_of_any_level,
    filling,
    holes,
)
from skae.objectives._flips import with_flips
from skae.objectives._layerwise import layerwise
from skae.objectives._likelihoods import (
    COUNTS,
    MOST_LOG_MEAN,
    SURPRISES,
    Noise,
    bounded,
    feature_log_variance,
    gaussian_surprise,
    of_counts,
    of_student_t,
)
from skae.objectives._losses import LOSSES, UserLoss, loss_of
from skae.objectives._network_view import (
    Batch,
    NetworkView,
    RandomDraws,
    Scalars,
    Tensor,
    Terms,
)
from skae.objectives._objective import RECONSTRUCTION, Objective, Update
from skae.objectives._own import ObjectiveFunction, own_objective
from skae.objectives._priors import (
    LogDensity,
    flow_inverse,
    log_precisions,
    log_shares,
    prior_log_density,
)
from skae.objectives._sparse import (
    AUXILIARY_WEIGHT,
    REVIVING,
    SPARSE,
    jump,
    jump_relu,
    largest_of_batch,
    share_of_wanted,
)
from skae.objectives._supervised import supervised
from skae.objectives._variational import (
    column_surprises,
    normal_divergence,
    posterior_log_density,
    variational,
)

__all__ = [
    "ADVERSARIAL",
    "AUXILIARY_WEIGHT",
    "CONTRACTIVE",
    "CORRUPTIONS",
    "COUNTS",
    "DENOISING",
    "DIVERGENCES",
    "LOSSES",
    "MOST_LOG_MEAN",
    "RECONSTRUCTION",
    "REVIVING",
    "SPARSE",
    "SURPRISES",
    "Batch",
    "Corruption",
    "LogDensity",
    "NetworkView",
    "Noise",
    "Objective",
    "ObjectiveFunction",
    "RandomDraws",
    "Scalars",
    "Tensor",
    "Terms",
    "Update",
    "UserLoss",
    "against_critic_of_rows",
    "any_level",
    "bounded",
    "column_errors",
    "column_surprises",
    "conditional",
    "denoising",
    "denoising_of_any_level",
    "feature_log_variance",
    "filling",
    "flow_inverse",
    "gaussian_surprise",
    "holes",
    "jump",
    "jump_relu",
    "largest_of_batch",
    "layerwise",
    "log_precisions",
    "log_shares",
    "loss_of",
    "mean_error",
    "normal_divergence",
    "of_counts",
    "of_student_t",
    "own_objective",
    "posterior_log_density",
    "prior_log_density",
    "share_of_wanted",
    "supervised",
    "variational",
    "with_flips",
]
