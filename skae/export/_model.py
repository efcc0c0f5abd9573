"""What a model computes of rows, as a graph: the model's own arithmetic, called with its values.

Units change in double precision, as in numpy, so that rows far from zero keep their digits; a
network computes in single precision.
"""

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import numpy as np

from skae.export._networks import decoded, encoded
from skae.export._refusals import CannotExport
from skae.export._tensor import Tensor, xp
from skae.model import Model
from skae.networks import Network
from skae.objectives import LOSSES


class GraphModel(Model):
    """A model whose rows are values of a graph.

    Like its base it is given rows in input units, and its methods do what those of the base do.
    """

    @classmethod
    def of(cls, model: Model) -> "GraphModel":
        """The same model for a graph.

        Raises
        ------
        CannotExport
            If only Keras knows what its network computes.
        """
        _check_network(model.network)
        given = {field.name: getattr(model, field.name) for field in fields(model)}
        return cls(**given)

    def in_blocks(self, rows: Any, n_columns: int | None, function: Callable[[Any], Any]) -> Any:
        """Values of a function of all rows."""
        return function(rows)

    def decode(self, code: Any) -> Any:
        """Rows of a code, in input units."""
        return code if self.network.restores else super().decode(code)

    def encode_distribution(self, scaled: Any) -> list[Any]:
        """Mean and log variance of the code of scaled rows."""
        if not isinstance(scaled, Tensor):
            # Pseudo-inputs of a learned prior, which are constants.
            return Model.encode_distribution(self._constant, scaled)
        parts: list[Any] = xp.split(self._run(encoded, scaled), 2, axis=1)
        return parts

    def decode_scaled(self, code: Any) -> Any:
        """Scaled output of a code."""
        return self._run(decoded, code)

    def _encode(self, scaled: Any) -> Any:
        if self.network.is_variational:
            return self.encode_distribution(scaled)[0]
        return self._run(encoded, scaled)

    def _run(self, half: Callable[..., Tensor], inputs: Tensor) -> Tensor:
        if self.network.columns is not None:
            inputs = xp.nan_to_num(inputs)
        outputs = half(self.network, self.weights, inputs.astype(np.float32))
        return outputs.astype(inputs.dtype)

    def _losses(self, scaled: Any, output: Any) -> Any:
        if not isinstance(self.loss, str):
            raise CannotExport(
                "its loss is a function, whose operators nobody knows. Export transform and "
                "inverse_transform, and compare rows yourself."
            )
        return LOSSES[self.loss](np, scaled, output)

    @property
    def _constant(self) -> Model:
        given = {field.name: getattr(self, field.name) for field in fields(Model)}
        return Model(**given)


def _check_network(network: Network) -> None:
    if network.kind == "custom":
        raise CannotExport(
            "its network is your own, whose layers nobody else knows. Export encoder_ and decoder_ "
            "with Keras: model.export(path, format='onnx')."
        )
    if getattr(network, "positions", "one") != "one":
        raise CannotExport(
            "it takes the mean over mirrored and turned rows (flips='average'). Fit with flips="
            "True, and turn rows yourself."
        )
    if network.n_classes:
        raise CannotExport(
            "it is conditional: rows and codes belong to a class. Export given(y), the estimator "
            "of one class."
        )
