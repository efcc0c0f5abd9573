"""Recurrent layers in numpy, as Keras computes them: a loop over time, one product for each step.

Calls of numpy, not sums, are what a step of few rows takes, so both directions of a layer take a
step at once, and all that a step multiplies is one factor.

Products are in double precision: that of one row adds in another order than that of many, and what
the last bits differ by would be carried on from state to state. All else is in single precision,
which takes a third of the time.
"""

from collections.abc import Callable, Hashable, Sequence

import numpy as np

from skae.networks._activations import NUMPY_ACTIVATIONS
from skae.numerics import Array

Layer = tuple[Array, Array, Array]
_SINGLE = np.float32


def recurred(
    cell: str,
    directions: Sequence[Layer],
    sequence: Array,
    n_timesteps: int,
    activation: Hashable,
    *,
    is_there: Array | None = None,
) -> Array:
    """States of a layer after each timestep, in the order of the timesteps; backward ones last.

    Parameters
    ----------
    cell : {"lstm", "gru"}
    directions : sequence of tuple of ndarray
        Kernel of the inputs, kernel of the state, and bias; of a second direction, which reads the
        last timestep first, likewise.
    sequence : ndarray of shape (n_timesteps or 1, n_rows, n_inputs)
        Of one timestep, it is the same at all.
    n_timesteps : int
    activation : str
    is_there : ndarray of bool of shape (n_timesteps, n_rows, 1), optional
        Which timesteps there are: at others the state stays.

    Returns
    -------
    states : ndarray of shape (n_timesteps, n_rows, n_directions * n_units)
        In single precision.
    """
    n_directions, n_units = len(directions), len(directions[0][1])
    turned = _turned(sequence, n_directions)
    if is_there is not None:
        is_there = _turned(is_there, n_directions)
    states = np.empty((n_timesteps, n_directions, sequence.shape[1], n_units), _SINGLE)
    # Activations without bounds may overflow on the way: the result says so, as in Keras.
    with np.errstate(over="ignore", invalid="ignore"):
        _CELLS[cell](directions, turned, states, NUMPY_ACTIVATIONS[activation], is_there)
    return np.concatenate([states[:, 0], *(states[::-1, i] for i in range(1, n_directions))], 2)


def _turned(sequence: Array, n_directions: int) -> Array:
    """A sequence as each direction reads it, (n_timesteps, n_directions, n_rows, n_values)."""
    if n_directions == 1:
        return sequence[:, None]
    return np.stack([sequence, sequence[::-1]], axis=1)


class _Product:
    """Of what a step is given, 1 and the state with a kernel, in one call and without new arrays.

    Parameters
    ----------
    kernel : ndarray of shape (n_directions, n_inputs + 1 + n_units, n_values)
    sequence : ndarray of shape (n_timesteps or 1, n_directions, n_rows, n_inputs)
    n_units : int
    """

    def __init__(self, kernel: Array, sequence: Array, n_units: int) -> None:
        n_directions, n_factors, n_values = kernel.shape
        n_rows = sequence.shape[2]
        self._kernel, self._sequence = kernel, sequence
        self._factors = np.ones((n_directions, n_rows, n_factors))
        self._given = self._factors[..., : sequence.shape[3]]
        self._state = self._factors[..., -n_units:]
        self._given[:], self._state[:] = sequence[0], 0.0
        self._values = np.empty((n_directions, n_rows, n_values))

    def at(self, step: int, state: Array | None) -> Array:
        """The product at a step, after a state; of the first step there is none."""
        if len(self._sequence) > 1:
            self._given[:] = self._sequence[step]
        if state is not None:
            self._state[:] = state
        return np.matmul(self._factors, self._kernel, out=self._values)


