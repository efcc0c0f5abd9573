"""A fitted autoencoder whose weights others than its fit change: compressed, below a head."""

from skae.estimators._fitted import FittedAutoencoder
from skae.model import Model

# Where the next pass goes on, and a report: of weights that there are no more.
_OF_WEIGHTS = ("_optimizer_state", "_optimizer_kind", "_passes", "compression_report_")


class GoingOn(FittedAutoencoder):
    """Takes another model in place of the one there is."""

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
