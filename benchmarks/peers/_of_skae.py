"""Recipes of skae."""

from sklearn.model_selection import GridSearchCV

from benchmarks.peers._recipe import Recipe
from benchmarks.peers._task import (
    ACTIVATION,
    BATCH_SIZE,
    HIDDEN,
    LEARNING_RATE,
    LEARNING_RATES,
    N_COMPONENTS,
    N_FOLDS,
    SIZES,
)
from skae import Autoencoder, ReconstructionOutlierDetector

SHARED = {
    "hidden_layer_sizes": HIDDEN,
    "activation": ACTIVATION,
    "batch_size": BATCH_SIZE,
    "learning_rate": LEARNING_RATE,
    # No peer stops before its last epoch.
    "early_stopping": False,
    "tol": 0.0,
    "n_iter_no_change": 10**6,
}


class Same(Recipe):
    """The network, the batches and the number of epochs of the peers."""

    def fit(self, X, epochs, seed=0, **parameters):
        return Autoencoder(
            N_COMPONENTS, **{**SHARED, **parameters}, max_iter=epochs, random_state=seed
        ).fit(X)

    def long_fit(self, X, epochs):
        # What jit_compile="auto" chooses for a fit of many steps.
        return self.fit(X, epochs, jit_compile=True)

    def search(self, X, epochs):
        grid = {"learning_rate": LEARNING_RATES, "hidden_layer_sizes": SIZES}
        base = Autoencoder(N_COMPONENTS, **SHARED, max_iter=epochs, random_state=0)
        return GridSearchCV(base, grid, cv=N_FOLDS, error_score="raise").fit(X).best_params_


class Random(Same):
    """The very network of the peers: no linear path beside the hidden layers, no start at PCA."""

    def fit(self, X, epochs, seed=0, **parameters):
        return super().fit(X, epochs, seed, init="random", **parameters)


class Default(Recipe):
    """Only the number of components is set."""

    def fit(self, X, epochs, seed=0):
        return Autoencoder(N_COMPONENTS, max_iter=default_epochs(epochs), random_state=seed).fit(X)


class Detector(Recipe):
    """Nothing is set."""

    def fit(self, X, epochs, seed=0):
        reducer = Autoencoder(0.5, max_iter=default_epochs(epochs))
        return ReconstructionOutlierDetector(reducer, random_state=seed).fit(X)

    def score_samples(self, fitted, X):
        return fitted.score_samples(X)


def default_epochs(epochs):
    """At most 500, the default, which early stopping seldom reaches; fewer in a smoke run."""
    return min(500, 10 * epochs)
