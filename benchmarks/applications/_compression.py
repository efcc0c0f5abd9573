"""Size and held-out error of compressed autoencoders, over those of the original.

Errors are those of rows that neither ``fit`` nor ``compress`` saw. PCA is given as many components
as its float32 numbers have room for in the bytes of the compressed autoencoder.
"""

import pickle

import numpy as np
from sklearn.decomposition import PCA

from benchmarks._family import digits, epochs, mnist, row, seeds, shown, squared_error
from skae import Autoencoder, compress

LARGEST_SIZE, LARGEST_ERROR = 1 / 8, 1.10


def size(estimator):
    return len(pickle.dumps(estimator))


def compressed(fits, options, **parameters):
    """The estimators compressed, each with the seed of its fit."""
    return [
        compress(fitted, random_state=fitted.random_state, **epochs(options), **parameters)
        for fitted in fits
    ]


def ratios(what, fits, smalls, test, has_bar=False):
    pairs = list(zip(smalls, fits, strict=True))
    sizes = [size(small) / size(fitted) for small, fitted in pairs]
    errors = [squared_error(small, test) / squared_error(fitted, test) for small, fitted in pairs]
    holds = max(sizes) <= LARGEST_SIZE and max(errors) <= LARGEST_ERROR
    return row(
        f"compress, {what}: size and error over the original's",
        f"{max(sizes):.3f}, {shown(errors, '{:.3f}')}",
        "",
        "<= 0.125, <= 1.10" if has_bar else "(printed)",
        holds or not has_bar,
    )


def beside_pca(what, small, train, test):
    """No bar: what the same bytes are worth without a network."""
    n_features, n_bytes, k = train.shape[1], size(small), small.n_components_
    n_components = min(n_features, n_bytes // (4 * n_features) - 1)
    pcas = [PCA(n).fit(train.astype(np.float32)) for n in (n_components, k)]
    beside = [
        f"PCA({pca.n_components_}) {squared_error(pca, test):.3f} at {size(pca):,}" for pca in pcas
    ]
    return row(
        f"compress, {what}, code of {k}: squared error of a row at so many bytes",
        f"{squared_error(small, test):.3f} at {n_bytes:,}",
        ", ".join(dict.fromkeys(beside)),
        "(printed)",
        True,
    )


def small_images(options):
    """Bar: at 90 % sparsity and 8 bits an eighth of the size, a tenth more error."""
    train, test, *_ = digits()
    fits = [
        Autoencoder(8, random_state=seed, **epochs(options)).fit(train) for seed in seeds(options)
    ]
    smalls = compressed(fits, options, X=train)
    yield ratios("digits, 90 %, 8 bits", fits, smalls, test, has_bar=True)
    yield beside_pca("digits", smalls[0], train, test)
    for what, parameters in (
        ("90 %, 4 bits", {"X": train, "bits": 4}),
        ("95 %, 8 bits", {"X": train, "sparsity": 0.95}),
        ("50 %, 8 bits", {"X": train, "sparsity": 0.5}),
        ("50 %, 8 bits, without rows", {"sparsity": 0.5}),
        ("90 %, 8 bits, without rows", {}),
    ):
        smalls = compressed(fits, options, **parameters)
        yield ratios(f"digits, {what}", fits, smalls, test)


def images(options):
    """Bar: the same."""
    train, test = mnist(options)
    fits = [Autoencoder(32, random_state=0, **epochs(options)).fit(train)]
    smalls = compressed(fits, options, X=train)
    yield ratios("MNIST, 90 %, 8 bits", fits, smalls, test, has_bar=True)
    yield beside_pca("MNIST", smalls[0], train, test)


MEASURES = [small_images, images]
