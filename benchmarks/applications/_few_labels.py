"""Digits of which few have a label: accuracy on test rows, in the mean of ten draws of labels.

Every draw labels two training rows of each class, and each fit is one of defaults: it pretrains on
all training rows. Beside it stand logistic regression on the labelled rows (their pixels, or codes
of a PCA of all rows) and the best of some settings of ``LabelSpreading`` on the pixels.
"""

import warnings
from itertools import product

import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.semi_supervised import LabelSpreading

from benchmarks._family import epochs, row, seeds, shown
from skae import AutoencoderClassifier, DenoisingAutoencoder

N_TEST, N_EACH, N_COMPONENTS = 450, 2, 16
ABOVE_ROWS, ABOVE_PCA = 0.02, 0.08
WHAT = f"digits, {10 * N_EACH} labels"


def digits():
    """Training and test rows, stratified; the same in every draw."""
    X, y = load_digits(return_X_y=True)
    return train_test_split(X / 16, y, test_size=N_TEST, stratify=y, random_state=0)


def few(y, draw):
    """The labels of two rows of each class, -1 elsewhere."""
    rng, labels = np.random.default_rng(draw), np.full_like(y, -1)
    for label in np.unique(y):
        kept = rng.permutation(np.flatnonzero(y == label))[:N_EACH]
        labels[kept] = label
    return labels


def ours(options, seed, **parameters):
    """The classifier with defaults; in a smoke run its autoencoder has few epochs too."""
    if options.quick and "from_pretrained" not in parameters:
        parameters["autoencoder"] = pretraining(options, None)
    return AutoencoderClassifier(random_state=seed, **parameters, **epochs(options))


def pretraining(options, seed):
    """The default autoencoder of the classifier."""
    return DenoisingAutoencoder(N_COMPONENTS, noise_level=1.0, random_state=seed, **epochs(options))


def logistic():
    return LogisticRegression(max_iter=2000)


def spreadings(options):
    counts, shares = ((7,), (0.9,)) if options.quick else ((5, 7, 10, 15), (0.2, 0.9, 0.99))
    return {
        f"{n} neighbours, alpha {alpha}": LabelSpreading(
            kernel="knn", n_neighbors=n, alpha=alpha, max_iter=500
        )
        for n, alpha in product(counts, shares)
    }


def spread_score(spreading, train, labels, test, y_test):
    # Where no label reaches a neighbour of a test row it divides by zero.
    with warnings.catch_warnings(), np.errstate(invalid="ignore"):
        warnings.simplefilter("ignore", ConvergenceWarning)
        return spreading.fit(train, labels).score(test, y_test)


def few_labels(options):
    """Bars: two points above logistic regression on pixels, eight above it on scaled PCA codes."""
    train, test, y_train, y_test = digits()
    pca = PCA(N_COMPONENTS, random_state=0).fit(train)
    scaled = make_pipeline(pca, StandardScaler()).fit(train)
    accuracies, spread = {}, {}
    for draw in seeds(options, 10):
        labels = few(y_train, draw)
        known = labels >= 0
        classifier = ours(options, draw).fit(train, labels)
        accuracies.setdefault("ours", []).append(classifier.score(test, y_test))
        for name, encode in (
            ("pixels", np.asarray),
            ("scaled PCA", scaled.transform),
            ("PCA", pca.transform),
        ):
            fitted = logistic().fit(encode(train[known]), labels[known])
            accuracies.setdefault(name, []).append(fitted.score(encode(test), y_test))
        for name, spreading in spreadings(options).items():
            spread.setdefault(name, []).append(spread_score(spreading, train, labels, test, y_test))
    means = {name: float(np.mean(values)) for name, values in accuracies.items()}
    best = max(spread, key=lambda name: np.mean(spread[name]))
    found = shown(accuracies["ours"], "{:.3f}")
    yield row(
        f"{WHAT}: accuracy, to logistic regression on pixels",
        found,
        f"pixels {shown(accuracies['pixels'], '{:.3f}')}",
        f">= pixels + {ABOVE_ROWS}",
        means["ours"] >= means["pixels"] + ABOVE_ROWS,
    )
    yield row(
        f"{WHAT}: accuracy, to logistic regression on {N_COMPONENTS} components",
        f"{means['ours']:.3f}",
        f"scaled PCA {means['scaled PCA']:.3f}, PCA {means['PCA']:.3f}",
        f">= scaled PCA + {ABOVE_PCA}",
        means["ours"] >= means["scaled PCA"] + ABOVE_PCA,
    )
    yield row(
        f"{WHAT}: accuracy, to label spreading on pixels",
        f"{means['ours']:.3f}",
        f"{best}: {shown(spread[best], '{:.3f}')}",
        "(printed)",
        True,
    )


def all_labels(options):
    """No bar."""
    train, test, y_train, y_test = digits()
    accuracies = [
        ours(options, seed).fit(train, y_train).score(test, y_test) for seed in seeds(options, 3)
    ]
    yield row(
        f"digits, all {len(train)} labels: accuracy",
        shown(accuracies, "{:.4f}"),
        f"logistic regression {logistic().fit(train, y_train).score(test, y_test):.4f}",
        "(printed)",
        True,
    )


def transfer(options):
    """No bar: the autoencoder learned from one half of the rows, few labels are in the other."""
    train, test, y_train, y_test = digits()
    first, second, _, y_second = train_test_split(
        train, y_train, test_size=0.5, stratify=y_train, random_state=0
    )
    results = {}
    for draw in seeds(options, 3):
        labels = few(y_second, draw)
        known = labels >= 0
        pretrained = pretraining(options, draw).fit(first)
        fits = {
            "ours": (ours(options, draw, from_pretrained=pretrained), second, labels),
            "labelled rows alone": (
                ours(options, draw, from_pretrained=pretrained),
                second[known],
                labels[known],
            ),
            "pretrained on its own half": (ours(options, draw), second, labels),
            "logistic regression": (logistic(), second[known], labels[known]),
        }
        for name, (classifier, X, y) in fits.items():
            score = classifier.fit(X, y).score(test, y_test)
            results.setdefault(name, []).append(score)
    found = results.pop("ours")
    yield row(
        f"{WHAT}, pretrained on the other half: accuracy",
        shown(found, "{:.3f}"),
        ", ".join(f"{name} {np.mean(values):.3f}" for name, values in results.items()),
        "(printed)",
        True,
    )


MEASURES = [few_labels, all_labels, transfer]
