"""
Compressing a model, and rows
=============================

Two things can be made small: the autoencoder itself, by :func:`skae.compress`, and rows, by
:class:`skae.LatentCodec`. PCA stands beside both at equal bytes.
"""

# %%
# Digits of 8 x 8 pixels, and the squared error of an image that was held out.

import pickle

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split

from skae import Autoencoder, LatentCodec, compress

X_train, X_test = train_test_split(
    load_digits().data.astype(np.float32), test_size=0.25, random_state=0
)


def error(restored):
    return float(np.sum((restored - X_test) ** 2, axis=1).mean())


def error_of(reducer):
    return error(reducer.inverse_transform(reducer.transform(X_test)))


# %%
# A smaller model
# ---------------
#
# Weights are removed while training goes on, and those that are left become small integers.

autoencoder = Autoencoder(8, max_iter=60, random_state=0).fit(X_train)
models = {"autoencoder": autoencoder}
for sparsity in (0.5, 0.9, 0.95):
    models[f"{sparsity:.0%} of the weights removed"] = compress(
        autoencoder, sparsity, X=X_train, max_iter=40, random_state=0
    )

# %%
# Bytes of a pickle and held-out error. All autoencoders make 8 numbers of an image. At 8
# components PCA is smaller still, and at equal bytes it has room for so many components that its
# error is far lower: if the size of the model is all that counts, PCA is the answer. Compression
# is for where the code must be short.

sizes = {name: len(pickle.dumps(model)) for name, model in models.items()}
for name, model in models.items():
    print(f"{name:30s} {sizes[name]:7,} bytes  error {error_of(model):.0f}")
pcas = {k: PCA(k).fit(X_train) for k in (2, 4, 8, 16, 32)}
for k, pca in pcas.items():
    print(
        f"{f'PCA, {k} components':30s} {len(pickle.dumps(pca)):7,} bytes  error {error_of(pca):.0f}"
    )

# %%
# Rows as bytes
# -------------
#
# A codec rounds the code and stores it with an entropy coder. For each number of bytes, the
# autoencoder has three components a byte, and PCA the best of three sizes on the test images. The
# bytes include everything but the model.

n_bytes = (4, 8, 16)


def rate_and_error(reducer, n_components, size):
    """Bytes and squared error of an image held out."""
    codec = LatentCodec(reducer, bits=7.6 * size / n_components, random_state=0).fit(X_train)
    data = codec.encode(X_test)
    return len(data) / len(X_test), error(codec.decode(data))


curves = {"PCA": [], "autoencoder": []}
for size in n_bytes:
    candidates = [rate_and_error(PCA(k * size), k * size, size) for k in (1, 2, 3)]
    curves["PCA"].append(min(candidates, key=lambda candidate: candidate[1]))
    reducer = Autoencoder(3 * size, max_iter=60)
    curves["autoencoder"].append(rate_and_error(reducer, 3 * size, size))
for name, points in curves.items():
    for size, loss in points:
        print(f"{name:12s} {size:5.2f} bytes an image, error {loss:.0f}")

# %%
# Left: size and error of models, the numbers of components at PCA's points. Right: bytes and error
# of rows; with few bytes the autoencoder has the lower error, with more of them PCA catches up.
# Both errors are of images held out.

figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.4), layout="constrained")
left.plot(
    [sizes[name] for name in models],
    [error_of(model) for model in models.values()],
    "o-",
    color="C1",
    label="autoencoder, 8 components: whole, and\nwith 50, 90 and 95 % of the weights removed",
)
pca_sizes = [len(pickle.dumps(pca)) for pca in pcas.values()]
pca_errors = [error_of(pca) for pca in pcas.values()]
left.plot(pca_sizes, pca_errors, "s--", color="C0", label="PCA, numbers of components")
for k, size, loss in zip(pcas, pca_sizes, pca_errors, strict=True):
    left.annotate(f"{k}", (size, loss), xytext=(5, 4), textcoords="offset points")
left.set(xscale="log", xlabel="bytes of the pickled model", ylabel="squared error of an image")
for (name, points), style in zip(curves.items(), ("s--", "o-"), strict=True):
    right.plot(*np.transpose(points), style, label=name)
right.set(xlabel="bytes of an image", ylabel="squared error of an image", xticks=n_bytes)
for ax in (left, right):
    ax.set_ylim(bottom=0)
    ax.legend(frameon=False)
plt.show()
