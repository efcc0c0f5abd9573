"""Recipes of scikit-learn: a regression of the rows on themselves, and methods without epochs."""

import warnings

import numpy as np
from sklearn.decomposition import NMF, PCA, KernelPCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPRegressor

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


class Regressor(Recipe):
    """The network of the peers, but for an activation on the code, which all hidden layers have."""

    def estimator(self, epochs, seed=0):
        return MLPRegressor(
            hidden_layer_sizes=layers(HIDDEN),
            activation=ACTIVATION,
            alpha=0.0,
            batch_size=BATCH_SIZE,
            learning_rate_init=LEARNING_RATE,
            max_iter=epochs,
            tol=0.0,
            n_iter_no_change=10**6,
            random_state=seed,
        )

    def fit(self, X, epochs, seed=0):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # it is stopped on purpose
            return self.estimator(epochs, seed).fit(X, X)

    def one_row(self, fitted, row):
        return fitted.predict(row)

    def reconstruct(self, fitted, X):
        return fitted.predict(X)

    def search(self, X, epochs):
        grid = {
            "learning_rate_init": LEARNING_RATES,
            "hidden_layer_sizes": [layers(size) for size in SIZES],
        }
        search = GridSearchCV(self.estimator(epochs), grid, cv=N_FOLDS, error_score="raise")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            return search.fit(X, X).best_params_


def layers(hidden):
    return (*hidden, N_COMPONENTS, *hidden[::-1])


class Principal(Recipe):
    is_centred = False

    def estimator(self, seed):
        return PCA(N_COMPONENTS, random_state=seed)

    def fit(self, X, epochs, seed=0):
        return self.estimator(seed).fit(X)


class Kernel(Principal):
    def estimator(self, seed):
        # By cross-validation of the training rows: with the defaults it is far behind PCA.
        parameters = {"kernel": "rbf", "gamma": 0.1, "alpha": 1e-3}
        return KernelPCA(N_COMPONENTS, **parameters, fit_inverse_transform=True, random_state=seed)


class NonNegative(Principal):
    def estimator(self, seed):
        return NMF(N_COMPONENTS, max_iter=1000, random_state=seed)

    def reconstruct(self, fitted, X):
        # Rows of a test set may lie below zero by rounding.
        return super().reconstruct(fitted, np.maximum(X, 0))
