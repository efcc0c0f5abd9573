"""What the columns of a table are, as a network sees them: numbers, yes or no, one of several."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from skae.numerics import Array, Integers


@dataclass(frozen=True)
class Columns:
    """Columns of a table and the features that stand for each, in this order.

    Attributes
    ----------
    n_numbers : int
        Columns of numbers, a feature each.
    n_flags : int
        Columns of zeros and ones, a feature each.
    widths : tuple of int
        Levels of each column of categories, a feature each: 1 for the level that a row has.
    """

    n_numbers: int
    n_flags: int = 0
    widths: tuple[int, ...] = ()

    def __getstate__(self) -> dict[str, Any]:
        # What was computed of these is not stored, so that nobody can store something else.
        return {"n_numbers": self.n_numbers, "n_flags": self.n_flags, "widths": self.widths}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        vars(self).update({name: state[name] for name in ("n_numbers", "n_flags", "widths")})

    @property
    def n_columns(self) -> int:
        """Columns of all kinds."""
        return self.n_numbers + self.n_flags + len(self.widths)

    @property
    def n_features(self) -> int:
        """Features of all columns."""
        return self.n_numbers + self.n_flags + sum(self.widths)

    @property
    def first_level(self) -> int:
        """Place of the first feature that is a level."""
        return self.n_numbers + self.n_flags

    @cached_property
    def starts(self) -> Integers:
        """Place of the first feature of each column."""
        levels = self.first_level + np.cumsum([0, *self.widths])[:-1]
        starts: Integers = np.concatenate([np.arange(self.first_level), levels]).astype(np.int64)
        return starts

    @cached_property
    def sizes(self) -> Integers:
        """Number of features of each column."""
        sizes: Integers = np.diff([*self.starts, self.n_features])
        return sizes

    @cached_property
    def membership(self) -> Array:
        """Ones where a level is one of a column; shape (n_levels, n_categorical_columns)."""
        return np.repeat(np.eye(len(self.widths), dtype=np.float32), self.widths, axis=0)

    @property
    def level_slices(self) -> list[slice]:
        """Places of the levels of each column of categories."""
        ends = self.first_level + np.cumsum(self.widths)
        return [slice(e - w, e) for e, w in zip(ends.tolist(), self.widths, strict=True)]
