"""The weights of a program, as variables that the same updates change.

Elementwise optimizers see all weights of a group as one flat vector: one update instead of one for
every kernel and bias, which makes tracing three times and small steps almost twice as fast.
"""

import math
from collections.abc import Iterator, Mapping, Sequence

import keras
import numpy as np
import tensorflow as tf

from skae.numerics import Array, Weights
from skae.objectives import Tensor
from skae.training import UpdatePart


class WeightGroup:
    """Weights that the same updates change; flat, they are one variable.

    Parameters
    ----------
    members : dict of keras.Variable
    updates : frozenset of int
    is_flat : bool
    """

    def __init__(
        self, members: dict[str, keras.Variable], updates: frozenset[int], is_flat: bool
    ) -> None:
        self.members, self.updates = members, updates
        self._shapes = {name: tuple(v.shape) for name, v in members.items()}
        self._sizes = [math.prod(shape) for shape in self._shapes.values()]
        self._is_flat = is_flat and len(members) > 1
        self.variables = list(members.values())
        if self._is_flat:
            flat = np.zeros(sum(self._sizes), np.float32)
            self.variables = [keras.Variable(flat, dtype="float32", name="weights")]
        self.masks: list[keras.Variable] = []

    def assign(self, weights: Weights) -> None:
        self._assign(self.variables, weights)

    def _assign(self, variables: Sequence[keras.Variable], weights: Weights) -> None:
        arrays = [weights[name] for name in self.members]
        if self._is_flat:
            arrays = [np.concatenate([array.ravel() for array in arrays])]
        for variable, array in zip(variables, arrays, strict=True):
            variable.assign(array)

    def make_masks(self) -> None:
        """Variables that say which weights stay zero."""
        self.masks = [keras.Variable(v.numpy(), dtype="float32") for v in self.variables]

    def assign_mask(self, mask: Weights) -> None:
        self._assign(self.masks, mask)

    def prune(self) -> None:
        for variable, mask in zip(self.variables, self.masks, strict=True):
            variable.assign(variable.value * mask.value)

    def arrays(self) -> Weights:
        return self.named([variable.numpy() for variable in self.variables])

    def named(self, arrays: Sequence[Array]) -> Weights:
        """Arrays of the shapes of the variables, taken apart, by the names of the members."""
        if self._is_flat:
            arrays = np.split(arrays[0], np.cumsum(self._sizes)[:-1])
        shaped = zip(self._shapes.items(), arrays, strict=True)
        return {name: array.reshape(shape).copy() for (name, shape), array in shaped}

    def tensors(self) -> dict[str, Tensor]:
        if not self._is_flat:
            values = [tf.convert_to_tensor(variable.value) for variable in self.variables]
            return dict(zip(self.members, values, strict=True))
        parts = tf.split(self.variables[0].value, self._sizes)
        shaped = zip(self._shapes.items(), parts, strict=True)
        return {name: _reshaped(part, shape) for (name, shape), part in shaped}

    def gradients(self, gradients: Iterator[Tensor]) -> list[tuple[Tensor, keras.Variable]]:
        """Pairs of a gradient and its variable, taken from an iterator over the members'."""
        own = [next(gradients) for _ in self.members]
        if self._is_flat:
            own = [tf.concat([_reshaped(gradient, (-1,)) for gradient in own], 0)]
        return list(zip(own, self.variables, strict=True))


def _reshaped(tensor: Tensor, shape: tuple[int, ...]) -> Tensor:
    # Biases are flat already, and every operation is traced, and run in a graph.
    return tensor if len(tensor.shape) == len(shape) == 1 else tf.reshape(tensor, shape)


def group_weights(
    trained: Mapping[str, keras.Variable], updates: Sequence[UpdatePart], is_flat: bool
) -> list[WeightGroup]:
    """Weights by which updates change them, in the order of the weights.

    Raises
    ------
    ValueError
        If an update changes none.
    """
    for update in updates:
        if not any(name.startswith(update.weights) for name in trained):
            begin = " or ".join(map(repr, update.weights)) or "nothing"
            raise ValueError(
                f"An update of the objective changes weights whose names begin with {begin}, but "
                f"the network has none: they are {', '.join(trained)}."
            )
    members: dict[frozenset[int], dict[str, keras.Variable]] = {}
    for name, variable in trained.items():
        changing = frozenset(
            i for i, update in enumerate(updates) if name.startswith(update.weights)
        )
        members.setdefault(changing, {})[name] = variable
    return [WeightGroup(named, changing, is_flat) for changing, named in members.items()]
