"""Fully connected paths."""

from skae.backend._blocks import Path, dense, dropout
from skae.networks import DenseNetwork


def dense_paths(network: DenseNetwork) -> tuple[Path, Path]:
    """Fully connected encoder and decoder."""
    encoder, decoder = (_dense_path(network, *half) for half in network.halves)
    return encoder, decoder


def _dense_path(
    network: DenseNetwork, half: str, n_inputs: int, n_outputs: int, sizes: tuple[int, ...]
) -> Path:
    blocks = [
        [
            dense(units, f"{half}_hidden_{i}", activation=network.activation),
            *dropout(network, f"{half}_dropout_{i}"),
        ]
        for i, units in enumerate(sizes, 1)
    ]
    readout = dense(n_outputs, f"{half}_nonlinear", use_bias=not network.has_linear_path)
    return Path([*blocks, [readout]])
