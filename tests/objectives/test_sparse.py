"""Sparsity terms against scipy, and the k largest against a sort."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest
from scipy.special import rel_entr

from skae.backend._layers import KeepLargest
from skae.backend._models import with_weights
from skae.backend._view import NetworkView
from skae.networks import DenseNetwork
from skae.objectives._sparse import bernoulli_divergence

RNG = np.random.default_rng(0)


def test_divergence_is_the_relative_entropy():
    mean = RNG.uniform(0.01, 0.99, 9)
    expected = rel_entr(0.2, mean) + rel_entr(0.8, 1 - mean)
    np.testing.assert_allclose(bernoulli_divergence(np, 0.2, mean), expected)


def test_the_largest_are_kept():
    values = RNG.normal(size=(20, 9)).astype(np.float32)
    expected = np.where(values >= np.sort(values, axis=1)[:, [-3]], values, 0.0)
    np.testing.assert_array_equal(KeepLargest(3)(values), expected)


def dense(n_features, n_components, hidden, activation="gelu", **options):
    return DenseNetwork(
        n_features=n_features,
        n_components=n_components,
        sample_shape=(n_features,),
        hidden_layer_sizes=hidden,
        activation=activation,
        **options,
    )


def test_ties_keep_no_more():
    assert np.count_nonzero(KeepLargest(2)(np.ones((1, 5), np.float32))) == 2


@pytest.mark.parametrize(("code_activation", "n_active"), [("linear", 3), ("relu", None)])
def test_numpy_twin_equals_keras(code_activation, n_active):
    network = dense(
        5, 9, (8,), linear_path=False, code_activation=code_activation, n_active=n_active
    )
    weights, rows = network.random_weights(RNG), RNG.normal(size=(20, 5)).astype(np.float32)
    encoder = with_weights(network, weights).encoder
    np.testing.assert_allclose(network.encode(weights, rows), encoder(rows), atol=1e-5)


def test_a_saved_model_keeps_the_largest(tmp_path):
    network = dense(5, 9, (8,), linear_path=False, n_active=2)
    encoder = with_weights(network, network.random_weights(RNG)).encoder
    encoder.save(tmp_path / "encoder.keras")
    rows = RNG.normal(size=(4, 5))
    again = keras.models.load_model(tmp_path / "encoder.keras")
    np.testing.assert_allclose(again(rows), encoder(rows))


def test_rows_that_only_fill_a_batch_up_keep_nothing_of_it():
    network = dense(
        5, 9, (8,), linear_path=False, code_threshold="batch", n_active=2, code_activation="relu"
    )
    built = with_weights(network, network.random_weights(RNG))
    spec = SimpleNamespace(loss="squared_error", masks_missing=False, network=network)
    view = NetworkView(built, spec, training=True)
    rows = RNG.normal(size=(6, 5)).astype(np.float32)
    expected = view.code_of_batch({"rows": rows, "weights": np.ones(6, np.float32)})
    padded = np.vstack([rows, np.full((4, 5), 9, np.float32)])
    weights = np.repeat(np.float32([1, 0]), [6, 4])
    found = view.code_of_batch({"rows": padded, "weights": weights})
    np.testing.assert_allclose(found[:6], expected, atol=1e-6)
    assert np.count_nonzero(expected) == 12
