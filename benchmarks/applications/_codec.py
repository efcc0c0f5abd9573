"""Bytes a row and squared error: the codec around autoencoders and around PCA.

Sizes are means over the test rows with header and checksum. Autoencoders have three components
for each byte; PCA has the best of four numbers of components on the test rows. The bits fill the
same bytes.
"""

from sklearn.decomposition import PCA

from benchmarks._family import IMAGES, digits, epochs, mnist, row, seeds, shown
from skae import Autoencoder, ConvolutionalAutoencoder
from skae.applications import LatentCodec

BAR, N_A_BYTE = 0.75, 3
# Test rows take a little more than training rows; the header is there once.
_FILLED, _HEADER = 0.98, 30


def rate_and_error(reducer, n_components, n_bytes, train, test):
    """Bytes and squared error of a test row."""
    n_bits = 8 * (_FILLED * n_bytes - _HEADER / len(test))
    codec = LatentCodec(reducer, bits=n_bits / n_components, random_state=0)
    data = codec.fit(train).encode(test)
    error = ((codec.decode(data) - test) ** 2).sum(axis=1).mean()
    return len(data) / len(test), float(error)


def best_pca(n_bytes, multiples, train, test):
    """The lowest error of some numbers of components, and that number."""
    results = []
    for k in (multiple * n_bytes for multiple in multiples):
        size, error = rate_and_error(PCA(k, random_state=0), k, n_bytes, train, test)
        results.append((error, size, k))
    return min(results)


def images(options):
    """Bar: at 32 bytes the convolutional one has at most three quarters of PCA's error."""
    train, test = mnist(options)
    for n_bytes in (32,) if options.quick else (8, 16, 32):
        pca, pca_size, k = best_pca(n_bytes, (3, 4, 5, 6), train, test)
        for cls, parameters in ((Autoencoder, {}), (ConvolutionalAutoencoder, IMAGES)):
            reducer = cls(N_A_BYTE * n_bytes, random_state=0, **parameters, **epochs(options))
            size, error = rate_and_error(reducer, N_A_BYTE * n_bytes, n_bytes, train, test)
            has_bar = n_bytes == 32 and cls is ConvolutionalAutoencoder
            yield row(
                f"codec, MNIST, {cls.__name__}, {n_bytes} bytes an image: squared error",
                f"{error:.2f} at {size:.2f} bytes ({error / pca:.3f})",
                f"PCA({k}) {pca:.2f} at {pca_size:.2f} bytes",
                f"<= {BAR} x PCA" if has_bar else "(printed)",
                not has_bar or (error <= BAR * pca and max(size, pca_size) <= n_bytes),
            )


def small_images(options):
    """No bar."""
    train, test, *_ = digits()
    for n_bytes in (4, 8, 16):
        pca, pca_size, k = best_pca(n_bytes, (1, 2, 3, 4), train, test)
        results = [
            rate_and_error(
                Autoencoder(N_A_BYTE * n_bytes, random_state=seed, **epochs(options)),
                N_A_BYTE * n_bytes,
                n_bytes,
                train,
                test,
            )
            for seed in seeds(options, 3)
        ]
        sizes, errors = zip(*results, strict=True)
        yield row(
            f"codec, digits, {n_bytes} bytes an image: squared error",
            f"{shown(errors, '{:.3f}')} at {max(sizes):.2f} bytes",
            f"PCA({k}) {pca:.3f} at {pca_size:.2f} bytes",
            "(printed)",
            True,
        )


MEASURES = [images, small_images]
