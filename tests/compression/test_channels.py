"""Filters and units that go whole: the network that is left, and what it gives."""

from dataclasses import replace

import numpy as np
import pytest

import skae
from skae.compression._narrowing import narrowed
from skae.networks import channel_groups, without_channels

from .shared import X

IMAGES = {"sample_shape": (8, 8, 1), "hidden_layer_sizes": (4, 6), "max_iter": 2}
SERIES = {"sample_shape": (8, 8), "hidden_layer_sizes": (4, 6), "max_iter": 2}
OF_IMAGES = skae.ConvolutionalAutoencoder
KINDS = {
    "dense": (skae.Autoencoder, {"hidden_layer_sizes": (4, 6)}),
    "strides": (OF_IMAGES, IMAGES),
    "odd": (OF_IMAGES, IMAGES | {"sample_shape": (4, 16, 1), "kernel_size": (3, 5)}),
    "pooling": (OF_IMAGES, IMAGES | {"pooling": "average"}),
    "one layer": (OF_IMAGES, IMAGES | {"hidden_layer_sizes": (4,)}),
    "signals": (OF_IMAGES, IMAGES | {"sample_shape": (64, 1)}),
    "variational": (skae.VariationalConvolutionalAutoencoder, IMAGES),
    "lstm": (skae.RecurrentAutoencoder, SERIES),
    "gru": (skae.RecurrentAutoencoder, SERIES | {"cell": "gru"}),
    "both": (skae.RecurrentAutoencoder, SERIES | {"bidirectional": True}),
    "residual": (skae.DenoisingAutoencoder, IMAGES | {"network": "residual"}),
    "unet": (skae.DenoisingAutoencoder, IMAGES | {"network": "unet"}),
    "unet pooled": (skae.DenoisingAutoencoder, IMAGES | {"network": "unet", "pooling": "max"}),
    "blind": (skae.DenoisingAutoencoder, IMAGES | {"network": "unet", "noise_level": (0.1, 0.5)}),
}


@pytest.fixture(scope="module", params=KINDS.values(), ids=KINDS.keys())
def model(request):
    """A model whose weights are all far from zero."""
    cls, parameters = request.param
    parameters = {"init": "random", **parameters}
    given = {} if "network" in parameters else {"n_components": 4}
    common = {"max_iter": 1, "jit_compile": False, "random_state": 0}
    estimator = cls(**{**common, **parameters, **given, "max_iter": 1}).fit(X[:20])
    rng = np.random.default_rng(0)
    noisy = {
        name: (array + 0.1 * rng.standard_normal(array.shape)).astype(np.float32)
        for name, array in estimator._model.weights.items()
    }
    return estimator._model.with_weights(noisy)


def with_dead(model, rng):
    """The model, with all but two channels of every group read by nothing; and those alive."""
    weights, kept = {n: w.copy() for n, w in model.weights.items()}, []
    for group in channel_groups(model.network, weights):
        size = model.network.hidden_layer_sizes[group.layer]
        alive = np.sort(rng.permutation(size)[:2])
        dead = np.setdiff1d(np.arange(size), alive)
        for each in group.readers:
            # What a reader is multiplied by: one row of it for each tile.
            for tile in range(each.n_tiles):
                index = [slice(None)] * weights[each.name].ndim
                index[each.axis] = tile * size + dead
                weights[each.name][tuple(index)] = 0.0
        kept.append((group, alive))
    return model.with_weights(weights), kept


def test_a_channel_that_nothing_reads_may_go(model):
    dead, kept = with_dead(model, np.random.default_rng(1))
    network, weights = without_channels(dead.network, dead.weights, kept)
    small = replace(dead, network=network).with_weights(weights)
    assert network.hidden_layer_sizes == (2,) * len(model.network.hidden_layer_sizes)
    np.testing.assert_allclose(small.encode(X[:8]), dead.encode(X[:8]), atol=2e-6)
    np.testing.assert_allclose(small.reconstruct(X[:8]), dead.reconstruct(X[:8]), atol=2e-6)


def test_channels_that_nothing_reads_are_found_without_rows(model):
    dead, _ = with_dead(model, np.random.default_rng(1))
    sizes = model.network.hidden_layer_sizes
    share = 1 - 2 / max(sizes)
    small = narrowed(dead, share, None)
    expected = tuple(size - int(share * size + 1e-9) for size in sizes)
    assert small.network.hidden_layer_sizes == expected
    np.testing.assert_allclose(small.reconstruct(X[:8]), dead.reconstruct(X[:8]), atol=2e-6)


def test_a_channel_that_matters_does_not_go(model):
    dead, kept = with_dead(model, np.random.default_rng(1))
    network, weights = without_channels(
        dead.network, dead.weights, [(group, alive[:1]) for group, alive in kept]
    )
    small = replace(dead, network=network).with_weights(weights)
    assert np.abs(small.reconstruct(X[:8]) - dead.reconstruct(X[:8])).max() > 1e-4
