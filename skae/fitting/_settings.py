"""The course of training, as the parameters set it."""

import os
from dataclasses import dataclass, fields
from typing import Any, Literal, Self

import numpy as np

# A batch of so many rows is as good as one that is cut to the rows there are.
_LEAST_BATCH = 256
_PATIENT_STEPS, _LEAST_PATIENCE, _MOST_PATIENCE = 1000, 10, 50


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The parameters of an estimator that say how training goes, not what is trained.

    Attributes
    ----------
    optimizer, learning_rate, batch_size, max_iter, tol, early_stopping, validation_fraction, \
n_iter_no_change, jit_compile
        See the parameters of these names.
    keeps_interrupted : bool
        Whether an interruption ends training with the best weights so far, rather than all that
        training is a part of.
    checkpoint : str, path-like or None
        File in which training keeps what it needs to go on.
    """

    optimizer: Any
    learning_rate: Any
    batch_size: int
    max_iter: int
    tol: float
    early_stopping: bool | Literal["auto"]
    validation_fraction: float
    n_iter_no_change: int | str
    jit_compile: bool | Literal["auto"]
    keeps_interrupted: bool = False
    checkpoint: str | os.PathLike[str] | None = None

    @classmethod
    def of(cls, estimator: Any) -> Self:
        """Those of an estimator's parameters, as plain numbers: True is an integer to Python."""
        given = {each.name: getattr(estimator, each.name) for each in fields(cls)[:-2]}
        whole = {name: int(given[name]) for name in ("batch_size", "max_iter")}
        switches = {
            name: given[name] if isinstance(given[name], str) else bool(given[name])
            for name in ("early_stopping", "jit_compile")
        }
        return cls(**{**given, **whole, **switches})

    @property
    def given_rate(self) -> Any:
        """The learning rate, if it is a number or a schedule of Keras; else None."""
        return None if isinstance(self.learning_rate, str) else self.learning_rate

    @property
    def held_out_fraction(self) -> float:
        """Share of the rows that training does not see."""
        return self.validation_fraction if self.early_stopping else 0.0

    def steps_per_epoch(self, n_rows: int) -> int:
        """Batches in one pass over so many rows."""
        return -(-n_rows // self.batch_size)

    def batch_size_for(self, n_rows: int) -> int:
        """Rows in a batch of a table that has so many, padding included.

        Batches that are much larger than the table would be padding. Tables of nearly one size
        share their programs.
        """
        most = max(_LEAST_BATCH, 1 << (n_rows - 1).bit_length())
        return min(self.batch_size, most)

    def patience(self, n_rows: int) -> int:
        """Epochs without improvement: an epoch of a small table is too little to judge by."""
        if not isinstance(self.n_iter_no_change, str):
            return self.n_iter_no_change
        n_epochs = _PATIENT_STEPS // self.steps_per_epoch(n_rows)
        return int(np.clip(n_epochs, _LEAST_PATIENCE, _MOST_PATIENCE))
