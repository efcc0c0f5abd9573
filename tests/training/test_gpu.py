"""What changes on a GPU, told by the name of a device: machines that test have none."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from skae import RecurrentAutoencoder
from skae.backend import _cudnn
from skae.backend._models import build
from skae.networks import ConvolutionalNetwork, DenseNetwork, RecurrentNetwork
from skae.objectives import CONTRACTIVE, RECONSTRUCTION
from skae.training import ProgramSpec

GPU, PROCESSOR = (f"/job:localhost/replica:0/task:0/device:{kind}:0" for kind in ("GPU", "CPU"))
NETWORK = RecurrentNetwork(
    n_features=6, sample_shape=(3, 2), n_components=2, hidden_layer_sizes=(4,), activation="tanh"
)
SPEC = ProgramSpec(
    network=NETWORK,
    objective=RECONSTRUCTION,
    loss="mse",
    optimizer=None,
    n_features=6,
    batch_size=8,
    tier="graph",
)


def test_recurrent_programs_in_a_graph_use_cudnn():
    assert _cudnn.pays(SPEC, GPU)


@pytest.mark.parametrize(
    ("what", "device"),
    [
        ({}, PROCESSOR),
        ({"tier": "xla"}, GPU),
        ({"tier": "eager"}, GPU),
        ({"objective": CONTRACTIVE}, GPU),
        ({"network": replace(NETWORK, is_masked=True)}, GPU),
    ],
)
def test_others_do_not(what, device):
    assert not _cudnn.pays(replace(SPEC, **what), device)


@pytest.mark.parametrize("bidirectional", [False, True])
def test_every_recurrent_layer_is_told(monkeypatch, bidirectional):
    monkeypatch.setattr(_cudnn, "this_device", lambda: GPU)
    network = replace(NETWORK, bidirectional=bidirectional)
    built = build(network)
    _cudnn.use_cudnn(built, replace(SPEC, network=network))
    layers = [layer for path in built.paths for block in path.blocks for layer in block.layers]
    both = [layer for layer in layers if isinstance(layer, keras.layers.Bidirectional)]
    told = [one for layer in both for one in (layer.forward_layer, layer.backward_layer)]
    told += [layer for layer in layers if isinstance(layer, keras.layers.LSTM)]
    assert len(told) == (4 if bidirectional else 2)
    assert {layer.use_cudnn for layer in told} == {"auto"}


@pytest.mark.slow
def test_a_processor_computes_the_same_where_cudnn_was_allowed(monkeypatch):
    X = np.random.default_rng(0).normal(size=(16, 6))
    sizes = {"hidden_layer_sizes": (5,), "batch_size": 8}  # of no other test, so that it is built
    parameters = {"sample_shape": (3, 2), "max_iter": 2, "jit_compile": False, "random_state": 0}
    monkeypatch.setattr(_cudnn, "this_device", lambda: GPU)
    allowed = RecurrentAutoencoder(2, **sizes, **parameters).fit_transform(X)
    monkeypatch.undo()
    with keras.device("cpu:0"):
        plain = RecurrentAutoencoder(2, **sizes, **parameters).fit_transform(X)
    np.testing.assert_allclose(allowed, plain, atol=1e-6)


def test_xla_begins_later_on_a_gpu():
    assert DenseNetwork.xla_from_steps < DenseNetwork.xla_from_steps_on_gpu < np.inf


def test_xla_is_worth_it_for_convolutions_on_a_gpu_only():
    assert ConvolutionalNetwork.xla_from_steps_on_gpu < ConvolutionalNetwork.xla_from_steps


def test_recurrent_networks_need_xla_on_a_gpu_where_cudnn_is_left_out():
    assert NETWORK.steps_from_which_xla_pays(True) == np.inf
    assert replace(NETWORK, is_masked=True).steps_from_which_xla_pays(True) < np.inf


def test_the_tier_of_a_fit_follows_its_device(monkeypatch):
    from skae import backend
    from skae.fitting import _train

    tiers = []
    monkeypatch.setattr(_train, "choose_tier", lambda *said: tiers.append(said[2]) or "graph")
    monkeypatch.setattr(backend, "is_on_gpu", lambda: True)
    from skae import Autoencoder

    Autoencoder(1, max_iter=1).fit(np.random.default_rng(0).normal(size=(30, 3)))
    assert tiers == [DenseNetwork.xla_from_steps_on_gpu]
