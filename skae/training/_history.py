"""What happened, epoch by epoch."""

import numpy as np


class History:
    """Named columns of floats, one value an epoch.

    Training columns carry a term's name, validation columns ``val_`` before it, as in Keras.

    Parameters
    ----------
    names : sequence of str
        Columns there are even before the first epoch.
    """

    def __init__(self, names=("loss",)):
        self._names, self._rows = names, []

    def append(self, logs):
        """Add one epoch: a mapping of column names to floats."""
        self._rows.append({name: float(value) for name, value in logs.items()})

    def __len__(self):
        return len(self._rows)

    def columns(self):
        """The whole history as a dictionary of float64 arrays."""
        names = self._rows[0] if self._rows else self._names
        return {name: np.array([row[name] for row in self._rows]) for name in names}
