"""Activations that convolutional programs compute in one pass: the same, and nobody sees them."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.special import expit, ndtr

from skae import ContractiveAutoencoder, ConvolutionalAutoencoder
from skae.backend import _fused, _gateway as gateway
from skae.backend._fused import fused, pays
from skae.networks import ConvolutionalNetwork, DenseNetwork
from skae.objectives import RECONSTRUCTION
from skae.training import ProgramSpec

RNG = np.random.default_rng(0)
X = np.linspace(-9, 9, 37)
DENSITY = np.exp(-(X**2) / 2) / math.sqrt(2 * math.pi)
SIGMOID_SLOPE = expit(X) * expit(-X)
FUNCTIONS = {
    "gelu": (X * ndtr(X), ndtr(X) + X * DENSITY, (2 - X**2) * DENSITY),
    "silu": (
        X * expit(X),
        expit(X) + X * SIGMOID_SLOPE,
        SIGMOID_SLOPE * (2 + X * (1 - 2 * expit(X))),
    ),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_and_its_first_two_derivatives(name):
    function = fused(keras.activations.get(name))

    @tf.function(autograph=False)
    def derivatives(x):
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = function(x)
            slope = inner.gradient(y, x)
        return y, slope, outer.gradient(slope, x)

    rows = tf.constant(X.reshape(1, 37, 1), tf.float32)
    for found, expected in zip(derivatives(rows), FUNCTIONS[name], strict=True):
        assert found.shape == (1, 37, 1)
        np.testing.assert_allclose(found[0, :, 0], expected, atol=2e-6)


@pytest.fixture
def fit(monkeypatch):
    """A function that fits in new programs, with activations fused from so many values on."""

    def fit(estimator, rows, least_values):
        monkeypatch.setattr(_fused, "_LEAST_VALUES", least_values)
        monkeypatch.setattr(gateway, "POOL", type(gateway.POOL)(gateway.POOL._build))
        return estimator.fit(rows)

    return fit


CONVOLUTIONAL = {
    "hidden_layer_sizes": (3, 4),
    "batch_size": 8,
    "max_iter": 3,
    "early_stopping": False,
    "jit_compile": False,
    "random_state": 0,
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("shape", "parameters"),
    [
        ((5, 6, 3), {"kernel_size": (3, 5), "activation": "silu", "pooling": "max"}),
        ((5, 5, 1), {"pooling": "average", "dropout": 0.2, "init": "random"}),
        ((11, 2), {}),
    ],
    ids=["colours", "average", "sequence"],
)
def test_a_fit_is_that_of_the_plain_layers(fit, shape, parameters):
    rows = RNG.normal(size=(19, *shape))
    settings = {"sample_shape": shape, **CONVOLUTIONAL, **parameters}
    codes, losses = [], []
    for least_values in (0, math.inf):
        estimator = fit(ConvolutionalAutoencoder(2, **settings), rows, least_values)
        codes.append(estimator.transform(rows))
        losses.append(estimator.history_["loss"])
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-5)
    np.testing.assert_allclose(codes[0], codes[1], atol=1e-4)


@pytest.mark.slow
def test_a_penalty_on_derivatives_is_that_of_the_plain_layers(fit):
    rows = RNG.normal(size=(19, 5, 4, 1))
    settings = {"network": "convolutional", "sample_shape": (5, 4, 1), **CONVOLUTIONAL}
    settings["hidden_layer_sizes"] = (3,)
    losses = [
        fit(ContractiveAutoencoder(2, **settings), rows, least_values).history_["loss"]
        for least_values in (0, math.inf)
    ]
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-5)


def halves(program):
    return program._built.encoder, program._built.decoder


@pytest.mark.slow
def test_what_a_fit_leaves_has_the_activation_of_keras(fit, tmp_path):
    rows = RNG.normal(size=(19, 6, 5, 1))
    estimator = fit(ConvolutionalAutoencoder(2, sample_shape=(6, 5, 1), **CONVOLUTIONAL), rows, 0)
    [[program]] = gateway.POOL._idle.values()
    for hidden in (model.get_layer(f"{model.name}_hidden_1") for model in halves(program)):
        assert hidden.activation is not keras.activations.gelu
    estimator.encoder_.save(tmp_path / "encoder.keras")
    loaded = keras.models.load_model(tmp_path / "encoder.keras")
    flat = rows.reshape(19, -1)
    codes = estimator.transform(rows)
    np.testing.assert_allclose(loaded.predict(flat, verbose=0), codes, atol=1e-5)


def spec_of(network, tier="graph", batch_size=64):
    return ProgramSpec(
        network=network,
        objective=RECONSTRUCTION,
        loss="squared_error",
        optimizer=gateway.optimizer_settings("adam", 1e-3, 1e-3)[0],
        n_features=network.n_features,
        batch_size=batch_size,
        tier=tier,
    )


def test_only_large_feature_maps_in_graphs_are_compiled():
    digits = ConvolutionalNetwork(
        n_features=784,
        n_components=2,
        sample_shape=(28, 28, 1),
        hidden_layer_sizes=(32, 64),
        kernel_size=(3, 3),
    )
    dense = DenseNetwork(
        n_features=784, n_components=2, sample_shape=(784,), hidden_layer_sizes=(10**6,)
    )
    assert pays(spec_of(digits))
    assert not pays(spec_of(digits, batch_size=8))
    assert not pays(spec_of(digits, tier="eager"))
    assert not pays(spec_of(digits, tier="xla"))
    assert not pays(spec_of(dense))
