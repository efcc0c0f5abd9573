"""
Edges in photographs
====================

A sparse code describes each row by few of many atoms. Learned from small patches of photographs,
the atoms are edges and bars, as Olshausen & Field (1996) found: a
:class:`~skae.SparseAutoencoder` beside PCA, whose directions fill the whole patch.
"""

# %%
# 20,000 grey patches of 12 x 12 pixels from the left of scikit-learn's two photographs, and others
# from the right.

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.datasets import load_sample_images
from sklearn.decomposition import PCA

from skae import SparseAutoencoder
from skae.inspection import FiltersDisplay

rng = np.random.default_rng(0)
train, test = [], []
for image in load_sample_images().images:
    grey = image.mean(axis=2) / 255
    edge = int(0.7 * grey.shape[1])
    for part, n, into in ((grey[:, :edge], 10_000, train), (grey[:, edge:], 2_000, test)):
        windows = sliding_window_view(part, (12, 12))
        rows, columns = (rng.integers(size, size=n) for size in windows.shape[:2])
        into.append(windows[rows, columns].reshape(n, -1))
X_train, X_test = np.concatenate(train), np.concatenate(test)

# %%
# 64 atoms, of which a patch has four on average: a patch of sky needs one, a patch of leaves many.

sparse = SparseAutoencoder(
    64, sparsity="batch_topk", k=4, max_iter=20, early_stopping=False, random_state=0
).fit(X_train)
code = sparse.transform(X_test)
n_active = np.count_nonzero(code, axis=1)
error = np.mean((sparse.inverse_transform(code) - X_test) ** 2) / X_test.var(axis=0).mean()
print(f"active units: {n_active.mean():.1f}, from {n_active.min()} to {n_active.max()}")
print(f"dead units: {sparse.n_dead_}, error: {error:.3f} of the variance")

# %%
# The atoms, those that add most to the patches first. Above each is the share of the patches that
# have it.

display = FiltersDisplay.from_estimator(sparse, X_test, sample_shape=(12, 12))

# %%
# PCA's directions are waves over the whole patch, of which every patch has all.

display = FiltersDisplay.from_estimator(PCA(64).fit(X_train), sample_shape=(12, 12))
