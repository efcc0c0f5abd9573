"""A head on the code: its numpy twin against Keras, and apart from its autoencoder."""

import numpy as np
import pytest
from scipy.stats import norm

from skae.backend._models import build, with_weights
from skae.networks import (
    ConvolutionalNetwork,
    DenseNetwork,
    predictions,
    random_head,
    with_head,
    without_head,
)

RNG = np.random.default_rng(0)
CODE = RNG.normal(0, 2, (20, 3))
NETWORK = DenseNetwork(n_features=6, n_components=3, sample_shape=(6,), hidden_layer_sizes=(5,))


def lively(weights):
    """With biases that are not zero."""
    return {name: w + RNG.normal(0, 0.1, w.shape).astype(np.float32) for name, w in weights.items()}


def head_of(sizes):
    return lively(random_head(with_head(NETWORK, sizes, 4), RNG))


@pytest.mark.parametrize("sizes", [(), (8,), (8, 5)])
def test_numpy_twin_equals_keras(sizes):
    network, head = with_head(NETWORK, sizes, 4), head_of(sizes)
    built = with_weights(network, {**network.random_weights(RNG), **head})
    expected = np.asarray(built.head(CODE.astype(np.float32)))
    np.testing.assert_allclose(predictions(head, CODE), expected, atol=1e-5)
    np.testing.assert_allclose(predictions(head, CODE.astype(np.float32)), expected, atol=1e-5)


def test_a_head_without_hidden_layers_is_linear():
    head = head_of(())
    expected = CODE @ head["head_output/kernel"].astype(float) + head["head_output/bias"]
    np.testing.assert_allclose(predictions(head, CODE), expected)


def test_hidden_layers_are_gelu():
    head = head_of((8,))
    hidden = CODE @ head["head_hidden_1/kernel"].astype(float) + head["head_hidden_1/bias"]
    hidden *= norm.cdf(hidden)
    expected = hidden @ head["head_output/kernel"].astype(float) + head["head_output/bias"]
    np.testing.assert_allclose(predictions(head, CODE), expected)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_predictions_have_the_dtype_of_the_code(dtype):
    assert predictions(head_of((8,)), CODE.astype(dtype)).dtype == dtype


def test_first_weights_are_glorot_uniform():
    head = random_head(with_head(NETWORK, (200,), 4), RNG)
    kernel = head["head_hidden_1/kernel"]
    limit = np.sqrt(6 / (3 + 200))
    assert np.abs(kernel).max() <= limit
    # The variance of a uniform distribution; that of 600 draws lies within 15 percent.
    assert kernel.var() == pytest.approx(limit**2 / 3, rel=0.15)
    assert not head["head_hidden_1/bias"].any()


CONVOLUTIONAL = ConvolutionalNetwork(
    n_features=6, n_components=3, sample_shape=(6, 1), hidden_layer_sizes=(5,), kernel_size=(3,)
)


@pytest.mark.parametrize("bare", [NETWORK, CONVOLUTIONAL], ids=["dense", "convolutional"])
def test_weights_part_into_those_of_the_autoencoder_and_of_the_head(bare):
    names = set(build(with_head(bare, (8,), 4)).variables())
    own, head = without_head(dict.fromkeys(names))
    assert set(own) == set(build(bare).variables())
    assert set(head) == set(random_head(with_head(bare, (8,), 4), RNG))


def test_a_head_leaves_code_and_output_as_they_are():
    network = with_head(NETWORK, (8,), 4)
    weights, rows = lively(network.random_weights(RNG)), RNG.normal(size=(10, 6))
    own, _ = without_head(weights)
    np.testing.assert_array_equal(network.encode(weights, rows), NETWORK.encode(own, rows))
    np.testing.assert_array_equal(network.decode(weights, CODE), NETWORK.decode(own, CODE))
