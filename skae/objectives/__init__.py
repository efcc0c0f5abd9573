"""Objectives: a batch in, named values a row out. Pure functions.

`Objective`, `Update`, `NetworkView` and `RandomDraws` are what objectives of a user's own are made
of. All else is for the other rooms.
"""

from skae.objectives._adversarial import ADVERSARIAL as ADVERSARIAL, DIVERGENCES as DIVERGENCES
from skae.objectives._columns import column_errors as column_errors, mean_error as mean_error
from skae.objectives._conditional import conditional as conditional
from skae.objectives._contractive import CONTRACTIVE as CONTRACTIVE
from skae.objectives._critic_of_rows import against_critic_of_rows as against_critic_of_rows
from skae.objectives._denoising import (
    CORRUPTIONS as CORRUPTIONS,
    DENOISING as DENOISING,
    Corruption as Corruption,
    any_deviation as any_deviation,
    any_level as any_level,
    denoising as denoising,
    denoising_of_any_level as denoising_of_any_level,
    filling as filling,
    holes as holes,
)
from skae.objectives._flips import with_flips as with_flips
from skae.objectives._layerwise import layerwise as layerwise
from skae.objectives._likelihoods import (
    COUNTS as COUNTS,
    MOST_LOG_MEAN as MOST_LOG_MEAN,
    SURPRISES as SURPRISES,
    Noise as Noise,
    bounded as bounded,
    feature_log_variance as feature_log_variance,
    gaussian_surprise as gaussian_surprise,
    of_counts as of_counts,
    of_student_t as of_student_t,
)
from skae.objectives._losses import LOSSES as LOSSES, UserLoss as UserLoss, loss_of as loss_of
from skae.objectives._network_view import (
    Batch as Batch,
    NetworkView,
    RandomDraws,
    Scalars as Scalars,
    Tensor as Tensor,
    Terms as Terms,
)
from skae.objectives._objective import RECONSTRUCTION as RECONSTRUCTION, Objective, Update
from skae.objectives._own import (
    ObjectiveFunction as ObjectiveFunction,
    is_own as is_own,
    own_objective as own_objective,
    refuse_unreached as refuse_unreached,
)
from skae.objectives._priors import (
    LogDensity as LogDensity,
    flow_inverse as flow_inverse,
    log_precisions as log_precisions,
    log_shares as log_shares,
    prior_log_density as prior_log_density,
)
from skae.objectives._sparse import (
    AUXILIARY_WEIGHT as AUXILIARY_WEIGHT,
    REVIVING as REVIVING,
    SPARSE as SPARSE,
    jump as jump,
    jump_relu as jump_relu,
    largest_of_batch as largest_of_batch,
    share_of_wanted as share_of_wanted,
)
from skae.objectives._supervised import supervised as supervised
from skae.objectives._variational import (
    column_surprises as column_surprises,
    normal_divergence as normal_divergence,
    posterior_log_density as posterior_log_density,
    variational as variational,
)

__all__ = ["NetworkView", "Objective", "RandomDraws", "Update"]
