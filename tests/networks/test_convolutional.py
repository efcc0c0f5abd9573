"""The convolutional network: sizes that come back, and the layers that it is made of."""

import math

import keras
import numpy as np
import pytest
from sklearn.decomposition import PCA

from skae import Autoencoder
from skae.backend._models import build
from skae.backend._starts import random_weights
from skae.fitting import Architecture, Rows, new_model
from skae.networks import ConvolutionalNetwork

RNG = np.random.default_rng(0)


def convolutional(sample_shape, hidden=(3, 2), kernel_size=3, **options):
    return ConvolutionalNetwork(
        n_features=math.prod(sample_shape),
        n_components=2,
        sample_shape=sample_shape,
        hidden_layer_sizes=hidden,
        kernel_size=(kernel_size,) * (len(sample_shape) - 1),
        **options,
    )


def quick(**parameters):
    settings = {"network": "convolutional", "hidden_layer_sizes": (3,), "max_iter": 1}
    return Autoencoder(2, random_state=0, **(settings | parameters))


@pytest.mark.parametrize(
    ("sample_shape", "hidden", "sizes"),
    [
        ((7, 1), (4, 2), ((7,), (4,), (2,))),
        ((1, 5), (3,), ((1,), (1,))),
        ((5, 8, 3), (2, 2, 2), ((5, 8), (3, 4), (2, 2), (1, 1))),
        ((2, 3, 5, 1), (4,), ((2, 3, 5), (1, 2, 3))),
        ((6, 1), (), ((6,),)),
    ],
)
def test_every_axis_is_halved_and_rounded_up(sample_shape, hidden, sizes):
    assert convolutional(sample_shape, hidden).sizes == sizes


def test_the_widest_layer_is_the_first_before_it_shrinks():
    assert convolutional((5, 7, 1), (4, 6)).widest_layer == 5 * 7 * 4


@pytest.mark.parametrize("kernel_size", [2, 9], ids=["even", "larger than the image"])
@pytest.mark.parametrize("pooling", [None, "max", "average"])
@pytest.mark.parametrize("sample_shape", [(1, 1), (7, 2), (5, 7, 1), (1, 6, 2), (2, 3, 5, 1)])
def test_every_size_comes_back(sample_shape, pooling, kernel_size):
    built = build(convolutional(sample_shape, kernel_size=kernel_size, pooling=pooling))
    assert built.encoder.output_shape == (None, 2)
    assert built.decoder.output_shape == (None, math.prod(sample_shape))


def written_by_hand(pooling):
    """The nonlinear paths of (5, 2) sequences with 4 filters, in plain Keras."""
    layers = keras.layers
    encoder = [keras.Input((10,)), layers.Reshape((5, 2))]
    decoder = [keras.Input((2,)), layers.Dense(3 * 4, "gelu"), layers.Reshape((3, 4))]
    if pooling is None:
        encoder += [layers.Conv1D(4, 3, strides=2, padding="same", activation="gelu")]
        decoder += [layers.Conv1DTranspose(2, 3, strides=2, padding="same")]
    else:
        pool = layers.MaxPooling1D if pooling == "max" else layers.AveragePooling1D
        encoder += [layers.Conv1D(4, 3, padding="same", activation="gelu")]
        encoder += [pool(2, padding="same")]
        decoder += [layers.UpSampling1D(2), layers.Conv1D(2, 3, padding="same")]
    encoder += [layers.Flatten(), layers.Dense(2)]
    decoder += [layers.Lambda(lambda sequences: sequences[:, :5]), layers.Flatten()]
    return keras.Sequential(encoder), keras.Sequential(decoder)


@pytest.mark.parametrize("pooling", [None, "max", "average"])
def test_layers_are_those_of_a_network_written_by_hand(pooling):
    built = build(convolutional((5, 2), (4,), pooling=pooling, linear_path=False))
    pairs = zip((built.encoder, built.decoder), written_by_hand(pooling), strict=True)
    for found, expected in pairs:
        inputs = RNG.normal(size=(6, *found.input_shape[1:])).astype(np.float32)
        expected.set_weights(found.get_weights())
        np.testing.assert_allclose(found(inputs), expected(inputs), atol=1e-6)


@pytest.mark.parametrize("pooling", [None, "average"])
@pytest.mark.parametrize("sample_shape", [None, (5, 3), (5, 3, 1)])
def test_start_reconstructs_as_pca_does(sample_shape, pooling):
    X = 3.0 + RNG.normal(size=(20, 15)) @ RNG.normal(size=(15, 15))
    estimator = quick(sample_shape=sample_shape, pooling=pooling)
    start = new_model(
        Architecture.of(estimator), estimator._recipe(), Rows(X), np.random.default_rng(0)
    )
    pca = PCA(2).fit(X)
    expected = pca.inverse_transform(pca.transform(X))
    np.testing.assert_allclose(start.reconstruct(X), expected, atol=1e-4)


def test_a_variational_network_has_two_values_a_component_and_a_noise():
    network = convolutional((5, 2), is_variational=True, has_noise=True)
    weights = random_weights(network, np.random.default_rng(0))
    assert weights["encoder_linear/kernel"].shape == (10, 4)
    assert weights["noise/log_variance"] == 0.0


def test_without_sample_shape_a_row_is_a_sequence_of_single_values():
    fitted = quick().fit(RNG.normal(size=(20, 7)))
    assert fitted.encoder_.weights[0].shape == (3, 1, 3)


def test_kernel_size_may_differ_between_axes():
    fitted = quick(sample_shape=(5, 3, 1), kernel_size=(1, 4)).fit(RNG.normal(size=(20, 15)))
    assert fitted.encoder_.weights[0].shape == (1, 4, 1, 3)


def test_without_hidden_layers_it_is_pca():
    X = RNG.normal(size=(20, 15))
    linear = quick(sample_shape=(5, 3), hidden_layer_sizes=()).fit(X)
    pca = PCA(2).fit(X)
    expected = pca.inverse_transform(pca.transform(X))
    np.testing.assert_allclose(linear.reconstruct(X), expected, atol=1e-5)


def test_learns_a_bump_that_moves_where_pca_cannot():
    position = RNG.uniform(2, 9, 100)
    X = np.exp(-((np.arange(12) - position[:, None]) ** 2) / 4)
    pca = PCA(2).fit(X)
    left = np.mean((X - pca.inverse_transform(pca.transform(X))) ** 2)
    fitted = quick(max_iter=40, learning_rate=0.01, hidden_layer_sizes=(8,)).fit(X)
    assert -fitted.score(X) < 0.5 * left


@pytest.mark.parametrize(
    ("parameters", "match"),
    [
        (
            {"sample_shape": (15,)},
            r"sample_shape=\(15,\) is of length 1, but.*\(height, width, channels\)",
        ),
        ({"sample_shape": (1, 1, 1, 5, 3)}, "is of length 5, but network='convolutional' takes"),
        ({"sample_shape": (5, 3, 1), "kernel_size": (3,)}, "of length 1, but axes .* are 2"),
        ({"sample_shape": (5, 3), "kernel_size": [3, 3]}, "of length 2, but axes .* are 1"),
        ({"sample_shape": (5, 3), "kernel_size": (0,)}, "should hold positive integers"),
        ({"pooling": "median"}, "'pooling' parameter"),
    ],
)
def test_parameters_out_of_range(parameters, match):
    with pytest.raises(ValueError, match=match):
        quick(**parameters).fit(RNG.normal(size=(20, 15)))
