"""Recurrent layers: a loop over the timesteps of a sequence."""

from collections.abc import Callable
from typing import Any

import numpy as np

from skae.export._layers import activation_of, affine
from skae.export._tensor import Tensor, xp
from skae.networks import RecurrentNetwork, names
from skae.numerics import Weights

# Makes new states of the layer's inputs at a timestep and the states before.
Step = Callable[[Tensor, list[Tensor]], list[Tensor]]


def recurrent_path(
    network: RecurrentNetwork, weights: Weights, half: str, inputs: Tensor
) -> Tensor:
    """Output of the nonlinear path of the encoder or the decoder."""
    n_timesteps, n_channels = network.sample_shape
    n_layers = len(network.hidden_layer_sizes)
    if half == "encoder":
        steps, mask = inputs.reshape(-1, n_timesteps, n_channels), None
        if network.is_masked:
            is_known = (~xp.isnan(steps)).astype(np.float32)
            mask = is_known.max(axis=2, keepdims=True) > np.float32(0)
            steps = xp.nan_to_num(steps)
        for i in range(1, n_layers + 1):
            steps = _layer(network, weights, names.hidden(half, i), steps, mask)
        return affine(weights, names.nonlinear(half), _last(network, steps))
    steps = inputs[:, None]
    for i in range(1, n_layers + 1):
        steps = _layer(network, weights, names.hidden(half, i), steps, None)
    outputs = affine(weights, names.nonlinear(half), steps)
    return outputs.reshape(-1, n_timesteps * n_channels)


def _layer(
    network: RecurrentNetwork, weights: Weights, name: str, steps: Tensor, mask: Tensor | None
) -> Tensor:
    """States of a layer at every timestep."""
    if not network.bidirectional:
        return _run(network, weights, f"{name}/", steps, mask, backwards=False)
    forward, backward = (
        _run(network, weights, f"{name}/{way}_cell/", steps, mask, backwards=way == "backward")
        for way in ("forward", "backward")
    )
    both: Tensor = xp.concatenate([forward, backward], axis=2)
    return both


def _last(network: RecurrentNetwork, steps: Tensor) -> Tensor:
    """The state that a layer ends in, each way.

    A state stays as it is at timesteps that are not there, so that the last of all is also the last
    of those that are there.
    """
    if not network.bidirectional:
        return steps[:, -1]
    n_units = int(steps.shape[2] or 0) // 2
    ends: Tensor = xp.concatenate([steps[:, -1, :n_units], steps[:, 0, n_units:]], axis=1)
    return ends


def _run(
    network: RecurrentNetwork,
    weights: Weights,
    beginning: str,
    steps: Tensor,
    mask: Tensor | None,
    *,
    backwards: bool,
) -> Tensor:
    """States of one direction; one timestep that comes in stands for all."""
    kernel, recurrent, bias = (
        weights[f"{beginning}{network.cell}_cell/{what}"]
        for what in ("kernel", "recurrent_kernel", "bias")
    )
    n_units, n_timesteps = recurrent.shape[0], network.sample_shape[0]
    inputs = steps @ kernel + (bias if bias.ndim == 1 else bias[0])
    start = (inputs[:, 0, :n_units] * np.float32(0)).astype(np.float32)
    activate = activation_of(network.activation)
    step: Step
    if network.cell == "lstm":
        step, n_states = _lstm(activate, recurrent), 2
    else:
        step, n_states = _gru(activate, recurrent, bias[1]), 1
    if inputs.shape[1] == 1 and n_timesteps > 1:
        # The same at every timestep.
        shape = np.array([1, n_timesteps, 1], np.int64)
        inputs = inputs.op("Expand", shape, shape=(None, n_timesteps, inputs.shape[2]))
    return _scanned(step, [start] * n_states, inputs, mask, backwards=backwards)


def _scanned(
    step: Step, start: list[Tensor], inputs: Tensor, mask: Tensor | None, *, backwards: bool
) -> Tensor:
    """First state at every timestep."""
    graph = inputs.graph
    body = graph.inner()
    # The timesteps of a loop come first.
    sequences = [each.transpose(1, 0, 2) for each in (inputs, mask) if each is not None]
    before = [Tensor(body, f"{each.name}_before", each.dtype, each.shape) for each in start]
    for i, state in enumerate(before):
        state.name = f"{state.name}_{i}"
    now = [Tensor(body, f"{each.name}_now", each.dtype, each.shape[1:]) for each in sequences]
    after = step(now[0], before)
    if mask is not None:
        after = [xp.where(now[1], new, old) for new, old in zip(after, before, strict=True)]
    (given,) = body.node("Identity", [after[0].name])
    state = after[0]
    outputs = [*after, Tensor(body, given, state.dtype, state.shape)]
    found = graph.node(
        "Scan",
        [each.name for each in (*start, *sequences)],
        len(outputs),
        body=body.body([*before, *now], outputs),
        num_scan_inputs=len(sequences),
        scan_input_directions=[int(backwards)] * len(sequences),
        scan_output_directions=[int(backwards)],
    )
    shape = (inputs.shape[1], None, state.shape[1])
    return Tensor(graph, found[-1], state.dtype, shape).transpose(1, 0, 2)


def _lstm(activate: Callable[[Any], Any], recurrent: Any) -> Step:
    def step(inputs: Tensor, states: list[Tensor]) -> list[Tensor]:
        hidden, cell = states
        sigmoid = activation_of("sigmoid")
        entry, forget, new, exit_ = xp.split(inputs + hidden @ recurrent, 4, axis=1)
        cell = sigmoid(forget) * cell + sigmoid(entry) * activate(new)
        return [sigmoid(exit_) * activate(cell), cell]

    return step


def _gru(activate: Callable[[Any], Any], recurrent: Any, bias: Any) -> Step:
    def step(inputs: Tensor, states: list[Tensor]) -> list[Tensor]:
        (hidden,) = states
        sigmoid = activation_of("sigmoid")
        update, reset, new = xp.split(inputs, 3, axis=1)
        of_update, of_reset, of_new = xp.split(hidden @ recurrent + bias, 3, axis=1)
        kept = sigmoid(update + of_update)
        candidate = activate(new + sigmoid(reset + of_reset) * of_new)
        return [kept * hidden + (np.float32(1) - kept) * candidate]

    return step
