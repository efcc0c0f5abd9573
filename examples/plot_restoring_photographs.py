"""
Restoring photographs
=====================

What an image consists of does not fit into a code of a few numbers. So a denoiser of images has
none: it is a filter of neighbours and a network that corrects it, and details go straight through.
Trained on small patches it restores images of any size.
"""

# %%
# Patches from the left of two photographs. What is right of them nobody has seen when it is
# restored below.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_sample_images
from sklearn.feature_extraction.image import extract_patches_2d

from skae import DenoisingAutoencoder
from skae.metrics import peak_signal_noise_ratio, structural_similarity

photographs = [image / 255.0 for image in load_sample_images().images]
width = photographs[0].shape[1]
edge = int(0.7 * width)
patches = np.concatenate(
    [extract_patches_2d(image[:, :edge], (32, 32), max_patches=1000, random_state=0)
     for image in photographs]
).astype(np.float32)  # fmt: skip

# %%
# Noise of unknown strength: each row in training draws its own, from a range in the units of the
# pixels. ``flips`` shows patches mirrored and turned, as they are few.

shape = {"sample_shape": (32, 32, 3), "flips": True, "random_state": 0}
short = {"learning_rate": "cosine", "max_iter": 10}
denoiser = DenoisingAutoencoder(
    noise_level=(0.03, 0.2), noise_unit="input", **shape, **short
).fit(patches)  # fmt: skip

clean = photographs[0]
noisy = clean + np.random.default_rng(0).normal(0, 0.1, clean.shape)
restored = denoiser.restore(noisy)

# %%
# The same network learns to fill holes: with ``noise="masking"`` squares of patches are missing in
# training, and NaN is what is missing afterwards. Known pixels stay as they are.

filler = DenoisingAutoencoder(noise="masking", noise_level=(0.1, 0.4), **shape, **short)
filler.fit(patches)
torn = photographs[1].copy()
rng = np.random.default_rng(0)
for _ in range(60):
    row, column = rng.integers(0, 420), rng.integers(0, 560)
    torn[row : row + 3, column : column + 80] = np.nan
filled = filler.restore(torn)

# %%
# Quality, of the part that training has not seen: decibels, ten more is a tenth of the squared
# error, and structural similarity, 1 for equal images.


def unseen(image):
    return image[None, :, edge:]


for name, image in (("noisy", noisy), ("restored", restored)):
    pair = unseen(clean), unseen(image)
    ratio = peak_signal_noise_ratio(*pair, data_range=1.0)
    similarity = structural_similarity(*pair, data_range=1.0)
    print(f"{name:10}{ratio:.1f} dB, similarity {similarity:.2f}")

# %%
# The right third of each photograph.

panels = [
    ("noisy", noisy),
    ("restored", restored),
    ("as it was", clean),
    ("torn", np.nan_to_num(torn)),
    ("filled", filled),
    ("as it was", photographs[1]),
]
figure, axes = plt.subplots(2, 3, figsize=(10, 11), layout="constrained")
for ax, (name, image) in zip(axes.flat, panels, strict=True):
    ax.imshow(image[60:380, edge:].clip(0, 1))
    ax.set(title=name, xticks=[], yticks=[])
plt.show()
