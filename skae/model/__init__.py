"""The model that a fit leaves behind: a network, its weights and its units."""

from skae.model._dispersion import draw_around, likelihood_parameters, noise_variance
from skae.model._likelihood import (
    importance_weighted_bounds,
    lower_bounds,
    posterior_deviations,
    row_terms,
    unit_divergences,
)
from skae.model._model import Model
from skae.model._packing import pack
from skae.model._scaling import (
    CountScaling,
    ScaledRows,
    Scaling,
    alike_everywhere,
    column_variances,
    dense,
    identity_scaling,
    measure_scaling,
    weighted_blocks,
)
from skae.model._table_rows import as_rows, entropies, measure_columns
from skae.model._tiles import restored
from skae.model._whitening import WhitenedScaling, whitened

__all__ = [
    "CountScaling",
    "Model",
    "ScaledRows",
    "Scaling",
    "WhitenedScaling",
    "alike_everywhere",
    "as_rows",
    "column_variances",
    "dense",
    "draw_around",
    "entropies",
    "identity_scaling",
    "importance_weighted_bounds",
    "likelihood_parameters",
    "lower_bounds",
    "measure_columns",
    "measure_scaling",
    "noise_variance",
    "pack",
    "posterior_deviations",
    "restored",
    "row_terms",
    "unit_divergences",
    "weighted_blocks",
    "whitened",
]
