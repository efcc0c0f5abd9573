"""The program that the loop runs, as the loop sees it."""

from collections.abc import Mapping
from typing import Any, Protocol

from skae.numerics import Array, Weights
from skae.training._batches import Chunk, LongChunk
from skae.training._gradient_moments import GradientMoments
from skae.training._spec import ProgramSpec


class Program(Protocol):
    """Compiled training and evaluation of one architecture, whose weights come and go.

    A staged chunk is whatever the program made of it: the loop only hands it back.
    """

    @property
    def spec(self) -> ProgramSpec:
        """The description that it was compiled from."""

    @property
    def n_bytes(self) -> int:
        """Memory of its variables."""

    def release(self) -> None:
        """Empty the variables, as it will never run again."""

    @property
    def optimizer(self) -> Any:
        """The optimizer whose learning rate listeners may change between epochs."""

    def load(
        self,
        weights: Weights,
        *,
        seed: int,
        learning_rate: float | None = None,
        scalars: Mapping[str, Any] | None = None,
        optimizer_state: list[Array] | None = None,
        mask: Weights | None = None,
    ) -> None:
        """Start from these weights, as if nothing had ever run here."""

    def learning_rate(self) -> float:
        """The rate as it is now, in float32; NaN for a schedule."""

    def set_learning_rate(self, rate: float, /) -> None:
        """Change the rate; nothing for a schedule."""

    def set_training_scalars(self, scalars: Mapping[str, Any], /) -> None:
        """Replace some scalars in training, and not in evaluation, until the next ``load``."""

    def set_weights(self, weights: Weights, /) -> None:
        """Replace the weights, and nothing else."""

    def weights(self) -> Weights:
        """A copy of the weights, by name."""

    def optimizer_state(self) -> list[Array]:
        """A copy of the state of the optimizers."""

    def memory(self) -> list[Array]:
        """A copy of all that a step reads or changes besides the weights."""

    def remember(self, memory: list[Array], /) -> None:
        """Go on with such a copy, after ``load``."""

    def variables(self) -> list[Array]:
        """A copy of all that a step reads or changes."""

    def resume(self, variables: list[Array], /) -> None:
        """Go on from such a copy, after ``load``."""

    def gradient_moments(self) -> GradientMoments:
        """Mean and mean squared gradient of every trained weight."""

    def stage(self, chunk: Chunk, /) -> Any:
        """A chunk as the program reads it."""

    def train(self, staged: Any, seed: int, /) -> Array:
        """One step for every batch of a chunk; sums over its rows, a value a term."""

    def train_long(self, chunks: LongChunk, /) -> Array:
        """Several chunks in one call, each as ``train`` would; sums of each, a value a term."""

    def evaluate(self, staged: Any, n_draws: int = 1, /) -> Array:
        """Sums over the rows of a chunk, a value a term, without training."""
