"""
Bringing your own Keras network
===============================

The hidden layers of any autoencoder of skae can be Keras models of your own: a function, or an object
with a method ``build``, returns an encoder and a decoder. All else stays as it is, searches and pickles
too.
"""

# %%
# An object's attributes can be searched, if it is a scikit-learn estimator. This one has separable
# convolutions, which have few weights, and dropout in the code's last layer.

import keras
from sklearn.base import BaseEstimator
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, train_test_split

from skae import Autoencoder


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
# It is one parameter of the estimator, and how many filters it has is one to search.

images = load_digits().images[..., None]
X_train, X_test = train_test_split(images, test_size=0.25, random_state=0)
own = Autoencoder(
    8, network=SeparableNetwork(), sample_shape=(8, 8, 1), max_iter=40, random_state=0
)
search = GridSearchCV(own, {"network__n_filters": [8, 32]}, cv=2).fit(X_train)
for n_filters, score in zip((8, 32), search.cv_results_["mean_test_score"], strict=True):
    print(f"{n_filters} filters: mean squared error {-score:.2f}")
