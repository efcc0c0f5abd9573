"""
Learning from few labels
========================

Rows are often many and labels few. An :class:`~skae.AutoencoderClassifier` learns a code from all
rows and a classifier of that code from the labels there are.
"""

# %%
# Scikit-learn's digits: all training images are known, but only 20 to 100 of their labels. Every
# number of labels is drawn three times.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.semi_supervised import LabelSpreading

from skae import AutoencoderClassifier

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X / 16, y, stratify=y, random_state=0)
sizes, n_draws = (20, 50, 100), 3


def hide_labels(n_labels, seed):
    """Labels of some training images; -1 for the others, as in :mod:`sklearn.semi_supervised`."""
    known, _ = train_test_split(
        np.arange(len(y_train)), train_size=n_labels, stratify=y_train, random_state=seed
    )
    labels = np.full_like(y_train, -1)
    labels[known] = y_train[known]
    return labels


# %%
# Beside it: logistic regression on the pixels of the labelled images, the same on a PCA of all
# images, and label spreading over the similarities of all images, with the best of four widths on
# the test images.


def fit_all(labels, seed):
    known = labels >= 0
    pca = PCA(16).fit(X_train)
    on_pca = LogisticRegression(max_iter=5000).fit(pca.transform(X_train[known]), labels[known])
    return {
        "logistic regression, pixels": LogisticRegression(max_iter=5000).fit(
            X_train[known], labels[known]
        ),
        "logistic regression, PCA": make_pipeline(pca, on_pca),
        "label spreading": LabelSpreading(kernel="rbf", gamma=10).fit(X_train, labels),
        "autoencoder classifier": AutoencoderClassifier(random_state=seed).fit(X_train, labels),
    }


accuracies = {}
for n_labels in sizes:
    for seed in range(n_draws):
        for name, classifier in fit_all(hide_labels(n_labels, seed), seed).items():
            accuracies.setdefault(name, []).append(classifier.score(X_test, y_test))
accuracies = {name: np.reshape(scores, (-1, n_draws)) for name, scores in accuracies.items()}

print(f"{'labels':28s}", *(f"{n_labels:6d}" for n_labels in sizes))
for name, scores in accuracies.items():
    print(f"{name:28s}", *(f"{mean:6.3f}" for mean in scores.mean(axis=1)))

# %%
# Label spreading and the autoencoder classifier are far better than logistic regression, be it on
# pixels or on a PCA of all images, which hardly helps. The first two are about as good as each
# other; the classifier is a network that classifies new images without keeping the old ones, and
# has a code beside.
#
# Accuracy on test images against the number of labels; points are means over three draws of the
# labels, bars reach from the worst to the best.

plt.style.use("tableau-colorblind10")
figure, ax = plt.subplots(figsize=(7, 4.5), layout="constrained")
for (name, scores), style in zip(accuracies.items(), ("o:", "s--", "^-.", "D-"), strict=True):
    mean = scores.mean(axis=1)
    reach = np.abs([scores.min(axis=1) - mean, scores.max(axis=1) - mean])
    ax.errorbar(sizes, mean, reach, label=name, fmt=style, capsize=3)
ax.set(xlabel="labelled images", ylabel="accuracy on test images", xscale="log")
ax.set_xticks(sizes, map(str, sizes))
ax.minorticks_off()
ax.legend(frameon=False)
plt.show()
