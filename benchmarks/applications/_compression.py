"""Size and held-out error of compressed autoencoders, over those of the original.

Errors are those of rows that neither ``fit`` nor ``compress`` saw. PCA is given as many components
as its numbers have room for in the bytes of the compressed autoencoder, as float32 and rounded to
8 bits, as the autoencoder is.
"""

import pickle
from functools import partial
from time import perf_counter

import numpy as np
from sklearn.decomposition import PCA

from benchmarks._family import IMAGES, digits, epochs, mnist, row, seeds, shown, squared_error
from benchmarks._harness import call_seconds
from skae import Autoencoder, ConvolutionalAutoencoder, RecurrentAutoencoder, compress

LARGEST_SIZE, LARGEST_ERROR = 0.12, 1.10
CHANNELS_KEPT = {"sparsity": 0.85, "channel_sparsity": 0}


def size(estimator):
    return len(pickle.dumps(estimator))


def compressed(fits, options, **parameters):
    """The estimators compressed, each with the seed of its fit."""
    if "X" in parameters:
        parameters |= epochs(options)
    return [compress(fitted, random_state=fitted.random_state, **parameters) for fitted in fits]


def ratios(what, fits, smalls, test, has_bar=False):
    pairs = list(zip(smalls, fits, strict=True))
    sizes = [size(small) / size(fitted) for small, fitted in pairs]
    errors = [squared_error(small, test) / squared_error(fitted, test) for small, fitted in pairs]
    holds = max(sizes) <= LARGEST_SIZE and max(errors) <= LARGEST_ERROR
    return row(
        f"compress, {what}: size and error over the original's",
        f"{max(sizes):.3f}, {shown(errors, '{:.3f}')}",
        "",
        f"<= {LARGEST_SIZE}, <= {LARGEST_ERROR:.2f}" if has_bar else "(printed)",
        holds or not has_bar,
    )


def beside_pca(what, small, train, test):
    """No bar: what the same bytes are worth without a network, with a longer code and the same."""
    n_features, n_bytes, k = train.shape[1], size(small), small.n_components_
    n_components = min(n_features, n_bytes // (4 * n_features) - 1)
    pcas = [PCA(n).fit(train.astype(np.float32)) for n in (n_components, k)]
    beside = [
        f"PCA({pca.n_components_}) {squared_error(pca, test):.3f} at {size(pca):,}" for pca in pcas
    ]
    # The mean stays float32, and each component has a scale.
    n_rounded = min(n_features, (n_bytes - 4 * n_features) // (n_features + 4))
    for n in (n_rounded, k):
        error, n_used = rounded_pca(n, train, test)
        beside.append(f"PCA({n}) of 8 bits {error:.3f} at {n_used:,}")
    return row(
        f"compress, {what}, code of {k}: squared error of a row at so many bytes",
        f"{squared_error(small, test):.3f} at {n_bytes:,}",
        ", ".join(dict.fromkeys(beside)),
        "(printed)",
        True,
    )


def rounded_pca(n_components, train, test):
    """Squared error of PCA whose components are integers of 8 bits, and its bytes without names."""
    pca = PCA(n_components).fit(train)
    scales = np.abs(pca.components_).max(axis=1, keepdims=True) / 127
    pca.components_ = np.round(pca.components_ / scales) * scales
    n_features = train.shape[1]
    return squared_error(pca, test), n_components * (n_features + 4) + 4 * n_features


def small_images(options):
    """Bar: at 90 % sparsity and 8 bits .12 of the size, a tenth more error."""
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


def convolutional(options):
    """Bar: .12 of the size, a tenth more error; times of fit, compression and scoring."""
    train, test = mnist(options)
    yield from narrowed(
        "MNIST, convolutional",
        ConvolutionalAutoencoder(32, **IMAGES, random_state=0, **epochs(options)),
        train,
        test,
        options,
        (("85 %, 8 bits", {"sparsity": 0.85}), ("85 %, channels kept", CHANNELS_KEPT)),
    )


def recurrent(options):
    """Bar: the same, of sequences."""
    try:
        from aeon.datasets import load_italy_power_demand
    except ImportError:
        yield ["compress, recurrent", "absent: pip install aeon", "", "", ""]
        return
    # The test split is the larger one.
    series = load_italy_power_demand(split="test")[0].transpose(0, 2, 1)
    train, test = series[:700], series[700:]
    yield from narrowed(
        "power demand, recurrent",
        RecurrentAutoencoder(4, sample_shape=train.shape[1:], random_state=0, **epochs(options)),
        train.reshape(len(train), -1),
        test.reshape(len(test), -1),
        options,
        (("85 %, 8 bits", {"sparsity": 0.85}),),
    )


def narrowed(what, estimator, train, test, options, settings):
    """Rows of one estimator compressed in several ways; the bar is of the first."""
    start = perf_counter()
    fitted = estimator.fit(train)
    fit_seconds = perf_counter() - start
    for i, (how, parameters) in enumerate(settings):
        start = perf_counter()
        smalls = compressed([fitted], options, X=train, **parameters)
        compress_seconds = perf_counter() - start
        yield ratios(f"{what}, {how}", [fitted], smalls, test, has_bar=i == 0)
        sizes = smalls[0].compression_report_.hidden_layer_sizes_after
        before, after = (
            call_seconds(partial(each.transform, test), 3) for each in (fitted, smalls[0])
        )
        yield row(
            f"compress, {what}, {how}: hidden layers {sizes}, seconds",
            f"compress {compress_seconds:.0f}, transform {after:.2f}",
            f"fit {fit_seconds:.0f}, transform {before:.2f}",
            "(printed)",
            True,
        )


MEASURES = [small_images, images, convolutional, recurrent]
