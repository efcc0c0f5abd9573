"""The start at PCA is left by every network, activation and objective, on rows symmetric about 0.

Hidden units without biases are odd functions, or linear plus even ones. Of rows that come with
their negatives, an odd remainder gives the second kind no gradient, and an even one the first.
"""

import numpy as np
import pytest
from sklearn.decomposition import PCA

import skae
from skae.estimators import __all__ as ESTIMATORS

Z = np.random.default_rng(0).standard_normal((200, 2))
Z = np.vstack([Z, -Z])
SLOPES = np.random.default_rng(1).standard_normal((2, 12))
ODD = np.sin(Z @ SLOPES)
# What PCA(2) leaves of these is even.
EVEN = np.hstack([2 * Z, Z[:, :1] ** 2 - 1, Z[:, :1] * Z[:, 1:], np.cos(Z @ SLOPES)])
AUTOENCODERS = [name for name in ESTIMATORS if name.endswith("Autoencoder")]
QUICK = {"init": "pca", "max_iter": 50, "jit_compile": False, "random_state": 0}
# Longer steps of fewer units, by a seed whose batches alone do not lead away.
SMALL = QUICK | {"hidden_layer_sizes": (32,), "learning_rate": 0.02, "random_state": 1}


def over_pca(estimator, X):
    """Error over that of PCA as wide, of the rows in fit."""
    left = X - estimator.fit(X).inverse_transform(estimator.transform(X))
    pca = PCA(estimator.n_components_).fit(X)
    return (left**2).sum() / ((X - pca.inverse_transform(pca.transform(X))) ** 2).sum()


@pytest.mark.slow
@pytest.mark.parametrize("name", AUTOENCODERS)
def test_every_class_leaves_the_start(name):
    shape = {"Recurrent": (4, 3), "Convolut": (12, 1)}
    shape = next((s for part, s in shape.items() if part in name), None)
    # A penalty on the code would have its own optimum.
    free = {"sparsity_weight": 0.0} if name == "SparseAutoencoder" else {}
    estimator = getattr(skae, name)(2, sample_shape=shape, **free, **SMALL)
    assert over_pca(estimator, ODD) < 0.8
    assert estimator.best_epoch_ > 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("activation", "X"),
    [("gelu", ODD), ("relu", ODD), ("tanh", EVEN)],
    ids=["gelu", "relu", "tanh"],
)
def test_every_activation_leaves_the_start(activation, X):
    estimator = skae.Autoencoder(2, activation=activation, **QUICK)
    assert over_pca(estimator, X) < 0.8


@pytest.mark.slow
@pytest.mark.parametrize(("n_components", "hidden_layer_sizes"), [(2, (16,)), (1, (64, 32))])
def test_every_width_and_depth_leaves_the_start(n_components, hidden_layer_sizes):
    shape = {"hidden_layer_sizes": hidden_layer_sizes}
    estimator = skae.Autoencoder(n_components, **QUICK | shape)
    over_pca(estimator, ODD)
    assert estimator.best_epoch_ > 0


def test_the_start_itself_is_pca():
    estimator = skae.Autoencoder(1, init="pca", max_iter=1, learning_rate=1e-9, random_state=0)
    assert over_pca(estimator, ODD) == pytest.approx(1.0, abs=1e-3)


def test_a_random_start_is_the_textbooks():
    weights = skae.Autoencoder(1, init="random", max_iter=1, learning_rate=1e-12, random_state=0)
    encoder = weights.fit(ODD).encoder_
    assert np.abs(encoder.get_layer("encoder").get_layer("encoder_hidden_1").bias).max() < 1e-6
