"""How large the batches of shards are, and how long their rounds."""

from dataclasses import dataclass
from typing import Literal

from skae.numerics import Integers

# Steps that suffice whatever ``fit`` would take: what it plans for 2,000 rows. docs/design.md says
# what fewer cost.
_ENOUGH_STEPS = 3000
# Of a round of shards that are too small to take as many.
_STEPS_OF_SMALL = 16


@dataclass(frozen=True)
class Pace:
    """How a fit by rounds goes.

    Attributes
    ----------
    momentum : float
        Of the steps that rounds make.
    steps_per_round : int or "auto"
        At most; of the largest shard.
    """

    momentum: float
    steps_per_round: int | Literal["auto"]

    def batch_size(self, given: int, max_iter: int, n_training: Integers) -> int:
        """Rows of a batch of a shard.

        The given number, if that leaves each shard enough steps; else fewer, down to its share of
        a batch of all shards, with which it takes as many steps as ``fit``.

        Parameters
        ----------
        given : int
        max_iter : int
        n_training : ndarray of int of shape (n_shards,)
            Rows of each shard that train.
        """
        n_shards = max(1, int((n_training > 0).sum()))
        n_steps = max_iter * _n_batches(int(n_training.max()), given)
        n_enough = min(_ENOUGH_STEPS, max_iter * _n_batches(int(n_training.sum()), given))
        least = max(1, given // n_shards)
        return min(given, max(least, given * n_steps // max(1, n_enough)))

    def n_parts(self, given: int, batch_size: int, n_training: Integers) -> int:
        """Rounds of an epoch, given the batch that was asked for and that of a shard."""
        n_steps = _n_batches(int(n_training.max()), batch_size)
        if (n_training > 0).sum() < 2:
            return 1
        if self.steps_per_round != "auto":
            return _n_batches(n_steps, self.steps_per_round)
        return 1 if batch_size == given else _n_batches(n_steps, _STEPS_OF_SMALL)


def _n_batches(n_rows: int, size: int) -> int:
    return -(-n_rows // size)
