"""The attributes that fits give to autoencoders, by their types.

They are declared apart from the parameters: in a dataclass every annotation is a parameter.
"""

from typing import TYPE_CHECKING, Any

from skae.fitting import Passes
from skae.mixtures import CodeMixture
from skae.model import Model
from skae.networks import Columns
from skae.numerics import Array
from skae.states import demand, demand_numbers, shortened

if TYPE_CHECKING:
    from skae.compression import CompressionReport


# An array, or the frame that ``set_output`` asks for, of a library that need not be there.
ArrayOrFrame = Any


class FittedAutoencoder:
    """Attributes of a fitted autoencoder; descriptions stand with the estimators."""

    n_components_: int
    n_features_in_: int
    n_iter_: int
    history_: dict[str, Array]
    loss_curve_: list[float]
    best_loss_: float
    best_epoch_: int
    compression_report_: "CompressionReport"

    _model: Model
    # What the features stand for where they are not all numbers; set before a fit.
    _columns: Columns | None
    _was_interrupted: bool
    # After ``partial_fit`` alone.
    _optimizer_state: list[Array] | None
    _optimizer_kind: str
    _passes: Passes
    # Whether a DenoisingAutoencoder was trained on rows and their clean versions.
    _of_pairs: bool
    # Codes are drawn from it; there is none after ``partial_fit``.
    _code_mixture: CodeMixture

    def _check_stored(self) -> None:
        model = getattr(self, "_model", None)
        if model is None:
            return
        demand(isinstance(model, Model), f"a model is a {type(model).__name__}")
        network = model.network
        known = {"n_features_in_": network.n_features, "n_components_": network.n_components}
        for name, expected in known.items():
            value = getattr(self, name, None)
            demand(
                value == expected, f"{name} is {shortened(value)} beside a network of {expected}"
            )
        classes = getattr(self, "classes_", None)
        demand(
            (0 if classes is None else len(classes)) == network.n_classes,
            f"{0 if classes is None else len(classes)} classes beside a network of "
            f"{network.n_classes}",
        )
        mixtures = getattr(self, "_class_mixtures", [None] * network.n_classes)
        demand(len(mixtures) == network.n_classes, "a mixture of codes for each class")
        statistics = getattr(self, "_class_statistics", None)
        if statistics is not None:
            shape = (network.n_classes, 2, network.n_components)
            demand_numbers("statistics of units by class", statistics, shape)
        for mixture in (getattr(self, "_code_mixture", None), *mixtures):
            demand(
                mixture is None or mixture.means.shape[1] == network.n_components,
                "a mixture of other codes",
            )
