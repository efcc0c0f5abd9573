"""One batch through the network of a program: terms, their gradients, and what these change."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from skae.backend._models import KerasNetwork
from skae.backend._random import RandomDraws
from skae.backend._sums import mean_loss, sums_of
from skae.backend._view import NetworkView
from skae.backend._weights import WeightGroup
from skae.objectives import Batch, Scalars, Tensor, refuse_unreached
from skae.training import ObjectivePart, ProgramSpec, UpdatePart

Seed = tuple[Tensor, Tensor]


class _Update(NamedTuple):
    terms: tuple[str, ...] = ()
    weights: tuple[str, ...] = ("",)
    rate: str | None = None


_UPDATE_ALL = _Update()


def updates_of(objective: ObjectivePart) -> Sequence[UpdatePart]:
    """The updates of a step: those of an objective, or one of all weights."""
    return objective.updates or (_UPDATE_ALL,)


class Steps:
    """What a program compiles of a batch: pure but for the variables that it is given.

    Parameters
    ----------
    spec : ProgramSpec
    built : KerasNetwork
    groups : list of WeightGroup
    optimizers : list of keras.optimizers.Optimizer
        One for each update, built with the variables of its groups.
    states : list of keras.Variable
        Changed by a step without a gradient, such as the means of batch normalization.
    """

    def __init__(
        self,
        spec: ProgramSpec,
        built: KerasNetwork,
        groups: Sequence[WeightGroup],
        optimizers: Sequence[Any],
        states: Sequence[keras.Variable],
    ) -> None:
        self._spec, self._built = spec, built
        self._updates = updates_of(spec.objective)
        self._groups, self._optimizers, self._states = groups, optimizers, states

    def train(self, batch: Batch, scalars: Scalars, seed: Seed) -> Tensor:
        """All updates of a step, one after the other; a term is reported as its update saw it."""
        reported: dict[str, Tensor] = {}
        for i, update in enumerate(self._updates):
            reported |= self._update(i, update, batch, scalars, seed)
        return sums_of(self._spec.objective, reported, batch["weights"])

    def _update(
        self, i: int, update: UpdatePart, batch: Batch, scalars: Scalars, seed: Seed
    ) -> Mapping[str, Tensor]:
        groups = self._groups_of(i)
        changed = [group.tensors() for group in groups]
        others = [group.tensors() for group in self._groups if group not in groups]
        watched = [tensor for tensors in changed for tensor in tensors.values()]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(watched)
            tensors = {k: v for part in (*changed, *others) for k, v in part.items()}
            terms, states = self._terms(
                tensors, batch, scalars, seed, names=self._terms_of(i), training=True
            )
            loss = mean_loss(self._spec.objective, terms, batch["weights"], scalars, update.terms)
            loss = self._optimizers[i].scale_loss(loss)
        gradients = self._gradients(tape, loss, watched, update)
        pairs = [pair for group in groups for pair in group.gradients(gradients)]
        before = [tf.convert_to_tensor(variable.value) for _, variable in pairs]
        self._optimizers[i].apply(*zip(*pairs, strict=True))
        if update.rate is not None:
            for old, (_, variable) in zip(before, pairs, strict=True):
                variable.assign(old + scalars[update.rate] * (variable.value - old))
        if self._spec.is_pruned:
            for group in groups:
                group.prune()
        for variable, value in states:
            variable.assign(value)
        return terms

    def _gradients(
        self, tape: tf.GradientTape, loss: Tensor, watched: list[Tensor], update: UpdatePart
    ) -> Iterator[Tensor]:
        """Gradients of a loss, zero where it does not depend on a tensor."""
        found = tape.gradient(loss, watched)
        if all(gradient is None for gradient in found):
            refuse_unreached(self._spec.objective.function, update.terms, update.weights)
        pairs = zip(found, watched, strict=True)
        return (tf.zeros_like(tensor) if each is None else each for each, tensor in pairs)

    def _terms_of(self, i: int) -> Collection[str]:
        """What an update reports: terms that it lowers, and in the first those that none does."""
        if not self._updates[i].terms:
            return self._spec.objective.terms
        lowered = {name for update in self._updates for name in update.terms}
        others = [] if i else [name for name in self._spec.objective.terms if name not in lowered]
        return (*self._updates[i].terms, *others)

    def _groups_of(self, i: int) -> list[WeightGroup]:
        return [group for group in self._groups if i in group.updates]

    def evaluate(self, batch: Batch, scalars: Scalars, seed: Seed) -> Tensor:
        """Terms of a batch, without training."""
        tensors = {k: v for group in self._groups for k, v in group.tensors().items()}
        names = self._spec.objective.terms
        terms, _ = self._terms(tensors, batch, scalars, seed, names=names, training=False)
        return sums_of(self._spec.objective, terms, batch["weights"])

    def _terms(
        self,
        tensors: Mapping[str, Tensor],
        batch: Batch,
        scalars: Scalars,
        seed: Seed,
        *,
        names: Collection[str],
        training: bool,
    ) -> tuple[Mapping[str, Tensor], list[tuple[keras.Variable, Tensor]]]:
        trained = {name: v for group in self._groups for name, v in group.members.items()}
        mapping = [(trained[name], tensor) for name, tensor in tensors.items()]
        if self._spec.network.columns is not None:
            # What is missing in a table is left out of targets, and read as the mean.
            rows = batch["rows"]
            batch = {**batch, "rows": tf.where(tf.math.is_nan(rows), 0.0, rows)}
        with keras.StatelessScope(state_mapping=mapping) as scope:
            network = NetworkView(self._built, self._spec, training)
            found = self._spec.objective.function(network, batch, scalars, RandomDraws(seed))
            terms = {name: found[name] for name in found if name in names}
        changed = ((v, scope.get_current_value(v)) for v in self._states)
        return terms, [(v, value) for v, value in changed if value is not None]
