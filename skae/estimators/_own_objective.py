"""Autoencoders that can be trained by an objective of the user's own."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from numbers import Real
from typing import ClassVar

import numpy as np

from skae.estimators._base import BaseAutoencoder
from skae.estimators._parameters import Constraints
from skae.fitting import Recipe
from skae.objectives import Objective, ObjectiveFunction, own_objective


@dataclass(eq=False, repr=False)
class OwnObjectiveAutoencoder(BaseAutoencoder):
    """A plain autoencoder, which reconstructs its rows unless it is given something else to do."""

    objective: Objective | ObjectiveFunction | None = None
    objective_params: Mapping[str, float] | None = None

    _parameter_constraints: ClassVar[Constraints] = {
        **BaseAutoencoder._parameter_constraints,
        "objective": [callable, Objective, None],
        "objective_params": [dict, None],
    }

    def _recipe(self) -> Recipe:
        recipe, numbers = super()._recipe(), _checked_numbers(self.objective_params)
        if self.objective is None:
            if numbers:
                raise ValueError(
                    f"objective_params={self.objective_params!r} are for an objective, and none is "
                    "given. Set objective, or leave them out."
                )
            return recipe
        objective = own_objective(self.objective, numbers)
        return replace(recipe, objective=objective, scalars=numbers, pca_is_optimum=False)


def _checked_numbers(given: Mapping[str, float] | None) -> dict[str, float]:
    for name, value in (given or {}).items():
        is_number = isinstance(value, Real) and abs(value) <= float(np.finfo(np.float32).max)
        if isinstance(name, str) and name.startswith("unsupervised_"):
            raise ValueError(
                f"objective_params has {name!r}, a name that classifiers and regressors need where "
                "they train an autoencoder. Call it something else."
            )
        if not isinstance(name, str) or not is_number:
            raise ValueError(
                f"objective_params has {name!r}: {value!r}, but holds finite numbers by name, "
                "which vary without a new compilation. Bind anything else to the function, for "
                "example by functools.partial."
            )
    return {name: float(value) for name, value in (given or {}).items()}
