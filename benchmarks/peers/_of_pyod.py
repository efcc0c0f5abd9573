"""Recipes of PyOD's AutoEncoder, a detector of outliers that PyTorch trains."""

import numpy as np
import torch
from pyod.models.auto_encoder import AutoEncoder
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


class Same(Recipe):
    """The network of the peers, but for an activation on the code, which PyOD cannot leave out."""

    def estimator(self, epochs, seed=0):
        return AutoEncoder(
            preprocessing=False,
            lr=LEARNING_RATE,
            epoch_num=epochs,
            batch_size=BATCH_SIZE,
            optimizer_params={"weight_decay": 0.0},
            hidden_neuron_list=[*HIDDEN, N_COMPONENTS],
            hidden_activation_name=ACTIVATION,
            batch_norm=False,
            dropout_rate=0.0,
            random_state=seed,
            verbose=0,
        )

    def __init__(self):
        torch.set_num_threads(1)  # faster for so small matrices

    def steps_an_epoch(self, n_rows):
        return n_rows // BATCH_SIZE  # it leaves the rest out

    def fit(self, X, epochs, seed=0):
        return self.estimator(epochs, seed).fit(X)

    def one_row(self, fitted, row):
        return fitted.decision_function(row)

    def reconstruct(self, fitted, X):
        # It has no method for this; the model that it trained does.
        with torch.inference_mode():
            return fitted.model.eval()(torch.from_numpy(X)).numpy()

    def score_samples(self, fitted, X):
        return -fitted.decision_function(X)

    def search(self, X, epochs):
        grid = {
            "lr": LEARNING_RATES,
            "hidden_neuron_list": [[*size, N_COMPONENTS] for size in SIZES],
        }
        base = self.estimator(epochs)
        search = GridSearchCV(base, grid, cv=N_FOLDS, scoring=mean_score, error_score="raise")
        return search.fit(X).best_params_


class Default(Same):
    """Only the seed and silence are set."""

    def estimator(self, epochs, seed=0):
        return AutoEncoder(random_state=seed, verbose=0)


def mean_score(fitted, X, y=None):
    """PyOD's detectors have no ``score``."""
    return -np.mean(fitted.decision_function(X) ** 2)
