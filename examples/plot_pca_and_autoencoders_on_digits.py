"""
PCA and autoencoders on digits
==============================

Both make a few numbers of a row and a row of a few numbers. PCA's are linear in the pixels, an
autoencoder's need not be. This example compares them at equal numbers of components, on images
that neither has seen.
"""

# %%
# Scikit-learn's 1,797 images of 8 x 8 pixels, a quarter of them held out.

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split

from skae import Autoencoder, compare

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.25, random_state=0)

reducers = {"PCA": PCA(), "Autoencoder": Autoencoder(max_iter=60)}
comparison = compare(reducers, X, y, n_components=(2, 4, 8, 16), cv=3, random_state=0)

pca = PCA(8).fit(X_train)
autoencoder = Autoencoder(8, max_iter=60, random_state=0).fit(X_train)

# %%
# Left: mean squared error of a pixel (from 0 to 16), mean and deviation over three folds of rows
# held out. Right: eight images held out, what eight components give back of them, and the
# difference, in colours of a scale of its own for each (blue: too dark, yellow: too light).

from skae.inspection import ComponentCurveDisplay, ReconstructionDisplay

figure = plt.figure(figsize=(12, 5.6), layout="constrained")
left, right = figure.subfigures(1, 2, width_ratios=(1, 1.8))
ComponentCurveDisplay.from_comparison(comparison, ax=left.subplots())
left.suptitle("Error on held-out rows")
for part, reducer, name in zip(
    right.subfigures(2, 1), (pca, autoencoder), ("PCA", "Autoencoder"), strict=True
):
    ReconstructionDisplay.from_estimator(reducer, X_test, ax=part.subplots())
    part.suptitle(f"{name}, 8 components")
plt.show()

# %%
# The same as a table, with the accuracy of a nearest-neighbour classifier on the code, and what
# the gain costs: seconds instead of milliseconds of training. With 16 components PCA is enough for
# the classifier.

metrics = ("reconstruction_error", "reconstruction_r2", "accuracy", "fit_seconds")
print(f"{'':15s}", *(f"{metric:>21s}" for metric in metrics))
for i, name in enumerate(comparison.reducers):
    for j, size in enumerate(comparison.n_components):
        means = (comparison.scores[metric][i, j].mean() for metric in metrics)
        print(f"{name:12s}{size:4d}", *(f"{mean:21.3f}" for mean in means))

# %%
# Two components
# --------------
#
# With two components the code can be looked at. Every point is an image held out; the autoencoder
# keeps more of the digits apart.

from skae.inspection import LatentSpaceDisplay

figure, axes = plt.subplots(1, 2, figsize=(11, 4.6), layout="constrained")
planes = {
    "PCA": PCA(2).fit(X_train),
    "Autoencoder": Autoencoder(2, max_iter=60, random_state=0).fit(X_train),
}
for ax, (name, reducer) in zip(axes, planes.items(), strict=True):
    LatentSpaceDisplay.from_estimator(reducer, X_test, y_test, target_name="digit", ax=ax)
    ax.set_title(name)
plt.show()