def _lstm(
    directions: Sequence[Layer],
    sequence: Array,
    states: Array,
    activate: Callable[[Array], Array],
    is_there: Array | None,
) -> None:
    n_units = states.shape[3]
    # Gates are sigmoids: tanh of half of what they are given, halved and moved. The third part of
    # four is no gate but what is added to the memory.
    halves = np.full(4 * n_units, 0.5, _SINGLE)
    shift = halves.copy()
    added = slice(2 * n_units, 3 * n_units)
    halves[added], shift[added] = 1.0, 0.0
    kernel = np.stack([np.concatenate([of, b[None], r]) for of, r, b in directions])
    kernel *= halves
    product = _Product(kernel, sequence, n_units)
    is_tanh = activate is np.tanh
    gates = np.empty((*states.shape[1:3], 4 * n_units), _SINGLE)
    enters, stays, new, leaves = (
        gates[..., place * n_units : (place + 1) * n_units] for place in range(4)
    )
    state: Array | None = None
    memory = np.zeros(states.shape[1:], _SINGLE)
    for step in range(len(states)):
        gates[:] = product.at(step, state)
        candidate = new if is_tanh else activate(new.copy())
        np.tanh(gates, out=gates)
        gates *= halves
        gates += shift
        now = enters * candidate
        now += stays * memory
        shown = np.tanh(now) if is_tanh else activate(now)
        memory = _kept(now, memory, is_there, step)
        np.multiply(leaves, shown, out=states[step])
        state = states[step] if is_there is None else _keep(states, step, is_there)


def _gru(
    directions: Sequence[Layer],
    sequence: Array,
    states: Array,
    activate: Callable[[Array], Array],
    is_there: Array | None,
) -> None:
    # What is new is given apart from what is remembered of it, so inputs have a product of theirs.
    n_units = states.shape[3]
    n_gates = 2 * n_units
    # In arrays: numpy takes longer over a scalar than over a few hundred values.
    half = np.full(n_gates, 0.5, _SINGLE)
    halves = np.ones(3 * n_units)
    halves[:n_gates] = 0.5
    kernel = np.empty((len(directions), 1 + n_units, 3 * n_units))
    for own, (_, recurrent, (_, bias)) in zip(kernel, directions, strict=True):
        np.multiply(bias, halves, out=own[0])
        np.multiply(recurrent, halves, out=own[1:])
    product = _Product(kernel, sequence[:1, ..., :0], n_units)
    given = _products(sequence, [(of * halves, b[0] * halves) for of, _, b in directions])
    for_gates, for_new = (np.ascontiguousarray(x) for x in np.split(given, [n_gates], axis=3))
    is_same = len(given) == 1
    gates = np.empty((*states.shape[1:3], n_gates), _SINGLE)
    stays, resets = gates[..., :n_units], gates[..., n_units:]
    remembered, now = np.empty((2, *states.shape[1:]), _SINGLE)
    is_tanh = activate is np.tanh
    state: Array | None = None
    for step, out in enumerate(states):
        at = 0 if is_same else step
        values = product.at(step, state)
        gates[:] = values[..., :n_gates]
        gates += for_gates[at]
        np.tanh(gates, out=gates)
        gates *= half
        gates += half
        remembered[:] = values[..., n_gates:]
        remembered *= resets
        remembered += for_new[at]
        new = np.tanh(remembered, out=remembered) if is_tanh else activate(remembered)
        if state is None:
            np.negative(new, out=now)
        else:
            np.subtract(state, new, out=now)
        now *= stays
        np.add(now, new, out=out)
        state = out if is_there is None else _keep(states, step, is_there)


def _products(sequence: Array, kernels: Sequence[tuple[Array, Array]]) -> Array:
    """What each direction makes of its sequence, in single precision."""
    n_timesteps, _, n_rows, n_inputs = sequence.shape
    made = np.empty((n_timesteps, len(kernels), n_rows, kernels[0][0].shape[1]), _SINGLE)
    for i, (kernel, bias) in enumerate(kernels):
        # All at once: as many products as timesteps would take longer.
        rows = sequence[:, i].reshape(-1, n_inputs).astype(np.float64, copy=False)
        made[:, i] = (rows @ kernel).reshape(n_timesteps, n_rows, -1)
        made[:, i] += bias.astype(_SINGLE)
    return made


def _keep(states: Array, step: int, is_there: Array) -> Array:
    """The state of a step, which is the one before where there is nothing to be read."""
    now: Array = states[step]
    now[:] = _kept(now, states[step - 1] if step else np.zeros_like(now), is_there, step)
    return now


def _kept(new: Array, old: Array, is_there: Array | None, step: int) -> Array:
    return new if is_there is None else np.where(is_there[step], new, old)


_CELLS: dict[str, Callable[..., None]] = {"gru": _gru, "lstm": _lstm}
