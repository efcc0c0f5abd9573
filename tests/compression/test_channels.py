"""Filters and units that go whole: the network that is left, and what it gives."""

import pickle
from dataclasses import replace

import numpy as np
import pytest

import skae
from skae import compress
from skae.compression._narrowing import narrowed
from skae.fitting import Architecture, Rows, new_model
from skae.networks import without_channels

from .shared import X, prunings

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
    estimator, rng = cls(**parameters, **given), np.random.default_rng(0)
    start = new_model(Architecture.of(estimator), estimator._recipe(), Rows(X[:20]), rng)
    noisy = {
        name: (array + 0.1 * rng.standard_normal(array.shape)).astype(np.float32)
        for name, array in start.weights.items()
    }
    return start.with_weights(noisy)


def with_dead(model, rng):
    """The model, with all but two channels of every group read by nothing; and those alive."""
    weights, kept = {n: w.copy() for n, w in model.weights.items()}, []
    for group in model.network.channel_groups(weights):
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


# The whole way


@pytest.fixture(scope="module")
def fitted():
    return OF_IMAGES(4, **{**IMAGES, "max_iter": 3}, random_state=0).fit(X[:30])


@pytest.fixture(scope="module")
def small(fitted):
    with prunings(3):
        return compress(fitted, 0.8, X=X[:30], channel_sparsity=0.5, max_iter=1, random_state=0)


def test_layers_are_smaller_and_the_parameters_say_so(fitted, small):
    assert small.hidden_layer_sizes == (2, 3)
    assert fitted.hidden_layer_sizes == (4, 6)
    shapes = {w.path: tuple(w.shape) for w in small.encoder_.weights}
    assert shapes["encoder_hidden_1/kernel"] == (3, 3, 1, 2)
    assert shapes["encoder_hidden_2/kernel"] == (3, 3, 2, 3)


def test_what_went_counts_as_zeros(fitted, small):
    report = small.compression_report_
    before = sum(w.size for n, w in fitted._model.weights.items() if n.endswith("kernel"))
    kernels = [w for n, w in small._model.weights.items() if n.endswith("kernel")]
    left = sum(np.count_nonzero(kernel) for kernel in kernels)
    assert report.n_weights == before
    assert report.sparsity_after == pytest.approx(1 - left / before)
    assert 0.8 <= report.sparsity_after < 0.82
    assert report.hidden_layer_sizes_before == (4, 6)
    assert report.hidden_layer_sizes_after == (2, 3)
    assert "2, 3" in str(report)


def test_a_smaller_network_is_pickled_and_trained_further(small):
    again = pickle.loads(pickle.dumps(small))
    np.testing.assert_array_equal(again.transform(X), small.transform(X))
    np.testing.assert_array_equal(again.score_samples(X), small.score_samples(X))
    assert again.partial_fit(X[:30]).transform(X).shape == (200, 4)
    assert again.hidden_layer_sizes == (2, 3)


def test_channels_beyond_the_sparsity_take_no_single_weights(fitted):
    small = compress(
        fitted, 0.1, bits=None, X=X[:30], channel_sparsity=0.5, max_iter=1, random_state=0
    )
    assert small.hidden_layer_sizes == (2, 3)
    hidden = [w for n, w in small._model.weights.items() if "_hidden_" in n and w.ndim > 1]
    assert len(hidden) == 4
    assert not any((kernel == 0).any() for kernel in hidden)


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"X": X[:30], "max_iter": 1}, (3, 4)),
        ({}, (4, 6)),
        ({"X": X[:30], "max_iter": 1, "sparsity": 0.0}, (4, 6)),
    ],
    ids=["rows", "no rows", "nothing to remove"],
)
def test_half_of_the_sparsity_by_default_where_there_are_rows(fitted, parameters, expected):
    options = {"sparsity": 0.7, "random_state": 0} | parameters
    assert compress(fitted, **options)._model.network.hidden_layer_sizes == expected


def own_halves(sample_shape, n_components, hidden_layer_sizes, activation):
    import keras

    n = int(np.prod(sample_shape))
    encoder = keras.Sequential([keras.Input(sample_shape), keras.layers.Dense(n_components)])
    return encoder, keras.Sequential([keras.Input((n_components,)), keras.layers.Dense(n)])


@pytest.mark.slow
def test_a_network_of_ones_own_keeps_its_channels():
    own = skae.Autoencoder(4, network=own_halves, max_iter=1, random_state=0).fit(X[:30])
    with pytest.raises(ValueError, match=r"channel_sparsity=0\.5 would remove channels"):
        compress(own, channel_sparsity=0.5)
    assert compress(own, X=X[:30], max_iter=1).compression_report_.sparsity_after >= 0.9


@pytest.mark.parametrize("value", [1.0, -0.1, "half", None])
def test_a_share_out_of_range_is_refused(fitted, value):
    with pytest.raises(ValueError, match="'channel_sparsity' parameter"):
        compress(fitted, channel_sparsity=value)


def test_units_of_no_hidden_layers_are_refused():
    linear = skae.Autoencoder(2, hidden_layer_sizes=(), max_iter=1).fit(X)
    with pytest.raises(ValueError, match=r"channel_sparsity=0\.5 would remove units"):
        compress(linear, channel_sparsity=0.5)
