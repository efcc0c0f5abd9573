"""Losses against scikit-learn's and against their Keras twins."""

import keras
import numpy as np
import pytest
from scipy.special import expit
from sklearn.metrics import log_loss, mean_absolute_error, mean_squared_error

from skae.objectives import LOSSES

RNG = np.random.default_rng(0)
TARGET, OUTPUT = RNG.uniform(0, 1, (5, 7)), RNG.normal(0, 2, (5, 7))


def row_means(loss, target, output):
    return LOSSES[loss](np, target, output).mean(axis=1)


def test_squared_error():
    expected = [mean_squared_error(t, o) for t, o in zip(TARGET, OUTPUT, strict=True)]
    np.testing.assert_allclose(row_means("squared_error", TARGET, OUTPUT), expected)


def test_absolute_error():
    expected = [mean_absolute_error(t, o) for t, o in zip(TARGET, OUTPUT, strict=True)]
    np.testing.assert_allclose(row_means("absolute_error", TARGET, OUTPUT), expected)


def test_huber_is_twice_the_textbook():
    expected = [2 * keras.losses.huber(t, o, 1.0) for t, o in zip(TARGET, OUTPUT, strict=True)]
    np.testing.assert_allclose(row_means("huber", TARGET, OUTPUT), expected, rtol=1e-6)


def test_binary_crossentropy():
    target = (TARGET > 0.5).astype(float)
    expected = [log_loss(t, expit(o), labels=[0, 1]) for t, o in zip(target, OUTPUT, strict=True)]
    np.testing.assert_allclose(row_means("binary_crossentropy", target, OUTPUT), expected)


def test_binary_crossentropy_of_extreme_logits_is_finite():
    loss = LOSSES["binary_crossentropy"](np, np.array([[0.0, 1.0]]), np.array([[1e4, -1e4]]))
    np.testing.assert_allclose(loss, 1e4)


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_same_in_keras(name):
    in_keras = LOSSES[name](keras.ops, TARGET.astype("float32"), OUTPUT.astype("float32"))
    np.testing.assert_allclose(in_keras, LOSSES[name](np, TARGET, OUTPUT), rtol=1e-5)
