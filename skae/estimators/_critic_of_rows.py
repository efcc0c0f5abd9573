"""Variational autoencoders whose decoder is taught by a critic of rows in the end."""

from typing import Any, Self

import numpy as np

from skae.estimators._base import BaseAutoencoder
from skae.estimators._telling import heed_interruption, tell_interruption
from skae.fitting import PrintHooks, Recipe, Rows, Settings, taught_by_critic
from skae.model import Model, dense
from skae.numerics import Array, ArrayLike
from skae.training import Hooks

_LIKELIHOODS = ("bernoulli", "gaussian")
# Height, width and channels.
_N_AXES = 3
_INTERRUPTED = (
    "Training interrupted: the critic of rows had not taught for all epochs, and the weights so "
    "far are kept."
)
# Codes of which the critic sees the rows.
_N_CODES = 10_000


class CriticOfRowsMixin(BaseAutoencoder):
    """Trains the decoder against a critic of rows after all else (Larsen et al. 2016)."""

    likelihood: Any
    conditional: bool
    adversarial_max_iter: int
    adversarial_weight: float
    adversarial_history_: dict[str, Array]

    def _check_adversarial(self) -> None:
        """Refuse a critic where it cannot read what the decoder makes."""
        if not self.adversarial_max_iter:
            if self.adversarial_weight != 1.0:
                raise ValueError(
                    f"adversarial_weight={self.adversarial_weight!r} is of the critic of rows, "
                    "which adversarial_max_iter=0 leaves out. Leave it at 1.0, or say for how many "
                    "epochs the critic shall teach."
                )
            return
        asked = f"adversarial_max_iter={self.adversarial_max_iter!r} lets a critic look at images, "
        shape = self.sample_shape
        is_image = shape is not None and len(tuple(shape)) == _N_AXES
        if not is_image or self.network != "convolutional":
            raise ValueError(
                f"{asked}but sample_shape={shape!r} with network={self.network!r} is of none. Set "
                "sample_shape=(height, width, channels) and network='convolutional', or "
                "adversarial_max_iter=0."
            )
        if self.likelihood not in _LIKELIHOODS:
            raise ValueError(
                f"{asked}but the output of likelihood={self.likelihood!r} is none. Set "
                "likelihood='gaussian' or 'bernoulli', or adversarial_max_iter=0."
            )
        if self.conditional:
            raise ValueError(
                f"{asked}and knows no classes. Set conditional=False, or adversarial_max_iter=0."
            )
        if self.mask_value is not None:
            raise ValueError(
                f"{asked}but mask_value={self.mask_value!r} says that parts of them are missing. "
                "Set mask_value=None, or adversarial_max_iter=0."
            )

    def _partial_fit(
        self,
        X: ArrayLike,
        sample_weight: ArrayLike | None,
        X_clean: ArrayLike | None = None,
        y: object = None,
    ) -> Self:
        if self.adversarial_max_iter:
            raise ValueError(
                f"adversarial_max_iter={self.adversarial_max_iter!r} is a last part of fit, but "
                "partial_fit does not know which pass is the last. Set adversarial_max_iter=0, or "
                "call fit."
            )
        return super()._partial_fit(X, sample_weight, X_clean, y)

    def _started(self, model: Model, rows: Rows, recipe: Recipe, rng: np.random.Generator) -> Model:
        # Before anything is trained.
        self._refuse_holes(rows)
        return super()._started(model, rows, recipe, rng)

    def _refuse_holes(self, rows: Rows) -> None:
        targets = rows.targets
        if self.adversarial_max_iter and targets is not None and np.isnan(dense(targets)).any():
            raise ValueError(
                f"adversarial_max_iter={self.adversarial_max_iter!r} lets a critic look at whole "
                "images, but observed says that some values are not known. Leave observed out, or "
                "set adversarial_max_iter=0."
            )

    def _check_more_training(self, way_out: str, *, has_clean: bool | None = None) -> None:
        if self.adversarial_max_iter:
            raise ValueError(
                f"adversarial_max_iter={self.adversarial_max_iter!r} lets a critic of rows teach "
                "the decoder in the end, which training it further without the critic would undo. "
                f"Set adversarial_max_iter=0, or {way_out}."
            )

    def _set_model(self, model: Model, *, is_trained: bool = True) -> None:
        super()._set_model(model, is_trained=is_trained)
        if is_trained:  # by something else, after the critic
            self.__dict__.pop("adversarial_history_", None)

    def _finish(self, rows: Rows, settings: Settings, rng: np.random.Generator) -> None:
        if not self.adversarial_max_iter or self._was_interrupted:
            return
        if settings.keeps_interrupted and heed_interruption(self, _INTERRUPTED):
            return
        self._refuse_holes(rows)
        n_epochs = int(self.adversarial_max_iter)
        draws = np.random.RandomState(int(rng.integers(2**31)))
        self._model, outcome = taught_by_critic(
            self._model,
            rows,
            self._drawing(None)(_N_CODES, draws),
            settings,
            PrintHooks(n_epochs, "critic of rows") if self.verbose else Hooks(),
            rng,
            likelihood=self.likelihood,
            n_epochs=n_epochs,
            weight=float(self.adversarial_weight),
        )
        self.adversarial_history_ = outcome.history.columns()
        if outcome.interrupted:
            tell_interruption(self, _INTERRUPTED)
