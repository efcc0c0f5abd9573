"""What tells an activation from another, for fits of today and of another day."""

import copy
import pickle
from datetime import datetime as clock

import keras
import numpy as np
import pytest
from keras.src.saving import saving_lib

from skae import Autoencoder
from skae.backend import _gateway as gateway
from skae.backend._identity import build_of_activation


class Leak(keras.layers.Layer):
    def __init__(self, slope=0.2, **kwargs):
        super().__init__(**kwargs)
        self.slope = slope

    def call(self, inputs):
        return keras.ops.leaky_relu(inputs, negative_slope=self.slope)


class Curve(keras.layers.Layer):
    def call(self, inputs):
        return keras.ops.silu(inputs)


class Later:
    class datetime(clock):
        @classmethod
        def now(cls, tz=None):
            return cls(2031, 1, 1, tzinfo=tz)


def through_a_layer(slope):
    layer = keras.layers.LeakyReLU(negative_slope=slope)
    return lambda x: layer(x) * 2.0


@pytest.fixture
def another_day(monkeypatch):
    """Keras writes the time into what it pickles."""

    def turn():
        layer = keras.layers.LeakyReLU(name="layer")
        before = pickle.dumps(layer)
        monkeypatch.setattr(saving_lib, "datetime", Later)
        assert pickle.dumps(layer) != before

    return turn


@pytest.mark.parametrize(
    "made",
    [
        lambda: keras.layers.LeakyReLU(negative_slope=0.2),
        lambda: keras.layers.ELU(),
        lambda: keras.layers.Activation("silu"),
        lambda: through_a_layer(0.3),
        lambda: Leak(),
    ],
)
def test_an_activation_is_itself_made_again_and_on_another_day(made, another_day):
    first = made()
    before = build_of_activation(first)
    first(keras.ops.zeros((2, 3)))
    another_day()
    assert build_of_activation(first) == before
    assert build_of_activation(made()) == before


def test_a_copied_layer_is_the_same_activation():
    layer = keras.layers.LeakyReLU(negative_slope=0.2)
    assert build_of_activation(copy.deepcopy(layer)) == build_of_activation(layer)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (keras.layers.LeakyReLU(negative_slope=0.2), keras.layers.LeakyReLU(negative_slope=0.3)),
        (keras.layers.LeakyReLU(), keras.layers.ELU()),
        (through_a_layer(0.2), through_a_layer(0.3)),
        (Leak(0.2), Leak(0.3)),
        (Leak(), Curve()),
    ],
)
def test_activations_that_compute_otherwise_differ(one, other):
    assert build_of_activation(one).told != build_of_activation(other).told


def test_a_fit_with_a_layer_is_used_on_another_day(another_day, monkeypatch):
    rows = np.random.default_rng(0).random((20, 4))
    layer = keras.layers.LeakyReLU(negative_slope=0.2)
    model = Autoencoder(2, hidden_layer_sizes=(5,), max_iter=1, random_state=0, activation=layer)
    stored = pickle.dumps(model.fit(rows))
    another_day()
    monkeypatch.setattr(gateway, "POOL", type(gateway.POOL)(gateway.POOL._build))
    np.testing.assert_array_equal(pickle.loads(stored).transform(rows), model.transform(rows))
