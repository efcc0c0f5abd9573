"""Fully connected paths."""

from skae.backend._blocks import Path, dense, dropout


def dense_paths(network):
    """Fully connected encoder and decoder."""
    return tuple(_dense_path(network, *half) for half in network.halves)


def _dense_path(network, half, n_inputs, n_outputs, sizes):
    blocks = [
        [
            dense(units, f"{half}_hidden_{i}", activation=network.activation),
            *dropout(network, f"{half}_dropout_{i}"),
        ]
        for i, units in enumerate(sizes, 1)
    ]
    readout = dense(n_outputs, f"{half}_nonlinear", use_bias=not network.has_linear_path)
    return Path([*blocks, [readout]])
