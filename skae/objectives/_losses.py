"""How wrong an output is: one value a row, the mean over its features.

Each loss is written once for any array namespace with numpy's names (``keras.ops`` in a compiled
step, ``numpy`` in scoring), so that training and scoring cannot drift apart.
"""


def squared_error(xp, target, output):
    """Mean squared difference."""
    return xp.mean(xp.square(output - target), axis=-1)


def absolute_error(xp, target, output):
    """Mean absolute difference."""
    return xp.mean(xp.abs(output - target), axis=-1)


def huber(xp, target, output):
    """Squared up to a difference of one scaled unit, linear beyond (Huber 1964).

    Twice the textbook's value, so that it equals the squared error near zero.
    """
    size = xp.abs(output - target)
    return xp.mean(xp.where(size <= 1.0, xp.square(size), 2.0 * size - 1.0), axis=-1)


def binary_crossentropy(xp, target, logits):
    """Mean cross-entropy in nats of targets in [0, 1], given logits."""
    softplus = xp.maximum(logits, 0.0) + xp.log1p(xp.exp(-xp.abs(logits)))
    return xp.mean(softplus - target * logits, axis=-1)


LOSSES = {
    "absolute_error": absolute_error,
    "binary_crossentropy": binary_crossentropy,
    "huber": huber,
    "squared_error": squared_error,
}
