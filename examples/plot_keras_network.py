"""
Bringing your own Keras network
===============================

The hidden layers of any autoencoder of skae can be Keras models of your own: a function, or an
object with a method ``build``, returns an encoder and a decoder. All else stays as it is, searches
and pickles too.
"""

# %%
# An object that is a scikit-learn estimator has parameters that can be searched. This one builds
# separable convolutions, which have few weights.

import pickle

import keras
import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import BaseEstimator
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV, train_test_split

from skae import Autoencoder, DenoisingAutoencoder
from skae.metrics import reconstruction_error


class SeparableNetwork(BaseEstimator):
    """Separable convolutions down to the code, and transposed ones back."""

    def __init__(self, n_filters=32):
        self.n_filters = n_filters

    def build(self, sample_shape, n_components, hidden_layer_sizes, activation):
        rows = keras.Input(sample_shape)
        x = keras.layers.SeparableConv2D(
            self.n_filters, 3, strides=2, padding="same", activation=activation
        )(rows)
        code = keras.layers.Dense(n_components)(keras.layers.Flatten()(x))
        codes = keras.Input((n_components,))
        y = keras.layers.Dense(4 * 4 * self.n_filters, activation=activation)(codes)
        y = keras.layers.Reshape((4, 4, self.n_filters))(y)
        y = keras.layers.Conv2DTranspose(1, 3, strides=2, padding="same")(y)
        return keras.Model(rows, code), keras.Model(codes, y)


# %%
# It is one parameter of the autoencoder, and its number of filters is one of the search.

images = load_digits().images[..., None]
X_train, X_test = train_test_split(images, test_size=0.25, random_state=0)
options = {"max_iter": 40, "random_state": 0}
own = Autoencoder(8, network=SeparableNetwork(), sample_shape=(8, 8, 1), **options)
search = GridSearchCV(own, {"network__n_filters": [8, 32]}, cv=2).fit(X_train)
for candidate, score in zip(
    search.cv_results_["params"], search.cv_results_["mean_test_score"], strict=True
):
    print(candidate, f"mean squared error {-score:.2f}")

# %%
# Beside it PCA and the dense network of the defaults, on test images. All of them take flat rows.

flat_train, flat_test = (X.reshape(len(X), -1) for X in (X_train, X_test))
fitted = {
    "PCA": PCA(8).fit(flat_train),
    "dense": Autoencoder(8, **options).fit(flat_train),
    "own network": search.best_estimator_,
}
for name, reducer in fitted.items():
    restored = reducer.inverse_transform(reducer.transform(flat_test))
    print(f"{name:12s} mean squared error {reconstruction_error(flat_test, restored):.2f}")

# %%
# A fit holds plain arrays, and its pickle gives the same codes again.

again = pickle.loads(pickle.dumps(search.best_estimator_))
print(np.array_equal(again.transform(X_test), search.best_estimator_.transform(X_test)))

# %%
# Training and held-out loss of the network, and the epoch that was kept.

from skae.inspection import DenoisingDisplay, LossCurveDisplay

LossCurveDisplay.from_estimator(search)
plt.show()

# %%
# Every other objective takes the network too; here it removes noise.

noisy = X_test + np.random.default_rng(0).normal(0, 4, X_test.shape)
denoiser = DenoisingAutoencoder(
    16, network=SeparableNetwork(), sample_shape=(8, 8, 1), noise_level=0.9, **options
).fit(X_train)
restored = denoiser.reconstruct(noisy).reshape(X_test.shape)
print(f"mean squared error before {np.mean((noisy - X_test) ** 2):.1f}")
print(f"mean squared error after  {np.mean((restored - X_test) ** 2):.1f}")

# %%
# Noisy images on top, below them what the network restores, and how they were.

DenoisingDisplay.from_estimator(denoiser, noisy, X_test)
plt.show()
