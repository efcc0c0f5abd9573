"""Where a variant of autoencoder adds to the flow of a fit."""

from typing import Any

import numpy as np

from skae.estimators._comparable import check_comparable
from skae.fitting import Labels, Recipe, Rows, Settings
from skae.model import Model
from skae.numerics import Array, ArrayLike, Matrix
from skae.training import Outcome


class FitHooks:
    """What a fit calls besides the recipe of a variant; by default it does nothing."""

    loss: Any
    activation: Any

    def _validate_params(self) -> None:
        super()._validate_params()  # type: ignore[misc]  # of scikit-learn's base, which is beside
        for name in ("loss", "activation"):
            check_comparable(name, getattr(self, name))

    def _started(self, model: Model, rows: Rows, recipe: Recipe, rng: np.random.Generator) -> Model:
        """A new model at the weights that training of this variant should begin at."""
        return model

    def _pretrain(
        self, model: Model, rows: Rows, settings: Settings, rng: np.random.Generator
    ) -> tuple[Model, list[Outcome]]:
        """Train parts of a new model; returns it, and an outcome for each phase."""
        return model, []

    def _after_fit(self, X: Matrix, sample_weight: Array | None = None) -> None:
        """Set the attributes that only this variant has, by what each row counts."""

    def _learn_codes(self, X: Matrix, sample_weight: Array | None = None) -> None:
        """Learn how the codes of all rows of a fit are distributed."""

    def _finish(self, rows: Rows, settings: Settings, rng: np.random.Generator) -> None:
        """Train what can only be trained when all else is."""

    def _read_classes(
        self, y: object, sample_weight: ArrayLike | None, continues: bool
    ) -> Labels | None:
        """The classes of rows, for a variant whose network is told them."""
        return None

    def _learn_from(self, rows: Rows, *, codes: bool) -> None:
        """Set what only this variant has, and learn codes if these are all rows of a fit."""
        self._after_fit(rows.X, rows.sample_weight)
        if codes:
            self._learn_codes(rows.X, rows.sample_weight)
