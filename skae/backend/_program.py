"""A network, an objective and an optimizer, compiled for one shape of batches.

Weights live in variables of the program while it runs: load them, run chunks, take them back.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from skae.backend._averages import WeightAverages
from skae.backend._compiled import Trace, compile_function
from skae.backend._exclusions import check_excluded
from skae.backend._long_calls import over_chunks, stage_long
from skae.backend._models import KerasNetwork
from skae.backend._optimizers import (
    assign_rates,
    moments_of,
    rate_of,
    rate_variable,
    set_rate,
)
from skae.backend._release import release, size_of
from skae.backend._staged import Staged, as_tensors, batch_at, repeated_rows, stage
from skae.backend._steps import Steps, updates_of
from skae.backend._sums import sum_over
from skae.backend._traces import Traces
from skae.backend._weights import group_weights
from skae.numerics import Array, Weights
from skae.objectives import Scalars, Tensor
from skae.training import Chunk, GradientMoments, LongChunk, ProgramSpec, Tier


class Program:
    """Compiled training and evaluation of one architecture.

    Parameters
    ----------
    spec : ProgramSpec
    built : KerasNetwork
        ``encoder``, ``decoder``, ``critic``, ``head`` and ``paths``; ``variables()`` and
        ``generators()``.
    traces : Traces
        Shared by the programs of one specification.
    """

    def __init__(self, spec: ProgramSpec, built: KerasNetwork, traces: Traces[Trace]) -> None:
        self.spec, self.n_traces = spec, 0
        self._built = built
        updates = updates_of(spec.objective)
        variables = built.variables()
        self._untrained = {name: v for name, v in variables.items() if not v.trainable}
        self._generators = built.generators()
        trained = {name: v for name, v in variables.items() if v.trainable}
        check_excluded(spec.optimizer, (v.name for v in trained.values()))
        is_flat = spec.optimizer.is_elementwise and not any(v.constraint for v in trained.values())
        self._groups = group_weights(trained, updates, is_flat)
        if spec.is_pruned:
            for group in self._groups:
                group.make_masks()
        self._optimizers = [
            spec.optimizer.build(self._variables_of(i)) for i in range(len(updates))
        ]
        states = [*self._generators, *self._untrained.values()]
        self._steps = Steps(spec, built, self._groups, self._optimizers, states)
        self.optimizer = self._optimizers[0]
        self._fresh_optimizer = [v.numpy() for v in self._optimizer_variables()]
        self._starts_from_weights = False
        self._averages = self._new_averages()
        # Validation takes few steps: XLA would take longer to compile them than it ever saves.
        judged_by: Tier = "eager" if spec.tier == "eager" else "graph"
        shared = (self._all_variables(), traces)
        self._train = compile_function(self._train_chunk, spec.tier, *shared)
        self._train_long = compile_function(self._train_chunks, spec.tier, *shared)
        self._evaluate = compile_function(self._evaluate_chunk, judged_by, *shared)
        self.n_bytes = size_of([*variables.values(), *self._all_variables()])
        self.n_bytes += sum(array.nbytes for array in self._fresh_optimizer)
        self._scalars: dict[str, Tensor] = {}
        self._training_scalars: dict[str, Tensor] = {}

    def release(self) -> None:
        """Empty the variables, as this will never run again."""
        release([*self._built.variables().values(), *self._all_variables()])
        self._fresh_optimizer = []

    # Loading and taking back

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
        """Start from these weights, as if nothing had ever run here.

        Parameters
        ----------
        weights : dict of ndarray
        seed : int
            Of everything random inside the network.
        learning_rate : float or None
            None for a schedule, which is part of the program.
        scalars : dict of float, optional
        optimizer_state : list of ndarray, optional
            As ``optimizer_state()`` returned it; fresh by default.
        mask : dict of ndarray, optional
            For a program whose ``spec.is_pruned``: 1 for each weight that is trained, 0 for each
            that stays zero.
        """
        self.set_weights(weights)
        if self.spec.is_pruned:
            assert mask is not None
            for group in self._groups:
                group.assign_mask(mask)
        self._load_optimizers(optimizer_state)
        if learning_rate is not None:
            for optimizer in self._optimizers:
                optimizer.learning_rate = learning_rate
        for i, variable in enumerate(self._generators):
            variable.assign(np.array([seed % 2**32, i], np.uint32))
        self._scalars = as_tensors(scalars or {})
        self._training_scalars = self._scalars

    def _load_optimizers(self, state: list[Array] | None) -> None:
        variables = self._optimizer_variables()
        if state is not None and not _is_state_of(variables, state):
            state = None
        self._starts_from_weights = state is None and not self.spec.optimizer.is_elementwise
        values = self._fresh_optimizer if state is None else state[: len(variables)]
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)
        if state is not None:
            self._averages.resume(state[len(variables) :])

    def _start_from_weights(self) -> None:
        """Start optimizers anew whose state may begin with the weights, as they now are."""
        self._starts_from_weights = False
        for i, optimizer in enumerate(self._optimizers):
            fresh = self.spec.optimizer.build(self._variables_of(i))
            rate = rate_variable(optimizer)
            for variable, new in zip(optimizer.variables, fresh.variables, strict=True):
                if variable is not rate:
                    variable.assign(new.value)

    def _new_averages(self) -> WeightAverages:
        if not self.spec.optimizer.averages:
            return WeightAverages(None, [])
        if len(self._optimizers) > 1:
            raise ValueError(
                "use_ema=True averages the weights of one optimizer, but this estimator changes "
                f"its weights by {len(self._optimizers)} of them in turn. Set use_ema=False."
            )
        return WeightAverages(self.optimizer, self._variables_of(0))

    def _judge_averages(self) -> None:
        if self._averages.to_judge() and self.spec.is_pruned:
            for group in self._groups:
                group.prune()

    def learning_rate(self) -> float:
        """The rate as it is now, in float32; NaN for a schedule."""
        return rate_of(self.optimizer)

    def set_learning_rate(self, rate: float) -> None:
        """Change the rate; nothing for a schedule."""
        for optimizer in self._optimizers:
            set_rate(optimizer, rate)

    def set_training_scalars(self, scalars: Mapping[str, Any]) -> None:
        """Replace some scalars in training, and not in evaluation, until the next ``load``."""
        self._training_scalars = {**self._scalars, **as_tensors(scalars)}

    def set_weights(self, weights: Weights) -> None:
        """Replace the weights, and nothing else."""
        self._averages.forget()
        for group in self._groups:
            group.assign(weights)
        for name, variable in self._untrained.items():
            variable.assign(weights[name])

    def weights(self) -> Weights:
        """A copy of the weights, by name; of their averages, where the optimizer keeps those."""
        self._judge_averages()
        arrays = {name: v.numpy().copy() for name, v in self._untrained.items()}
        for group in self._groups:
            arrays |= group.arrays()
        return arrays

    def optimizer_state(self) -> list[Array]:
        """A copy of the optimizers' variables, and of weights that averages stand in for."""
        self._judge_averages()
        own = [v.numpy().copy() for v in self._optimizer_variables()]
        return own + self._averages.state()

    def variables(self) -> list[Array]:
        """A copy of all that a step reads or changes."""
        self._averages.to_train()
        return [variable.numpy().copy() for variable in self._all_variables()]

    def resume(self, variables: list[Array]) -> None:
        """Go on from such a copy, after ``load``."""
        for variable, value in zip(self._all_variables(), variables, strict=True):
            variable.assign(value)
        self._starts_from_weights = False
        self._averages.forget()
        self._averages.to_train()

    def memory(self) -> list[Array]:
        """A copy of all that a step reads or changes besides the weights."""
        return [variable.numpy().copy() for variable in self._memory_variables()]

    def remember(self, memory: list[Array]) -> None:
        """Go on with such a copy, after ``load``."""
        for variable, value in zip(self._memory_variables(), memory, strict=True):
            variable.assign(value)
        self._starts_from_weights = False

    def _memory_variables(self) -> list[keras.Variable]:
        return [*self._optimizer_variables(), *self._generators]

    def gradient_moments(self) -> GradientMoments:
        """Mean and mean squared gradient of every trained weight, by name, as Adam keeps them.

        Raises
        ------
        ValueError
            For an optimizer that keeps none.
        """
        moments = GradientMoments({}, {})
        for group in self._groups:
            i = min(group.updates)
            for arrays, own in zip(moments, moments_of(self._optimizers[i]), strict=True):
                trained = zip(self._variables_of(i), own, strict=True)
                of_variable = {id(variable): moment for variable, moment in trained}
                arrays.update(group.named([of_variable[id(v)].numpy() for v in group.variables]))
        return moments

    def _optimizer_variables(self) -> list[keras.Variable]:
        return [v for optimizer in self._optimizers for v in optimizer.variables]

    def _variables_of(self, i: int) -> list[keras.Variable]:
        return [v for group in self._groups if i in group.updates for v in group.variables]

    def _all_variables(self) -> list[keras.Variable]:
        """All that a step reads or changes."""
        of_groups = [v for group in self._groups for v in (*group.variables, *group.masks)]
        others = [*self._untrained.values(), *self._generators]
        return [*of_groups, *self._optimizer_variables(), *others]

    def stage(self, chunk: Chunk) -> Staged:
        """A chunk as tensors, worth keeping for rows that are used again unchanged."""
        return stage(chunk)

    def train(self, staged: Staged, seed: int) -> Array:
        """One step for every batch of a chunk; returns sums over rows, a value a term."""
        self._make_ready()
        for optimizer in self._optimizers[1:]:
            # A callback changes the rate of the first.
            set_rate(optimizer, rate_of(self.optimizer))
        word = tf.constant(seed % 2**31, tf.int32)
        sums: Array = self._train(*staged, self._training_scalars, word).numpy()
        return sums

    def train_long(self, chunks: LongChunk) -> Array:
        """One step for every batch of several chunks; sums of shape (n_chunks, n_terms).

        Bits are those of ``train`` for each of them, at its rate.
        """
        self._make_ready()
        sums: Array = self._train_long(*stage_long(chunks), self._training_scalars).numpy()
        return sums[: len(chunks.n_steps)]

    def _make_ready(self) -> None:
        self._averages.to_train()
        if self._starts_from_weights:
            self._start_from_weights()

    def evaluate(self, staged: Staged, n_draws: int = 1) -> Array:
        """Sums over the rows of a chunk, a value a term, without training.

        Means of ``n_draws`` of what is random in the objective. They are the same at every call,
        so that weights can be compared. Averages of the weights are judged where the optimizer
        keeps them.
        """
        self._judge_averages()
        if self.spec.tier == "eager" and n_draws > 1:
            # Here a call costs by its operations, hardly by its rows.
            rows, targets, labels, weights, n_steps = staged
            repeated = (
                repeated_rows(tensor, n_draws) for tensor in (rows, targets, labels, weights)
            )
            sums = self._evaluate(*repeated, n_steps, self._scalars, tf.constant(1))
        else:
            sums = self._evaluate(*staged, self._scalars, tf.constant(n_draws))
        means: Array = sums.numpy() / n_draws
        return means

    # Compiled functions

    def _train_chunk(
        self,
        rows: Tensor,
        targets: Tensor | None,
        labels: Tensor | None,
        weights: Tensor,
        n_steps: Tensor,
        scalars: Scalars,
        seed: Tensor,
    ) -> Tensor:
        self.n_traces += 1
        batches = (rows, targets, labels, weights)

        def run(step: Tensor) -> Tensor:
            return self._steps.train(batch_at(batches, step), scalars, (seed, step))

        return sum_over(n_steps, self.spec.objective, run)

    def _train_chunks(
        self,
        rows: Tensor,
        targets: Tensor | None,
        labels: Tensor | None,
        weights: Tensor,
        words: Tensor,
        rates: Tensor,
        n_chunks: Tensor,
        scalars: Scalars,
    ) -> Tensor:
        self.n_traces += 1
        batches = (rows, targets, labels, weights)

        def train(first: Tensor, n_steps: Tensor, seed: Tensor, rate: Tensor) -> Tensor:
            assign_rates(self._optimizers, rate)

            def run(step: Tensor) -> Tensor:
                return self._steps.train(batch_at(batches, first + step), scalars, (seed, step))

            return sum_over(n_steps, self.spec.objective, run)

        return over_chunks(train, words, rates, n_chunks, len(self.spec.objective.terms))

    def _evaluate_chunk(
        self,
        rows: Tensor,
        targets: Tensor | None,
        labels: Tensor | None,
        weights: Tensor,
        n_steps: Tensor,
        scalars: Scalars,
        n_draws: Tensor,
    ) -> Tensor:
        self.n_traces += 1
        batches = (rows, targets, labels, weights)

        def run(step: Tensor) -> Tensor:
            draw, step = step // n_steps, step % n_steps
            return self._steps.evaluate(batch_at(batches, step), scalars, (draw, step))

        return sum_over(n_draws * n_steps, self.spec.objective, run)


def _is_state_of(variables: Sequence[keras.Variable], state: Sequence[Array]) -> bool:
    """Whether a state has a value for each variable, which options such as momentum decide."""
    shapes = [tuple(variable.shape) for variable in variables]
    return [np.shape(value) for value in state[: len(shapes)]] == shapes
