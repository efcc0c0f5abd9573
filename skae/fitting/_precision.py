"""What single precision, in which networks compute, loses of rows beside a few enormous values."""

import numpy as np

from skae.exceptions import PrecisionLossWarning
from skae.fitting._architecture import Architecture
from skae.fitting._recipe import Recipe
from skae.fitting._rows import Rows
from skae.fitting._start import new_model
from skae.messages import warn
from skae.model import Model
from skae.tables import absurd_cells

# Beside a value this many deviations of its column away, other rows are a rounding error.
_ENORMOUS = 1e4


def new_model_told(
    architecture: Architecture, recipe: Recipe, rows: Rows, rng: np.random.Generator
) -> Model:
    """A new model, with a warning where a few values leave nothing of all others.

    The arguments are those of ``new_model``.
    """
    model = new_model(architecture, recipe, rows, rng)
    found = model.principal_directions
    # Directions that carry next to nothing are left out: are they what all other rows vary in?
    if found is None or len(found) == model.network.n_components:
        return model
    enormous = [cell for cell in absurd_cells(rows.X) if cell.ratio > _ENORMOUS]
    if enormous:
        cell = enormous[0]
        warn(
            f"X holds {cell.value:.3g} in row {cell.row} of column {cell.column}, {cell.ratio:.1g} "
            "times as far from the others as they are from each other. Single precision, in which "
            f"networks compute, then tells only {len(found)} of {model.network.n_components} "
            "components apart from nothing, and other rows are hardly reconstructed. Mend or drop "
            "such rows, or scale columns with sklearn.preprocessing.QuantileTransformer.",
            PrecisionLossWarning,
        )
    return model
