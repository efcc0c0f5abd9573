"""Recurrent layers in numpy, as Keras computes them: a loop over time, a product for each step.

Sequences are of shape (n_timesteps, n_rows, n_values): a step is contiguous.
"""

from collections.abc import Callable, Hashable

import numpy as np

from skae.networks._activations import NUMPY_ACTIVATIONS
from skae.networks._in_place import sigmoid_in_place
from skae.numerics import Array

Layer = tuple[Array, Array, Array]


def recurred(
    cell: str,
    layer: Layer,
    sequence: Array,
    n_timesteps: int,
    activation: Hashable,
    *,
    is_there: Array | None = None,
    backwards: bool = False,
) -> Array:
    """States of a layer after each timestep, in the order of the timesteps.

    Parameters
    ----------
    cell : {"lstm", "gru"}
    layer : tuple of ndarray
        Kernel of the inputs, kernel of the state, and bias.
    sequence : ndarray of shape (n_timesteps or 1, n_rows, n_inputs)
        Of one timestep, it is the same at all.
    n_timesteps : int
    activation : str
    is_there : ndarray of bool of shape (n_timesteps, n_rows, 1), optional
        Which timesteps there are: at others the state stays.
    backwards : bool
        Whether the last timestep is read first.
    """
    order = range(n_timesteps)[::-1] if backwards else range(n_timesteps)
    # Activations without bounds may overflow on the way: the result says so, as in Keras.
    with np.errstate(over="ignore", invalid="ignore"):
        return _CELLS[cell](layer, sequence, n_timesteps, order, activation, is_there)


def _lstm(
    layer: Layer,
    sequence: Array,
    n_timesteps: int,
    order: range,
    activation: Hashable,
    is_there: Array | None,
) -> Array:
    kernel, recurrent, bias = layer
    n_rows, n_units = sequence.shape[1], len(recurrent)
    # Gates are sigmoids: tanh of half of what they are given, halved and moved. The third part of
    # four is no gate but what is added to the memory.
    halves = np.full(4 * n_units, 0.5, kernel.dtype)
    shift = halves.copy()
    added = slice(2 * n_units, 3 * n_units)
    halves[added], shift[added] = 1.0, 0.0
    given, recurrent = (sequence @ kernel + bias) * halves, recurrent * halves
    activate = None if activation == "tanh" else NUMPY_ACTIVATIONS[activation]
    states = np.empty((n_timesteps, n_rows, n_units), kernel.dtype)
    state, memory = np.zeros((2, n_rows, n_units), kernel.dtype)
    gates, candidate = np.empty((n_rows, 4 * n_units), kernel.dtype), None
    for step in order:
        np.matmul(state, recurrent, out=gates)
        gates += given[step if len(given) > 1 else 0]
        if activate is not None:
            candidate = activate(gates[:, added].copy())
        np.tanh(gates, out=gates)
        gates *= halves
        gates += shift
        enters, stays, leaves = (
            gates[:, place * n_units : (place + 1) * n_units] for place in (0, 1, 3)
        )
        new = gates[:, added] if candidate is None else candidate
        new = enters * new
        new += stays * memory
        shown = np.tanh(new) if activate is None else activate(new)
        state = _kept(leaves * shown, state, is_there, step)
        memory = _kept(new, memory, is_there, step)
        states[step] = state
    return states


def _gru(
    layer: Layer,
    sequence: Array,
    n_timesteps: int,
    order: range,
    activation: Hashable,
    is_there: Array | None,
) -> Array:
    kernel, recurrent, (bias, recurrent_bias) = layer
    n_rows, n_units = sequence.shape[1], len(recurrent)
    given, n_gates = sequence @ kernel + bias, 2 * n_units
    activate: Callable[[Array], Array] = NUMPY_ACTIVATIONS[activation]
    states = np.empty((n_timesteps, n_rows, n_units), kernel.dtype)
    state = np.zeros((n_rows, n_units), kernel.dtype)
    for step in order:
        now = given[step if len(given) > 1 else 0]
        remembered = state @ recurrent
        remembered += recurrent_bias
        gates = remembered[:, :n_gates] + now[:, :n_gates]
        sigmoid_in_place(gates)
        candidate = gates[:, n_units:] * remembered[:, n_gates:]
        candidate += now[:, n_gates:]
        candidate = activate(candidate)
        new = state - candidate
        new *= gates[:, :n_units]
        new += candidate
        state = _kept(new, state, is_there, step)
        states[step] = state
    return states


def _kept(new: Array, old: Array, is_there: Array | None, step: int) -> Array:
    return new if is_there is None else np.where(is_there[step], new, old)


_CELLS: dict[str, Callable[..., Array]] = {"gru": _gru, "lstm": _lstm}
