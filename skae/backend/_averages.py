"""Weights and their moving averages, of which one is in the variables at a time."""

from collections.abc import Sequence
from typing import Any

from skae.numerics import Array


class WeightAverages:
    """Moving averages that an optimizer with ``use_ema`` makes of the weights, to judge and keep.

    Training moves the weights; whoever evaluates or reads them gets their averages, which the
    optimizer updates after every step. The next step goes on from the weights.

    Parameters
    ----------
    optimizer : keras.optimizers.Optimizer or None
        Built; None if it keeps no averages: then nothing here does anything.
    variables : list of keras.Variable
        Those the optimizer was built with.
    """

    def __init__(self, optimizer: Any, variables: Sequence[Any]) -> None:
        self._optimizer, self._variables = optimizer, variables
        self._has_trained = False
        self._resting: list[Array] | None = None

    def forget(self) -> None:
        """The variables were given other values: those are now what is trained."""
        self._has_trained, self._resting = False, None

    def to_train(self) -> None:
        """Put the weights back that training goes on from."""
        if self._resting is not None:
            for variable, value in zip(self._variables, self._resting, strict=True):
                variable.assign(value)
        self._has_trained, self._resting = True, None

    def to_judge(self) -> bool:
        """Put the averages into the variables; whether they were not there before."""
        if self._optimizer is None or not self._has_trained or self._resting is not None:
            return False
        self._resting = [variable.numpy().copy() for variable in self._variables]
        self._optimizer.finalize_variable_values(self._variables)
        return True

    # As part of the optimizer's state, for a run that goes on where another ended.

    def state(self) -> list[Array]:
        """The weights that rest while their averages are judged."""
        return [] if self._resting is None else [value.copy() for value in self._resting]

    def resume(self, state: Sequence[Array]) -> None:
        """Go on from a state: the averages are in the variables."""
        self._has_trained, self._resting = False, list(state) or None
