"""How wrong each value of an output is.

Each loss is written once for any array namespace with numpy's names (``keras.ops`` in a compiled
step, ``numpy`` in scoring), so that training and scoring cannot drift apart.
"""

from collections.abc import Callable

from skae.objectives._network_view import Namespace, Tensor

Loss = Callable[[Namespace, Tensor, Tensor], Tensor]
# Gives a value a row, or a value a feature, from targets and outputs in scaled units.
UserLoss = Callable[[Tensor, Tensor], Tensor]


def squared_error(xp: Namespace, target: Tensor, output: Tensor) -> Tensor:
    """Squared difference."""
    return xp.square(output - target)


def absolute_error(xp: Namespace, target: Tensor, output: Tensor) -> Tensor:
    """Absolute difference."""
    return xp.abs(output - target)


def huber(xp: Namespace, target: Tensor, output: Tensor) -> Tensor:
    """Squared up to a difference of one scaled unit, linear beyond (Huber 1964).

    Twice the textbook's value, so that it equals the squared error near zero.
    """
    size = xp.abs(output - target)
    return xp.where(size <= 1.0, xp.square(size), 2.0 * size - 1.0)


def binary_crossentropy(xp: Namespace, target: Tensor, logits: Tensor) -> Tensor:
    """Cross-entropy in nats of targets in [0, 1], given logits."""
    softplus = xp.maximum(logits, 0.0) + xp.log1p(xp.exp(-xp.abs(logits)))
    return softplus - target * logits


def loss_of(named: "str | UserLoss") -> Loss:
    """The loss of this name, or a user's own, which brings its namespace."""
    if isinstance(named, str):
        return LOSSES[named]
    return lambda xp, target, output: named(target, output)


LOSSES: dict[str, Loss] = {
    "absolute_error": absolute_error,
    "binary_crossentropy": binary_crossentropy,
    "huber": huber,
    "squared_error": squared_error,
}
