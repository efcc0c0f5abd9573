"""The rows of a fit, as the engine reads them."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np

from skae import backend
from skae.fitting._recipe import Recipe
from skae.fitting._validation import is_on_disk, split_rows
from skae.model import RowsElsewhere, ScaledRows, Scaling
from skae.numerics import Array, ArrayLike, Integers, Matrix
from skae.training import Data, Hooks, Keeper, Outcome, Plan, ProgramSpec, Start, run


@dataclass(frozen=True)
class Labels:
    """Targets that are known of rows, beside their features.

    Attributes
    ----------
    values : ndarray of shape (n_rows, n_values), float32
        Targets, and a weight for each; see ``skae.objectives.supervised``. Of a conditional network
        ones and zeros, a class each.
    n_visits : ndarray of int of shape (n_rows,)
        How often an epoch visits each row.
    """

    values: Array
    n_visits: Integers


@dataclass(frozen=True)
class Rows:
    """Checked rows in input units, and what is known of each.

    Attributes
    ----------
    X : ndarray, memory map or CSR of shape (n_rows, n_features)
    sample_weight : ndarray of shape (n_rows,) or None
        Rows of weight zero are neither trained on nor held out.
    targets : ndarray or CSR of the shape of X, or None
        What the rows should become, NaN where that is not known; None for the rows themselves.
    labels : Labels or None
    """

    X: Matrix
    sample_weight: Array | None = None
    targets: Matrix | None = None
    labels: Labels | None = None

    def counted(self) -> Integers:
        """Indices of the rows whose weight is not zero."""
        if self.sample_weight is None:
            return np.arange(self.X.shape[0])
        return np.flatnonzero(self.sample_weight)

    def here(self) -> "Rows":
        """The same rows in this process."""
        return self

    def taken(self, indices: Integers) -> "Rows":
        """Some of the rows, without labels."""
        weight, targets = self.sample_weight, self.targets
        return Rows(
            self.X[indices],
            None if weight is None else weight[indices],
            None if targets is None else targets[indices],
        )

    def split(self, scaling: Scaling, fraction: float, rng: np.random.Generator) -> Data:
        """Scaled rows, and which of them train; a share of them is held out."""
        weight, counted = self.sample_weight, self.counted()
        training, validation = (counted[i] for i in split_rows(len(counted), fraction, rng))
        if self.labels is not None:
            training = np.repeat(training, self.labels.n_visits[training])
        targets = self.targets
        if targets is None and scaling.of_targets is not scaling:
            targets = self.X
        return Data(
            rows=ScaledRows(self.X, scaling, is_on_disk(self.X), weight),
            training=training,
            validation=validation,
            sample_weight=weight,
            targets=None
            if targets is None
            else ScaledRows(targets, scaling.of_targets, sample_weight=weight),
            labels=None if self.labels is None else self.labels.values,
            has_gaps=isinstance(targets, np.ndarray) and bool(np.isnan(targets).any()),
        )

    def train(
        self,
        spec: ProgramSpec,
        data: Data,
        start: Start,
        plan: Plan,
        listeners: Hooks,
        rng: np.random.Generator,
        keeper: Keeper | None,
    ) -> Outcome:
        """Train a program on these rows, which ``split`` has made the data of."""
        with backend.borrow_program(spec) as program:
            return run(program, data, start, plan, listeners, rng, keeper)


class UncheckedRows(RowsElsewhere):
    """Rows that a fit has to check where they lie."""

    @abstractmethod
    def checked(
        self, estimator: Any, recipe: Recipe, sample_weight: ArrayLike | None, *, continues: bool
    ) -> Rows:
        """The rows to train on, as ``check_fit_input`` gives them."""
