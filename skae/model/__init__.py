"""The model that a fit leaves behind: a network, its weights and its units."""

from skae.model._blocks import (
    BlockFunction,
    RowsElsewhere,
    combined,
    dense,
    over_blocks,
    weighted_blocks,
)
from skae.model._dispersion import draw_around, likelihood_parameters, noise_variance
from skae.model._likelihood import (
    draw_codes,
    importance_weighted_bounds,
    lower_bounds,
    mean_divergences,
    posterior_deviations,
    row_terms,
    unit_divergences,
    unit_statistics,
)
from skae.model._model import Model
from skae.model._of_classes import by_class, given_place, likeliest_places, marginal
from skae.model._packing import pack
from skae.model._prior import draw_prior, log_prior_of, prior_parameters
from skae.model._scaling import (
    CountScaling,
    ScaledRows,
    Scaling,
    alike_everywhere,
    column_variances,
    identity_scaling,
    measure_scaling,
)
from skae.model._table_rows import as_rows, entropies, measure_columns
from skae.model._tiles import restored
from skae.model._whitening import WhitenedScaling, whitened

__all__ = [
    "BlockFunction",
    "CountScaling",
    "Model",
    "RowsElsewhere",
    "ScaledRows",
    "Scaling",
    "WhitenedScaling",
    "alike_everywhere",
    "as_rows",
    "by_class",
    "column_variances",
    "combined",
    "dense",
    "draw_around",
    "draw_codes",
    "draw_prior",
    "entropies",
    "given_place",
    "identity_scaling",
    "importance_weighted_bounds",
    "likeliest_places",
    "likelihood_parameters",
    "log_prior_of",
    "lower_bounds",
    "marginal",
    "mean_divergences",
    "measure_columns",
    "measure_scaling",
    "noise_variance",
    "over_blocks",
    "pack",
    "posterior_deviations",
    "prior_parameters",
    "restored",
    "row_terms",
    "unit_divergences",
    "unit_statistics",
    "weighted_blocks",
    "whitened",
]
