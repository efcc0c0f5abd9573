"""A network whose nonlinear paths are the user's own Keras models."""

import pickle
from dataclasses import dataclass, field
from typing import Any, ClassVar

from skae.networks._network import Network


@dataclass(frozen=True, kw_only=True)
class CustomNetwork(Network):
    """Two Keras models as nonlinear paths, each times a gate that the PCA start sets to zero.

    Attributes
    ----------
    builder : Builder
        Networks are equal where it built the same, which ``build`` tells.
    """

    builder: "Builder" = field(compare=False)

    kind: ClassVar[str] = "custom"
    departs_from_pca: ClassVar[bool] = True
    readouts: ClassVar[tuple[str, ...]] = ("encoder_gate/scale", "decoder_gate/scale")

    @classmethod
    def hidden_axes(cls, sample_shape: tuple[int, ...]) -> list[int]:
        """Nobody knows."""
        return []

    @property
    def is_linear(self) -> bool:
        """Unknown, so no."""
        return False

    @property
    def has_linear_path(self) -> bool:
        """Only where asked for."""
        return self.linear_path


class Builder:
    """Builds the user's models.

    Parameters
    ----------
    make : callable, or object with a method ``build``
        ``make(sample_shape, n_components, hidden_layer_sizes, activation)`` returns an encoder
        and a decoder.
    """

    def __init__(self, make: Any) -> None:
        # A copy, where there can be one: what a parameter holds may change after the fit.
        self.make = _copied(make)

    def __call__(self, *args: Any) -> Any:
        """Encoder and decoder, new."""
        return getattr(self.make, "build", self.make)(*args)

    def __repr__(self) -> str:
        return f"Builder({self.make!r})"

    def __reduce__(self) -> tuple[type["Builder"], tuple[Any]]:
        return Builder, (self.make,)


def _copied(make: Any) -> Any:
    try:
        return pickle.loads(pickle.dumps(make))
    except Exception:  # there are no copies of a lambda
        return make
