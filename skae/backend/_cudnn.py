"""Recurrent layers of programs on a GPU, in cuDNN's kernels: all timesteps in one call."""

import keras

from skae.backend._devices import is_gpu, this_device
from skae.backend._models import KerasNetwork
from skae.networks import RecurrentNetwork
from skae.training import ProgramSpec


def use_cudnn(built: KerasNetwork, spec: ProgramSpec) -> None:
    """Let a program run its recurrent layers in cuDNN, where that computes the same.

    Only the layers of a program are changed, which nobody saves: what a fit leaves is built anew.

    Parameters
    ----------
    built : KerasNetwork
    spec : ProgramSpec
    """
    if not pays(spec, this_device()):
        return
    for path in built.paths:
        for layer in (layer for block in path.blocks for layer in block.layers):
            for one in _directions(layer):
                # Keras itself goes on without where an activation is not one of cuDNN's.
                one.use_cudnn = "auto"


def pays(spec: ProgramSpec, device: str) -> bool:
    """Whether a program can run in cuDNN on a device.

    cuDNN refuses gaps between timesteps and has no second derivative; XLA cannot compile it.
    """
    is_recurrent = isinstance(spec.network, RecurrentNetwork) and not spec.network.is_masked
    is_derived_twice = "contraction" in spec.objective.terms
    return is_recurrent and not is_derived_twice and spec.tier == "graph" and is_gpu(device)


def _directions(layer: keras.layers.Layer) -> list[keras.layers.Layer]:
    if isinstance(layer, keras.layers.Bidirectional):
        return [layer.forward_layer, layer.backward_layer]
    return [layer] if isinstance(layer, keras.layers.GRU | keras.layers.LSTM) else []
