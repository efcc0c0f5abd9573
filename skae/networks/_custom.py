"""A network whose nonlinear paths are the user's own Keras models."""

import functools
import inspect
import pickle
from dataclasses import dataclass
from typing import Any, ClassVar

from skae.networks._network import Network


@dataclass(frozen=True, kw_only=True)
class CustomNetwork(Network):
    """Two Keras models as nonlinear paths, each times a gate that the PCA start sets to zero.

    Attributes
    ----------
    builder : Builder
    """

    builder: "Builder"

    kind: ClassVar[str] = "custom"
    departs_from_pca: ClassVar[bool] = True
    readouts: ClassVar[tuple[str, ...]] = ("encoder_gate/scale", "decoder_gate/scale")

    @property
    def is_linear(self) -> bool:
        """Unknown, so no."""
        return False

    @property
    def has_linear_path(self) -> bool:
        """Only where asked for."""
        return self.linear_path


class Builder:
    """Builds the user's models; comparable by what it is and holds.

    A function is itself; another object is its class and its pickled state, so that copies of it,
    as ``clone`` makes them, share a compiled program.

    Parameters
    ----------
    make : callable, or object with a method ``build``
        ``make(sample_shape, n_components, hidden_layer_sizes, activation)`` returns an encoder
        and a decoder.
    """

    def __init__(self, make: Any) -> None:
        # A copy, where there can be one: what a parameter holds may change after the fit.
        self.make = _copied(make)
        self._key = _key_of(self.make)

    def __call__(self, *args: Any) -> Any:
        """Encoder and decoder, new."""
        return getattr(self.make, "build", self.make)(*args)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Builder) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def __repr__(self) -> str:
        return f"Builder({self.make!r})"

    def __reduce__(self) -> tuple[type["Builder"], tuple[Any]]:
        return Builder, (self.make,)


def _key_of(make: Any) -> object:
    if inspect.isfunction(make) or inspect.isclass(make):
        return make
    if isinstance(make, functools.partial):
        state = _pickled((make.args, make.keywords))
        return functools.partial, _key_of(make.func), state or id(make)
    return type(make), _pickled(make) or id(make)


def _copied(make: Any) -> Any:
    state = _pickled(make)
    return make if state is None else pickle.loads(state)


def _pickled(value: Any) -> bytes | None:
    """Bytes; None for what cannot be pickled and is only equal to itself."""
    try:
        return pickle.dumps(value)
    except Exception:
        return None
