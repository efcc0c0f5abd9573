"""What tests of callbacks share."""

import keras
from sklearn.datasets import load_iris

from skae import Autoencoder

X = load_iris().data


def quick(**parameters):
    # A start at random: every fit improves on it, and none warns that it did not.
    settings = {"hidden_layer_sizes": (16,), "max_iter": 10, "init": "random", "random_state": 0}
    return Autoencoder(2, **(settings | parameters))


def weights_of(estimator):
    return [*estimator.encoder_.get_weights(), *estimator.decoder_.get_weights()]


class KerasListener(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.heard = []

    def on_train_begin(self, logs=None):
        self.heard.append("train begin")

    def on_train_end(self, logs=None):
        self.heard.append("train end")

    def on_epoch_begin(self, epoch, logs=None):
        self.heard.append(f"begin {epoch}")

    def on_epoch_end(self, epoch, logs=None):
        self.heard.append(f"end {epoch} {sorted(logs)}")
