"""The attributes that fits give to supervised estimators, by their types.

They are declared apart from the parameters: in a dataclass every annotation is a parameter.
"""

from skae.numerics import Array, Weights
from skae.supervised._tables import AnyAutoencoder


class FittedHead:
    """Attributes of a fitted estimator; descriptions stand with the estimators."""

    autoencoder_: AnyAutoencoder
    n_features_in_: int
    n_iter_: int
    history_: dict[str, Array]
    loss_curve_: list[float]
    best_loss_: float
    best_epoch_: int

    _head: Weights
