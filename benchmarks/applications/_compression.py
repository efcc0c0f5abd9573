"""Size and held-out error of compressed autoencoders, over those of the original.

Errors are those of rows that neither ``fit`` nor ``compress`` saw.
"""

import pickle

import numpy as np
from sklearn.decomposition import PCA

from benchmarks._family import digits, epochs, mnist, row, seeds, shown, squared_error
from skae import Autoencoder, compress

LARGEST_SIZE, LARGEST_ERROR = 1 / 8, 1.10


def size(estimator):
    return len(pickle.dumps(estimator))


def compressed(fitted, train, test, **parameters):
    """Size and error over the original's, and the bytes."""
    small = compress(fitted, random_state=0, **parameters)
    error = squared_error(small, test) / squared_error(fitted, test)
    return size(small) / size(fitted), error, size(small)


def ratios(what, fits, train, test, has_bar, **parameters):
    sizes, errors, _ = zip(
        *(compressed(fitted, train, test, **parameters) for fitted in fits), strict=True
    )
    holds = max(sizes) <= LARGEST_SIZE and np.mean(errors) <= LARGEST_ERROR
    return row(
        f"compress, {what}: size and error over the original's",
        f"{max(sizes):.3f}, {shown(errors, '{:.3f}')}",
        "",
        "<= 0.125, <= 1.10" if has_bar else "(printed)",
        holds or not has_bar,
    )


def small_images(options):
    """Bar: at 90 % sparsity and 8 bits an eighth of the size, a tenth more error."""
    train, test, *_ = digits()
    fits = [
        Autoencoder(8, random_state=seed, **epochs(options)).fit(train) for seed in seeds(options)
    ]
    limits = {"max_iter": 2} if options.quick else {}
    for what, has_bar, parameters in (
        ("90 %, 8 bits", True, {"X": train}),
        ("90 %, 4 bits", False, {"X": train, "bits": 4}),
        ("95 %, 8 bits", False, {"X": train, "sparsity": 0.95}),
        ("50 %, 8 bits, without rows", False, {"sparsity": 0.5}),
        ("90 %, 8 bits, without rows", False, {}),
    ):
        yield ratios(f"digits, {what}", fits, train, test, has_bar, **parameters, **limits)
    yield pca_of_equal_size(fits[0], train, test, limits)


def pca_of_equal_size(fitted, train, test, limits):
    """PCA with as many components as its float32 numbers leave room for."""
    small = compress(fitted, X=train, random_state=0, **limits)
    n_components = min(train.shape[1], size(small) // (4 * train.shape[1]))
    pca = PCA(n_components).fit(train.astype(np.float32))
    return row(
        "compress, digits: squared error of a row at the bytes of the compressed one",
        f"{squared_error(small, test):.3f} with 8 components",
        f"PCA({n_components}) {squared_error(pca, test):.3f}, "
        f"PCA(8) {squared_error(PCA(8).fit(train), test):.3f}",
        "(printed)",
        True,
    )


def images(options):
    """Bar: the same."""
    train, test = mnist(options)
    fits = [Autoencoder(32, random_state=0, **epochs(options)).fit(train)]
    limits = {"max_iter": 2} if options.quick else {}
    yield ratios("MNIST, 90 %, 8 bits", fits, train, test, True, X=train, **limits)


MEASURES = [small_images, images]
