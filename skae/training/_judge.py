"""Losses of a program with the weights that it has, on training rows and on those held out."""

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from skae.numerics import Array, Bools, Integers
from skae.training._batches import Chunk, chunks, shuffled
from skae.training._program import Program
from skae.training._values import Data, Start

# Validation rows up to this size are turned into tensors once for the whole fit.
_MAX_STAGED_BYTES = 64 * 2**20
# Random objectives are judged by this many rows, so that a lucky draw of their noise on a small
# table does not decide whether training helped.
_MIN_JUDGED_ROWS, _MAX_DRAWS = 512, 16


class Diverged(Exception):
    """The loss stopped being a sensible number.

    Attributes
    ----------
    epoch : int
        0 if it was none at the start already.
    loss : float
    """

    def __init__(self, epoch: int, loss: float) -> None:
        super().__init__(epoch, loss)
        self.epoch, self.loss = epoch, loss


class Judge:
    """Losses of a program, always by the same rows in the same order.

    Parameters
    ----------
    program : Program
    data : Data
    start : Start
    """

    def __init__(self, program: Program, data: Data, start: Start) -> None:
        self.program, self.data, self.start = program, data, start
        self.validates = len(data.validation) > 0
        self._judged, self._held_out = map(self._mixed, (data.training, data.validation))
        self._staged_validation: list[Any] | None = None

    @property
    def watched(self) -> str:
        """Name of the loss that training is to lower."""
        return "val_loss" if self.validates else "loss"

    def logs(self, terms: Mapping[str, float]) -> dict[str, float]:
        """Losses and terms of an epoch, given its terms of the training rows."""
        logs = {"loss": self.loss(terms), **terms}
        if self.validates:
            held_out = self.validation_terms()
            logs["val_loss"] = self.loss(held_out)
            logs.update({f"val_{name}": value for name, value in held_out.items()})
        return logs

    def loss(self, terms: Mapping[str, float]) -> float:
        """The loss that is judged, of its terms."""
        objective = self.program.spec.objective
        loss: float = objective.total(terms, self.start.scalars, objective.watched)
        return loss

    def training_terms(self) -> dict[str, float]:
        """Terms of the training rows, with the weights as they are."""
        return self.mean_terms(self.training_sums(), self.data.training)

    def validation_terms(self) -> dict[str, float]:
        """Terms of the rows held out, with the weights as they are."""
        return self.mean_terms(self.validation_sums(), self.data.validation)

    def training_sums(self) -> list[Array]:
        """Sums of terms over the chunks of the training rows, with the weights as they are."""
        staged = self.staged(self._judged)
        return [self.program.evaluate(chunk, self._n_draws) for chunk in staged]

    def validation_sums(self) -> list[Array]:
        """Sums of terms over the chunks of the rows held out, with the weights as they are."""
        return [self.program.evaluate(chunk) for chunk in self._staged_held_out()]

    def mean_terms(self, sums: list[Array], indices: Integers) -> dict[str, float]:
        """Terms by name, given sums over chunks of these rows."""
        return self.named(total_of(sums) / self.weight_of(indices))

    def weight_of(self, indices: Integers) -> float:
        """How much some rows count together."""
        weight = self.data.sample_weight
        return float(len(indices) if weight is None else weight[indices].sum())

    def named(self, means: Array) -> dict[str, float]:
        """Terms by name."""
        names = self.program.spec.objective.terms
        return dict(zip(names, means.tolist(), strict=True))

    def chunks(
        self,
        indices: Integers,
        rng: np.random.Generator | None = None,
        counted: Bools | None = None,
    ) -> Iterator[Chunk]:
        """Chunks of some rows."""
        data, spec = self.data, self.program.spec
        about = (data.sample_weight, spec, rng, data.targets, data.labels, counted)
        return chunks(data.rows, indices, *about)

    def staged(self, indices: Integers) -> Iterator[Any]:
        """Chunks of some rows as the program reads them."""
        return (self.program.stage(chunk) for chunk in self.chunks(indices))

    def _staged_held_out(self) -> Iterable[Any]:
        n_bytes = 4 * len(self.data.validation) * self.program.spec.n_features
        if n_bytes > _MAX_STAGED_BYTES:
            return self.staged(self._held_out)
        if self._staged_validation is None:
            self._staged_validation = list(self.staged(self._held_out))
        return self._staged_validation

    @property
    def _n_draws(self) -> int:
        if not self.program.spec.objective.is_random:
            return 1
        n_rows = max(1, len(self.data.training))
        return min(_MAX_DRAWS, -(-_MIN_JUDGED_ROWS // n_rows))

    def _mixed(self, indices: Integers) -> Integers:
        """The order in which rows are judged, the same each time.

        What is drawn may depend on the other rows of a batch, as swapped values do: those must not
        be neighbours in a table that is sorted.
        """
        if not self.program.spec.objective.is_random:
            return indices
        return shuffled(indices, self.data.rows.resident, np.random.default_rng(self.start.seed))


def total_of(sums: list[Array]) -> Array:
    """Sums over several chunks, of those of each."""
    total: Array = np.sum(np.asarray(sums, np.float64), axis=0)
    return total


def finite(loss: float, epoch: int) -> float:
    """A loss of an epoch, if it is a sensible number.

    Raises
    ------
    Diverged
        If it is not.
    """
    if not math.isfinite(loss):
        raise Diverged(epoch, loss)
    return loss
