"""The start of a network that is told the class of each row: PCA of what classes leave of rows.

A linear conditional network has its optimum there: each class around its own mean, and directions
that all classes share.
"""

from dataclasses import replace

import numpy as np

from skae.fitting._rows import Labels, Rows
from skae.model import Model, Scaling, column_variances, dense, weighted_blocks
from skae.networks import names, started_classes
from skae.numerics import Array, Integers, Matrix, Weights

# Probabilities of a class that start training are no nearer to 0 and 1.
_LEAST_PROBABILITY = 0.01
# Of the means of classes, in features that the class decides.
_LEFT = 0.01


def one_hot(places: Integers, n_classes: int) -> Labels:
    """Labels of rows whose classes have these places."""
    values = np.zeros((len(places), n_classes), np.float32)
    values[np.arange(len(places)), places] = 1.0
    return Labels(values, np.ones(len(places), np.intp))


def with_classes(rows: Rows, labels: Labels | None) -> Rows:
    """Rows together with their classes, if there are any.

    Raises
    ------
    ValueError
        If there are not as many.
    """
    if labels is None:
        return rows
    if len(labels.values) != rows.X.shape[0]:
        raise ValueError(
            f"X has {rows.X.shape[0]} rows, but y has {len(labels.values)} classes: Found input "
            "variables with inconsistent numbers of samples. Pass a class for each row."
        )
    return replace(rows, labels=labels)


def class_means(X: Matrix, labels: Labels, sample_weight: Array | None) -> Array:
    """Mean row of each class, float64.

    A class without rows that count has the mean of all.
    """
    n_classes = labels.values.shape[1]
    total, sums, start = np.zeros((n_classes, 1)), np.zeros((n_classes, X.shape[1])), 0
    for rows, weight in weighted_blocks(X, sample_weight):
        of_classes = labels.values[start : start + len(rows)].T * weight
        total += of_classes.sum(axis=1, keepdims=True)
        sums += of_classes @ rows
        start += len(rows)
    overall = sums.sum(axis=0) / total.sum()
    means: Array = np.where(total > 0, sums / np.where(total > 0, total, 1.0), overall)
    return means


class RowsWithinClasses:
    """Rows less the means of their classes, around the mean of all, made where they are read.

    Of a feature that the class decides all but for nothing, a hundredth of those means stays: it
    has no variance else, and neither a scale nor a noise.

    Parameters
    ----------
    X : ndarray, memory map or CSR of shape (n_rows, n_features)
    labels : Labels
    means : ndarray of shape (n_classes, n_features)
    mean : ndarray of shape (n_features,)
    sample_weight : ndarray of shape (n_rows,) or None
    """

    def __init__(
        self, X: Matrix, labels: Labels, means: Array, mean: Array, sample_weight: Array | None
    ) -> None:
        self.shape, self._X = X.shape, X
        self._places, self._shifts = labels.values.argmax(axis=1), means - mean
        around = Scaling(mean, 1.0)
        total, left = (
            column_variances(rows, sample_weight, around, has_missing=False) for rows in (X, self)
        )
        self._shifts[:, left < _LEFT**2 * total] *= 1 - _LEFT

    def __getitem__(self, index: slice | Integers) -> Array:
        """Some of the rows, float64."""
        rows: Array = dense(self._X[index]) - self._shifts[self._places[index]]
        return rows


def overall_mean(labels: Labels, means: Array, sample_weight: Array | None) -> Array:
    """Mean row of all classes, each as frequent as it is."""
    weight = np.ones(len(labels.values)) if sample_weight is None else np.asarray(sample_weight)
    mean: Array = weight @ labels.values @ means / weight.sum()
    return mean


def weights_of_classes(
    model: Model, means: Array | None, mean: Array | None, rng: np.random.Generator
) -> Weights:
    """Weights of a new conditional model, given the mean of each class and that of all rows."""
    network, weights = model.network, model.weights
    if means is None or mean is None or not network.linear_path:
        return started_classes(network, weights, rng, None, None)
    shifts = (means - mean) / model.scaling.scale
    outputs = shifts
    if model.ends_in_sigmoid:
        outputs = _logits(means) - _logits(mean)
    if network.has_output_units:
        outputs = outputs / weights[names.OUTPUT_UNITS]
    return started_classes(network, weights, rng, shifts, outputs)


def _logits(probabilities: Array) -> Array:
    clipped = np.clip(probabilities, _LEAST_PROBABILITY, 1 - _LEAST_PROBABILITY)
    logits: Array = np.log(clipped / (1 - clipped))
    return logits
