"""Recipe of SciKeras: the transformer that its tutorial on autoencoders derives.

The tutorial's network ends in a sigmoid and has an activation on the code; here the output and the
code are linear, as those of the peers.
"""

import warnings

import keras
from scikeras.wrappers import BaseWrapper
from sklearn.base import TransformerMixin
from sklearn.metrics import mean_squared_error
from sklearn.model_selection import GridSearchCV

from benchmarks.peers._of_keras import dense
from benchmarks.peers._recipe import Recipe
from benchmarks.peers._task import (
    BATCH_SIZE,
    HIDDEN,
    LEARNING_RATE,
    LEARNING_RATES,
    N_COMPONENTS,
    N_FOLDS,
    SIZES,
)


class AutoEncoder(TransformerMixin, BaseWrapper):
    """Encoder and decoder share their layers with the model that is trained."""

    def _keras_build_fn(self, encoding_dim, hidden_layer_sizes, meta):
        n_features = meta["n_features_in_"]
        rows, code = keras.Input((n_features,)), keras.Input((encoding_dim,))
        encoded = keras.layers.Dense(encoding_dim)(dense(hidden_layer_sizes, rows))
        decoded = keras.layers.Dense(n_features)(dense(hidden_layer_sizes[::-1], code))
        encoder, decoder = keras.Model(rows, encoded), keras.Model(code, decoded)
        self.encoder_model_ = BaseWrapper(encoder, verbose=self.verbose)
        self.decoder_model_ = BaseWrapper(decoder, verbose=self.verbose)
        whole = keras.Input((n_features,))
        return keras.Model(whole, decoder(encoder(whole)))

    def _initialize(self, X, y=None):
        X, _ = super()._initialize(X=X, y=y)
        code = self.encoder_model_.initialize(X).predict(X)
        self.decoder_model_.initialize(code)
        return X, X

    def initialize(self, X, y=None):
        self._initialize(X=X, y=X)
        return self

    def fit(self, X, y=None, *, sample_weight=None):
        return super().fit(X=X, y=X, sample_weight=sample_weight)

    def score(self, X, y=None):
        return 1 - mean_squared_error(self.predict(X), X)

    def transform(self, X):
        return self.encoder_model_.predict(self.feature_encoder_.transform(X))

    def inverse_transform(self, X):
        return self.feature_encoder_.inverse_transform(self.decoder_model_.predict(X))


class Tutorial(Recipe):
    def estimator(self, epochs, seed=0):
        # SciKeras tells at every seeded fit that seeding Keras is slow.
        warnings.filterwarnings("ignore", message="Setting the random state for TF")
        return AutoEncoder(
            loss="mse",
            optimizer="adam",
            optimizer__learning_rate=LEARNING_RATE,
            encoding_dim=N_COMPONENTS,
            hidden_layer_sizes=HIDDEN,
            batch_size=BATCH_SIZE,
            epochs=epochs,
            random_state=seed,
            verbose=0,
        )

    def before_fit(self):
        keras.utils.clear_session()

    def fit(self, X, epochs, seed=0):
        return self.estimator(epochs, seed).fit(X)

    def search(self, X, epochs):
        grid = {"optimizer__learning_rate": LEARNING_RATES, "hidden_layer_sizes": SIZES}
        search = GridSearchCV(self.estimator(epochs), grid, cv=N_FOLDS, error_score="raise")
        return search.fit(X).best_params_
