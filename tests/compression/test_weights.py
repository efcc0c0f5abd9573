"""Which weights become zero, and which stay as they were."""

import pickle

import numpy as np
import pytest

import skae
from skae import Autoencoder, compress
from skae.estimators._base import BaseAutoencoder

from .shared import UNSEEN, X, kernels, quick, share_of_zeros, shrink, weights_of

CLASSES = [
    cls
    for cls in (getattr(skae, name) for name in skae.__all__)
    if isinstance(cls, type) and issubclass(cls, BaseAutoencoder)
]
SHAPES = {
    "ConvolutionalAutoencoder": {"sample_shape": (8, 8, 1), "hidden_layer_sizes": (4, 4)},
    "VariationalConvolutionalAutoencoder": {"sample_shape": (8, 8, 1), "hidden_layer_sizes": (4,)},
    "RecurrentAutoencoder": {"sample_shape": (4, 16)},
}


@pytest.mark.slow
@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_every_autoencoder_can_be_compressed(cls):
    # Of few steps, which are not compiled: graphs of every kind are for tests of training.
    options = {"max_iter": 1, "jit_compile": "auto", **SHAPES.get(cls.__name__, {})}
    fitted = quick(cls, **options).fit(X[:30])
    small = shrink(fitted, X=X[:30], max_iter=1)
    assert type(small) is cls
    assert small.compression_report_.sparsity_after >= 0.9
    again = pickle.loads(pickle.dumps(small))
    np.testing.assert_array_equal(again.transform(X), small.transform(X))
    np.testing.assert_array_equal(again.score_samples(X), small.score_samples(X))
    assert len(pickle.dumps(small)) < len(pickle.dumps(fitted))


def test_something_was_discovered():
    assert {Autoencoder, skae.RecurrentAutoencoder, skae.AdversarialAutoencoder} <= set(CLASSES)


# What becomes zero


@pytest.mark.parametrize("sparsity", [0.3, 0.9, 0.99])
@pytest.mark.parametrize("training", [{"X": X, "max_iter": 1}, {}], ids=["trained", "at once"])
def test_the_share_of_zeros_is_that_asked_for(fitted, sparsity, training):
    small = compress(fitted, sparsity, None, random_state=0, **training)
    assert sparsity <= share_of_zeros(small) <= sparsity + 0.005


def test_without_rows_the_smallest_weights_go_and_the_others_stay(fitted):
    small = compress(fitted, 0.6, bits=None)
    before = np.concatenate([kernel.ravel() for kernel in kernels(fitted).values()])
    after = np.concatenate([kernel.ravel() for kernel in kernels(small).values()])
    threshold = np.quantile(np.abs(before), 0.6)
    np.testing.assert_array_equal(after, np.where(np.abs(before) > threshold, before, 0.0))


def test_biases_stay(fitted):
    small = compress(fitted, 0.9)
    after = weights_of(small)
    for name, array in weights_of(fitted).items():
        if name.endswith("bias"):
            np.testing.assert_array_equal(after[name], array)


def test_a_bias_with_two_axes_stays():
    options = {"cell": "gru", "init": "random", "max_iter": 1, "jit_compile": "auto"}
    fitted = quick(skae.RecurrentAutoencoder, sample_shape=(4, 16), **options).fit(X[:30])
    small = compress(fitted, 0.9)
    after = weights_of(small)
    for name, array in weights_of(fitted).items():
        if name.endswith("bias"):
            assert np.any(array)
            np.testing.assert_array_equal(after[name], array)


def test_a_critic_is_not_pruned():
    fitted = quick(skae.AdversarialAutoencoder, max_iter=1, jit_compile="auto").fit(X[:30])
    small = compress(fitted, 0.99, bits=None)
    names = [name for name in fitted._model.weights if name.startswith("critic_")]
    assert names
    for name in names:
        np.testing.assert_array_equal(small._model.weights[name], fitted._model.weights[name])


def test_with_rows_those_go_first_whose_gradient_is_zero():
    """A pixel that is never set has random weights that do nothing."""
    fitted = quick(init="random").fit(X)
    is_dead = X.std(axis=0) == 0
    first = "encoder_hidden_1/kernel"
    assert is_dead.any()
    assert np.all(weights_of(fitted)[first][is_dead] != 0)
    small = shrink(fitted, sparsity=is_dead.mean(), bits=None, max_iter=1)
    assert np.all(weights_of(small)[first][is_dead] == 0)


def test_zeros_are_enforced_by_training_and_the_others_are_trained(fitted):
    small = shrink(fitted, sparsity=0.5, bits=None)
    moved = [
        np.any((after != 0) & (after != before))
        for after, before in zip(kernels(small).values(), kernels(fitted).values(), strict=True)
    ]
    assert all(moved)


def test_training_makes_up_for_what_went(fitted):
    trained = shrink(fitted, sparsity=0.8, max_iter=20)
    assert trained.score(UNSEEN) > compress(fitted, 0.8).score(UNSEEN)
    assert trained.score(UNSEEN) > 1.2 * fitted.score(UNSEEN)


def frozen_network(sample_shape, n_components, hidden_layer_sizes, activation):
    """A user's network whose first layer is not trained."""
    import keras

    rows, code = keras.Input(sample_shape), keras.Input((n_components,))
    hidden = keras.layers.Dense(8, activation="relu", trainable=False)(rows)
    encoder = keras.Model(rows, keras.layers.Dense(n_components)(hidden))
    return encoder, keras.Model(code, keras.layers.Dense(64)(code))


@pytest.mark.slow
def test_weights_that_are_not_trained_are_pruned_too():
    fitted = quick(network=frozen_network, max_iter=2, jit_compile="auto").fit(X[:30])
    small = shrink(fitted, X=X[:30])
    (before,), (after,) = (
        [kernel for kernel in kernels(estimator).values() if kernel.shape == (64, 8)]
        for estimator in (fitted, small)
    )
    assert np.any(after == 0)
    np.testing.assert_allclose(after[after != 0], before[after != 0], atol=0.01)
    assert share_of_zeros(small) >= 0.9


# Bits


@pytest.mark.parametrize("bits", [8, 4])
def test_a_channel_has_no_more_values_than_its_bits_allow(fitted, bits):
    for kernel in kernels(compress(fitted, 0.0, bits)).values():
        channels = kernel.reshape(-1, kernel.shape[-1]).T
        assert max(len(np.unique(channel)) for channel in channels) <= 2**bits - 1


def test_all_bits_and_no_zeros_change_nothing(fitted):
    small = compress(fitted, 0.0, None)
    after = weights_of(small)
    for name, array in weights_of(fitted).items():
        np.testing.assert_array_equal(after[name], array)


def test_eight_bits_alone_change_next_to_nothing(fitted):
    small = compress(fitted, 0.0, 8)
    assert small.score(UNSEEN) == pytest.approx(fitted.score(UNSEEN), rel=0.01)
    np.testing.assert_allclose(small.transform(UNSEEN), fitted.transform(UNSEEN), atol=0.1)


def test_without_zeros_there_is_nothing_to_make_up_for(fitted):
    small, at_once = shrink(fitted, sparsity=0.0), compress(fitted, 0.0)
    np.testing.assert_array_equal(small.transform(X), at_once.transform(X))


def test_fewer_bits_are_a_smaller_pickle(fitted):
    sizes = [len(pickle.dumps(compress(fitted, 0.5, bits))) for bits in (None, 8, 4)]
    assert sizes == sorted(sizes, reverse=True)
