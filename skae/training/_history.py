"""The history of a training run, epoch by epoch."""

from collections.abc import Mapping

import numpy as np

from skae.numerics import Array


class History:
    """Named columns of floats, one value an epoch.

    Training columns carry a term's name, validation columns ``val_`` before it, as in Keras. The
    first row is epoch 0, the start, before any training.

    Parameters
    ----------
    start : dict of str to float
        Losses and terms of the start, by column.
    """

    def __init__(self, start: Mapping[str, float]) -> None:
        self._rows: list[dict[str, float]] = []
        self.append(start)

    def append(self, logs: Mapping[str, float]) -> None:
        """Add one epoch: a mapping of column names to floats."""
        epoch = float(len(self._rows))
        self._rows.append({"epoch": epoch, **{name: float(v) for name, v in logs.items()}})

    def rows(self) -> list[dict[str, float]]:
        """The numbers of each epoch."""
        return [dict(row) for row in self._rows]

    @classmethod
    def of_rows(cls, rows: list[dict[str, float]]) -> "History":
        """The history that ``rows()`` is of."""
        history = cls({})
        history._rows = [dict(row) for row in rows]
        return history

    @property
    def n_epochs(self) -> int:
        """Epochs trained."""
        return len(self._rows) - 1

    def columns(self) -> dict[str, Array]:
        """The whole history as a dictionary of float64 arrays."""
        return {name: np.array([row[name] for row in self._rows]) for name in self._rows[0]}
