"""The start of a network that is told the class of each row: PCA of what classes leave of rows.

A linear conditional network has its optimum there: each class around its own mean, and directions
that all classes share.
"""

from dataclasses import replace

import numpy as np

from skae.fitting._rows import Labels, Rows
from skae.model import Model
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


def class_means(X: Matrix, labels: Labels, sample_weight: Array | None) -> Array | None:
    """Mean row of each class, float64; None where rows are not all in memory, or sparse.

    A class without rows that count has the mean of all.
    """
    if type(X) is not np.ndarray:
        return None
    weight = np.ones(len(X)) if sample_weight is None else np.asarray(sample_weight, np.float64)
    of_classes = labels.values.T * weight
    total = of_classes.sum(axis=1, keepdims=True)
    sums = of_classes @ X
    overall = sums.sum(axis=0) / total.sum()
    means: Array = np.where(total > 0, sums / np.where(total > 0, total, 1.0), overall)
    return means


def within_classes(X: Array, labels: Labels, means: Array, mean: Array) -> Array:
    """Rows less the means of their classes, around the mean of all.

    Of a feature that the class decides all but for nothing, a hundredth of those means stays: it
    has no variance else, and neither a scale nor a noise.
    """
    places = labels.values.argmax(axis=1)
    rows: Array = X - (means - mean)[places]
    total = X.var(axis=0, dtype=np.float64)
    is_decided = rows.var(axis=0, dtype=np.float64) < _LEFT**2 * total
    rows[:, is_decided] += _LEFT * (means - mean)[places][:, is_decided]
    return rows.astype(X.dtype, copy=False)


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
