"""Denoisers know whether they learnt from pairs, which rows alone would make them forget."""

from os import PathLike
from typing import Any, Self

from skae.estimators._base import BaseAutoencoder
from skae.fitting import Architecture
from skae.numerics import ArrayLike


class OfPairsMixin(BaseAutoencoder):
    """Remembers whether clean rows stood beside those of the fit, and asks for them again."""

    noise: Any

    def _fit(
        self,
        X: ArrayLike,
        y: object,
        sample_weight: ArrayLike | None,
        X_clean: ArrayLike | None = None,
        observed: ArrayLike | None = None,
        checkpoint: str | PathLike[str] | None = None,
    ) -> Self:
        self._refuse_rows_alone(X_clean, goes_on=self.warm_start)
        super()._fit(X, y, sample_weight, X_clean, observed, checkpoint)
        self._of_pairs = X_clean is not None
        return self

    def _partial_fit(
        self,
        X: ArrayLike,
        sample_weight: ArrayLike | None,
        X_clean: ArrayLike | None = None,
        y: object = None,
    ) -> Self:
        self._refuse_rows_alone(X_clean, goes_on=True)
        was_of_pairs = hasattr(self, "_model") and self._learnt_from_pairs()
        super()._partial_fit(X, sample_weight, X_clean, y)
        self._of_pairs = X_clean is not None or was_of_pairs
        return self

    def _check_more_training(self, way_out: str, *, has_clean: bool | None = None) -> None:
        if has_clean or not self._learnt_from_pairs():
            return
        clean = "" if has_clean is None else "pass the clean version of every row as X_clean, or "
        instead = f"{clean}{way_out}"
        raise ValueError(
            f"This {type(self).__name__} learnt from pairs of rows and their clean versions "
            "(X_clean): training it further on X alone would teach it to give rows as they are. "
            f"{instead[0].upper()}{instead[1:]}."
        )

    def _refuse_rows_alone(self, X_clean: ArrayLike | None, *, goes_on: bool) -> None:
        """Refuse to go on without clean rows where no noise would make rows into pairs."""
        if goes_on and self.noise is None and hasattr(self, "_model"):
            way_out = "start anew: fit with warm_start=False"
            self._check_more_training(way_out, has_clean=X_clean is not None)

    def _learnt_from_pairs(self) -> bool:
        # Stored by an older version it does not say so; without a code nothing else is learnt.
        is_likely = self.noise is None and Architecture.of(self).restores
        return getattr(self, "_of_pairs", is_likely)
