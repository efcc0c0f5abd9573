"""The attributes that fits give to supervised estimators, by their types.

They are declared apart from the parameters: in a dataclass every annotation is a parameter.
"""

from skae.estimators import BaseAutoencoder
from skae.numerics import Array, Weights


class FittedHead:
    """Attributes of a fitted estimator; descriptions stand with the estimators."""

    autoencoder_: BaseAutoencoder
    n_features_in_: int
    n_iter_: int
    history_: dict[str, Array]
    loss_curve_: list[float]
    best_loss_: float
    best_epoch_: int

    _head: Weights
