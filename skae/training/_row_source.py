"""The rows that are handed to the engine."""

from typing import Protocol

from skae.numerics import Array, Integers


class RowSource(Protocol):
    """Rows that are read by their places, in scaled units."""

    @property
    def resident(self) -> bool:
        """Whether all rows lie in memory, so that reading them one by one costs little."""

    def __len__(self) -> int:
        """Number of rows."""

    def read(self, indices: Integers, out: Array, /) -> None:
        """Write the rows of these places into ``out``, float32, in their order."""
