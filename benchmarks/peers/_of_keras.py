"""Recipes of Keras: a model and a search as one writes them by hand."""

import keras

from benchmarks.peers._recipe import LoopSearch
from benchmarks.peers._task import (
    ACTIVATION,
    BATCH_SIZE,
    HIDDEN,
    LEARNING_RATE,
    N_COMPONENTS,
)


class ByHand(LoopSearch):
    _long_trained = None

    def fit(self, X, epochs, seed=0, hidden=HIDDEN, learning_rate=LEARNING_RATE):
        keras.utils.set_random_seed(seed)
        models = new_models(X.shape[1], hidden)
        optimizer = keras.optimizers.Adam(learning_rate)
        models[0].compile(optimizer, "mse", **self.compilation(len(X)))
        train(models[0], X, epochs)
        return models

    def compilation(self, n_rows):
        return {}

    def long_fit(self, X, epochs):
        # The same model again: compiling one takes as long as hundreds of steps.
        self._long_trained = self._long_trained or self.fit(X, 1)[0]
        train(self._long_trained, X, epochs)

    def one_row(self, fitted, row):
        # The fastest method of a model: `predict` and a direct call take several times as long.
        return fitted[1].predict_on_batch(row)

    def reconstruct(self, fitted, X):
        return fitted[0].predict(X, verbose=0)

    def before_fit(self):
        keras.utils.clear_session()

    def pickled_size(self, fitted, X):
        # The encoder is a part of the model.
        return super().pickled_size([fitted[0]], X)


class Tuned(ByHand):
    """Compiled by XLA, and an epoch for each call of the program."""

    def compilation(self, n_rows):
        return {"jit_compile": True, "steps_per_execution": -(-n_rows // BATCH_SIZE)}


def train(model, X, epochs):
    model.fit(X, X, batch_size=BATCH_SIZE, epochs=epochs, verbose=0)


def new_models(n_features, hidden):
    rows = keras.Input((n_features,))
    code = keras.layers.Dense(N_COMPONENTS)(dense(hidden, rows))
    output = keras.layers.Dense(n_features)(dense(hidden[::-1], code))
    return keras.Model(rows, output), keras.Model(rows, code)


def dense(sizes, layer):
    for size in sizes:
        layer = keras.layers.Dense(size, activation=ACTIVATION)(layer)
    return layer
