"""
Sequences of different lengths
==============================

A :class:`~skae.RecurrentAutoencoder` reads a sequence step by step and makes one short code of it.
The sequences may have different lengths: they are padded with NaN, and padding does not count.
"""

# %%
# Nine men say a Japanese vowel: twelve coefficients of the sound at 7 to 29 steps in time.

import matplotlib.pyplot as plt
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
# PCA needs a table without gaps: it gets the mean of all steps as padding. Its errors are, like
# the autoencoder's, counted where there is sound only.

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

# %%
# The recurrent autoencoder keeps more of the sound in as many numbers. To tell speakers apart,
# both codes are worth the same here, so for that PCA is enough.
#
# Three of the twelve coefficients of four vowels that were held out, their reconstruction, and the
# difference. Curves end where the sound does.

from skae.inspection import ReconstructionDisplay

figure = plt.figure(figsize=(10, 10), layout="constrained")
for part, (name, rows) in zip(figure.subfigures(2, 1), restored.items(), strict=True):
    ReconstructionDisplay.from_predictions(
        X_test[..., :3],
        np.where(is_known, rows, np.nan)[..., :3],
        n_rows=4,
        kind="series",
        feature_names=["first", "second", "third"],
        ax=part.subplots(),
    )
    part.suptitle(f"{name}, 8 components")
plt.show()

# %%
# Mean squared error of a coefficient at each step in time, as a share of the variance there, where
# at least twenty sounds last so long.

lasting = is_known.all(axis=2).sum(axis=0) >= 20
figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
variance = np.nanvar(X_test[:, lasting], axis=0).mean(axis=1)
for (name, rows), style in zip(restored.items(), ("s--", "o-"), strict=True):
    error = np.nanmean((rows - X_test)[:, lasting] ** 2, axis=(0, 2))
    ax.plot(error / variance, style, label=name)
ax.set(xlabel="step in time", ylabel="squared error over the variance")
ax.set_ylim(bottom=0)
ax.legend(frameon=False)
plt.show()
