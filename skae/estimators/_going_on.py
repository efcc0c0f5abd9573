"""A fitted autoencoder whose weights others than its fit change: compressed, below a head."""

from skae.estimators._fitted import FittedAutoencoder
from skae.fitting import Architecture, Recipe, continued_model
from skae.model import Model

# Where the next pass goes on, and a report: of weights that there are no more.
_OF_WEIGHTS = ("_optimizer_state", "_optimizer_kind", "_passes", "compression_report_")


class GoingOn(FittedAutoencoder):
    """Takes another model in place of the one there is, and says what may train it further."""

    def _recipe(self) -> Recipe:
        """The objective of this variant, and what else differs from the others."""
        raise NotImplementedError

    def _check_unchanged(self) -> None:
        """Refuse parameters that describe another model than the fitted one, as warm starts do."""
        continued_model(Architecture.of(self), self._recipe(), self._model)

    def _check_more_training(self, way_out: str, *, has_clean: bool | None = None) -> None:
        """Refuse training by the recipe alone, where it would undo what else a fit has taught.

        Parameters
        ----------
        way_out : str
            What to do instead, as the end of a sentence.
        has_clean : bool or None
            Whether clean versions stand beside the rows; None where none can.
        """

    def _set_model(self, model: Model, *, is_trained: bool = True) -> None:
        """Take a model, and forget what was of the weights before.

        Parameters
        ----------
        model : Model
        is_trained : bool
            Whether it was trained further, and not only made smaller.
        """
        for name in _OF_WEIGHTS:
            self.__dict__.pop(name, None)
        for name, value in model.fitted_attributes().items():
            setattr(self, name, value)
