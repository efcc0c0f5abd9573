"""How wrong an output is about each column of a table, and what an output means in its units.

Targets are features less their means, in any positive unit: a level or a flag that is there is
above zero, one that is not below. Outputs are numbers in the same units, and logits.
"""

from typing import Any

from skae.networks import Columns
from skae.objectives._losses import LOSSES, binary_crossentropy
from skae.objectives._network_view import Namespace, Tensor

# Logits are kept in this range, so that no sum of exponentials overflows or vanishes.
_MOST_LOGIT = 30.0


def column_errors(
    xp: Namespace, columns: Columns, loss: str, target: Tensor, output: Tensor
) -> tuple[Tensor, Tensor]:
    """Error of each column of each row, and 1 where the column has a value, else 0.

    Parameters
    ----------
    xp : namespace
    columns : Columns
    loss : str
        Of numbers.
    target, output : tensors of shape (n, n_features)

    Returns
    -------
    errors, present : tensors of shape (n, n_columns)
        Errors of flags and categories are cross-entropies in nats; 0 where nothing is known.
    """
    is_known = xp.logical_not(xp.isnan(target))
    known = xp.where(is_known, target, 0.0)
    n, first = columns.n_numbers, columns.first_level
    parts = []
    if n:
        parts.append(LOSSES[loss](xp, known[:, :n], output[:, :n]))
    if columns.n_flags:
        is_set = _as_float(xp, known[:, n:first] > 0, output)
        parts.append(binary_crossentropy(xp, is_set, output[:, n:first]))
    if columns.widths:
        levels = _as_float(xp, known[:, first:] > 0, output)
        logits = xp.clip(output[:, first:], -_MOST_LOGIT, _MOST_LOGIT)
        normaliser = xp.log(xp.matmul(xp.exp(logits), columns.membership))
        # A level that the rows of the fit have not leaves all others equally wrong.
        parts.append(normaliser - xp.matmul(logits * levels, columns.membership))
    errors = parts[0] if len(parts) == 1 else xp.concatenate(parts, axis=1)
    present = _as_float(xp, xp.take(is_known, columns.starts, axis=1), output)
    return errors * present, present


def mean_error(xp: Namespace, errors: Tensor, present: Tensor, weights: Tensor) -> Tensor:
    """Weighted mean over the columns of each row that have a value; 0 where none has."""
    counted = present * weights
    return xp.sum(errors * counted, axis=1) / xp.maximum(xp.sum(counted, axis=1), 1e-30)


def _as_float(xp: Namespace, truth: Tensor, like: Tensor) -> Any:
    return xp.where(truth, xp.ones_like(truth, dtype=like.dtype), 0.0)
