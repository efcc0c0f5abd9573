"""The dense network against PCA and against Keras."""

import keras
import numpy as np
import pytest
from scipy.special import ndtr
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA

from skae.backend._models import build, with_weights
from skae.networks import NUMPY_ACTIVATIONS, DenseNetwork, principal_directions


def scaled_iris():
    X = load_iris().data
    centred = X - X.mean(axis=0)
    return centred / np.sqrt(centred.var(axis=0).mean())


def directions(rows, n_directions=None):
    weights = np.ones(len(rows))
    return principal_directions(
        lambda function: list(function(rows, weights)),
        rows.shape[1],
        n_directions,
        np.random.default_rng(0),
    )


def dense(n_features, n_components, hidden, activation="gelu", **options):
    return DenseNetwork(
        n_features=n_features,
        n_components=n_components,
        sample_shape=(n_features,),
        hidden_layer_sizes=hidden,
        activation=activation,
        **options,
    )


def started_at_pca(network, rows):
    weights = network.random_weights(np.random.default_rng(0))
    return network.pca_weights(weights, directions(rows), np.random.default_rng(1))


def as_float64(weights):
    return {name: weight.astype(np.float64) for name, weight in weights.items()}


@pytest.mark.parametrize("hidden", [(), (7,), (7, 5)])
def test_start_reconstructs_as_pca_does(hidden):
    rows = scaled_iris()
    network = dense(4, 2, hidden)
    weights = started_at_pca(network, rows)
    output = network.decode(as_float64(weights), network.encode(as_float64(weights), rows))
    pca = PCA(2).fit(rows)
    np.testing.assert_allclose(output, pca.inverse_transform(pca.transform(rows)), atol=1e-6)


def test_start_codes_are_whitened():
    rows = scaled_iris()
    network = dense(4, 3, (7,))
    code = network.encode(started_at_pca(network, rows), rows)
    np.testing.assert_allclose(np.cov(code.T, ddof=0), np.eye(3), atol=1e-5)


def test_components_beyond_the_rank_do_not_reach_the_output():
    rows = scaled_iris()[:, :2]
    network = dense(2, 5, ())
    weights = started_at_pca(network, rows)
    assert not weights["decoder_linear/kernel"][2:].any()
    assert weights["encoder_linear/kernel"].any(axis=0).all()


@pytest.mark.parametrize("activation", sorted(NUMPY_ACTIVATIONS))
def test_numpy_twin_equals_keras(activation):
    rng = np.random.default_rng(0)
    network = dense(6, 3, (9, 5), activation)
    weights = network.random_weights(rng)
    for name, weight in weights.items():
        weights[name] = 0.5 * weight + rng.normal(0, 0.1, weight.shape).astype(np.float32)
    rows = rng.normal(0, 1, (20, 6)).astype(np.float32)
    built = with_weights(network, weights)
    encoder, decoder = built.encoder, built.decoder
    code = network.encode(weights, rows)
    np.testing.assert_allclose(code, encoder(rows), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(network.decode(weights, code), decoder(code), rtol=1e-5, atol=1e-5)


def test_every_named_keras_activation_has_a_twin():
    # Attention-like and shrinking activations are rare in dense autoencoders; Keras scores those.
    without_twin = {"glu", "hard_shrink", "hard_tanh", "log_softmax", "soft_shrink", "sparse_plus"}
    without_twin |= {"sparse_sigmoid", "sparsemax", "squareplus", "tanh_shrink", "threshold"}
    without_twin |= {"hard_silu", "hard_swish"}
    named = {name for name in dir(keras.activations) if callable(getattr(keras.activations, name))}
    assert named - {"deserialize", "get", "serialize"} <= without_twin | set(NUMPY_ACTIVATIONS)


@pytest.mark.parametrize("linear_path", [True, False])
@pytest.mark.parametrize("hidden", [(), (7,), (7, 5)])
def test_shapes_are_those_of_keras(linear_path, hidden):
    network = dense(6, 3, hidden, linear_path=linear_path)
    shapes = {name: tuple(v.shape) for name, v in build(network).variables().items()}
    assert shapes == network.parameter_shapes()


def test_random_network_has_no_linear_path():
    shapes = dense(6, 3, (7,), linear_path=False).parameter_shapes()
    assert "encoder_linear/kernel" not in shapes


def test_gelu_of_singles_is_exact_to_rounding():
    x = np.concatenate([np.linspace(-12, 12, 100_001), [-3e38, -1e20, 1e20, 3e38]])
    x = x.astype(np.float32).reshape(-1, 5)
    exact = x.astype(np.float64) * ndtr(x.astype(np.float64))
    found = NUMPY_ACTIVATIONS["gelu"](x.copy())
    assert np.max(np.abs(found - exact) / np.maximum(1, np.abs(exact))) < 3e-7
