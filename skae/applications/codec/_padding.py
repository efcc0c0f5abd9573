"""Which timesteps of a sequence only fill it up, as a few integers beside its code.

The first two are how many timesteps are padding at the beginning and at the end; further ones have
a bit for every timestep between that is. Where sequences are padded at one end, the length is all
that takes bits.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np

from skae.applications.codec._quantiser import SymbolTable, demand_tables
from skae.numerics import Array, Bools, Integers
from skae.states import demand, demand_integer, demand_number, shortened

_STEPS_A_SYMBOL = 8
_TOTAL_WEIGHT = 2**22


@dataclass(frozen=True, eq=False)
class PaddingCoder:
    """A map from padding to integers and back; :func:`fit_padding_coder` makes it.

    Attributes
    ----------
    value : float
        The value that padding is filled up with.
    n_features : int
        Of a timestep.
    tables : list of SymbolTable, one an axis
    bits_per_row : float
        Mean of the bits that the rows of the fit take.
    """

    value: float
    n_features: int
    tables: list[SymbolTable]
    bits_per_row: float

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        for name in ("value", "n_features", "tables", "bits_per_row"):
            demand(name in state, f"a coder of padding without {name}")
        demand(isinstance(state["value"], Real), f"padding is {shortened(state['value'])}")
        demand_integer("features of a timestep", state["n_features"])
        demand_tables(state["tables"])
        demand_number("bits of a row", state["bits_per_row"])
        vars(self).update(state)

    def symbols(self, is_padding: Bools) -> Integers:
        """Return the integers, as int32 of shape (n_rows, n_axes)."""
        return _symbols(is_padding[:, :: self.n_features])

    def filled_up(self, rows: Array, symbols: Integers) -> Array:
        """Fill rows up with padding where the integers say so."""
        n_steps = rows.shape[1] // self.n_features
        place = np.arange(n_steps)
        is_padding = place < symbols[:, :1]
        is_padding |= place >= n_steps - symbols[:, 1:2]
        bits = (symbols[:, 2:, np.newaxis] >> np.arange(_STEPS_A_SYMBOL)) & 1
        is_padding |= bits.reshape(len(rows), -1)[:, :n_steps].astype(bool)
        return np.where(np.repeat(is_padding, self.n_features, axis=1), self.value, rows)


def fit_padding_coder(is_padding: Bools, n_features: int, value: float) -> PaddingCoder:
    """Fit a coder to the padding of rows with ``n_features`` features at each timestep."""
    symbols = _symbols(is_padding[:, ::n_features])
    n_steps = is_padding.shape[1] // n_features
    sizes = [n_steps + 1, n_steps + 1, *[2**_STEPS_A_SYMBOL] * (symbols.shape[1] - 2)]
    tables = [_table(column, size) for column, size in zip(symbols.T, sizes, strict=True)]
    bits = sum(_mean_bits(*pair) for pair in zip(symbols.T, tables, strict=True))
    return PaddingCoder(value, n_features, tables, float(bits))


def _symbols(is_padding: Bools) -> Integers:
    n_rows, n_steps = is_padding.shape
    ahead = np.cumprod(is_padding, axis=1).sum(axis=1)
    behind = np.where(ahead < n_steps, np.cumprod(is_padding[:, ::-1], axis=1).sum(axis=1), 0)
    place = np.arange(n_steps)
    inside = (place >= ahead[:, np.newaxis]) & (place < n_steps - behind[:, np.newaxis])
    n_packed = -(-n_steps // _STEPS_A_SYMBOL)
    n_more = n_packed * _STEPS_A_SYMBOL - n_steps
    holes = np.pad(is_padding & inside, ((0, 0), (0, n_more)))
    packed = holes.reshape(n_rows, n_packed, _STEPS_A_SYMBOL) @ (1 << np.arange(_STEPS_A_SYMBOL))
    return np.column_stack([ahead, behind, packed]).astype(np.int32)


def _table(symbols: Integers, n_levels: int) -> SymbolTable:
    """Return the probabilities of integers from 0: one more row than seen is spread over all."""
    masses = np.bincount(symbols, minlength=n_levels) + 1 / n_levels
    weights = 1 + np.floor(masses * (_TOTAL_WEIGHT / masses.sum())).astype(np.int32)
    return SymbolTable(0, np.append(weights, np.int32(1)), np.arange(float(n_levels)))


def _mean_bits(symbols: Integers, table: SymbolTable) -> float:
    shares = table.weights / table.weights.sum()
    return float(-np.log2(shares[symbols]).mean())
