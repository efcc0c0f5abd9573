"""What tests of supervised estimators share: rows, labels, weights."""

import numpy as np
from sklearn.datasets import load_iris

X, SPECIES = load_iris(return_X_y=True)
# Petal width from the other three measures.
PARTS, WIDTH = X[:, :3], X[:, 3]
LABELS = np.where(np.arange(150) % 5 == 0, SPECIES, -1)
LABELLED = LABELS >= 0
SMALL = {"hidden_layer_sizes": (8,), "max_iter": 5, "random_state": 0}
# Too little to change a weight: what is left is the start.
FROZEN = {"learning_rate": 1e-30, "max_iter": 1}


def weights_of(estimator):
    """Weights of both halves of an autoencoder."""
    return [*estimator.encoder_.get_weights(), *estimator.decoder_.get_weights()]


def assert_same_weights(found, expected):
    for weight, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(weight, other)
