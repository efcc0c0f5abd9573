"""
Sequences of different lengths
==============================

A :class:`~skae.RecurrentAutoencoder` reads a sequence step by step and makes one short code of it. The
sequences may have different lengths: they are padded with NaN, and padding does not count.
"""

# %%
# Nine men say a Japanese vowel: twelve coefficients of the sound at 7 to 29 steps in time.

import numpy as np
from aeon.datasets import load_japanese_vowels
from sklearn.decomposition import PCA
from sklearn.neighbors import KNeighborsClassifier

from skae import RecurrentAutoencoder

N_STEPS, N_FEATURES = 29, 12


def padded(sequences):
    """Rows of (timestep, feature), padded with NaN to the longest length."""
    rows = np.full((len(sequences), N_STEPS, N_FEATURES), np.nan)
    for row, sequence in zip(rows, sequences, strict=True):
        row[: sequence.shape[1]] = sequence.T
    return rows


# The official split has more sequences in its test part; the code is learnt from those.
test, y_test = load_japanese_vowels(split="train")
train, y_train = load_japanese_vowels(split="test")
X_train, X_test = padded(train), padded(test)
print(X_train.shape, "of which padding:", f"{np.isnan(X_train).mean():.0%}")

# %%
# PCA needs a table without gaps: it gets the mean of all steps as padding.

autoencoder = RecurrentAutoencoder(
    8,
    sample_shape=(N_STEPS, N_FEATURES),
    mask_value=np.nan,
    cell="gru",
    max_iter=100,
    random_state=0,
).fit(X_train)

mean = np.nanmean(X_train, axis=(0, 1))


def flat(X):
    return np.where(np.isnan(X), mean, X).reshape(len(X), -1)


pca = PCA(8).fit(flat(X_train))
restored = {
    "PCA": pca.inverse_transform(pca.transform(flat(X_test))).reshape(X_test.shape),
    "recurrent autoencoder": autoencoder.reconstruct(X_test).reshape(X_test.shape),
}
codes = {
    "PCA": (pca.transform(flat(X_train)), pca.transform(flat(X_test))),
    "recurrent autoencoder": (autoencoder.transform(X_train), autoencoder.transform(X_test)),
}
is_known = ~np.isnan(X_test)
spread = np.mean((X_test - mean)[is_known] ** 2)
for name, rows in restored.items():
    share = 1 - np.mean((rows - X_test)[is_known] ** 2) / spread
    code, code_test = codes[name]
    speaker = KNeighborsClassifier(5).fit(code, y_train).score(code_test, y_test)
    print(f"{name:22s} variance kept {share:.2f}, speaker recognised {speaker:.2f}")
