"""From a code to integers and back, and how probable each integer is.

A code has units of its own, in which rounding says nothing about the rows. So it is first turned
into coordinates along which a small change moves the decoded row equally far, and which do not
depend on each other linearly: one step for all of them is then nearly the best there is.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.signal import fftconvolve
from scipy.special import ndtr

from skae.numerics import Array, Integers
from skae.states import demand, demand_integer, demand_number, demand_numbers

# How many codes are moved to measure the decoder, how far (in deviations of each component), and
# how many decoded values are held at once.
_N_MOVED, _MOVE, _N_VALUES = 64, 0.5, 2**22
# Directions of the code that move the rows less than this share of the first are not kept.
_NEGLIGIBLE = 1e-9
# Rows that the normal distribution counts for beside the smoothed histogram.
_PRIOR_ROWS = 8.0
_MAX_LEVELS, _TOTAL_WEIGHT = 2**16, 2**22
_LARGEST_SYMBOL = 2**31 - 1
# Of frequencies; a level of its own adds at most one to what the rows share.
_LARGEST_TOTAL = 2 * _TOTAL_WEIGHT

# Returns the rows of a code.
Decoder = Callable[[Array], Array]


@dataclass(frozen=True, eq=False)
class SymbolTable:
    """Probabilities of the integers along one axis, and the values that they stand for.

    Parameters
    ----------
    lowest : int
        The integer that the first entry is about.
    weights : ndarray of int32 of shape (n_levels + 1,)
        Probabilities times a common factor; the last is that of all other integers.
    levels : ndarray of shape (n_levels,)
        The value of each integer, in steps.
    """

    lowest: int
    weights: Integers
    levels: Array

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        for name in ("lowest", "weights", "levels"):
            demand(name in state, f"frequencies without {name}")
        demand_integer("the lowest integer", state["lowest"], -_LARGEST_SYMBOL, _LARGEST_SYMBOL)
        demand_numbers("levels", state["levels"], (None,))
        n_weights = len(state["levels"]) + 1
        weights = state["weights"]
        demand_numbers("frequencies", weights, (n_weights,), positive=True, dtype=np.int32)
        # Beyond, they are no longer exact in single precision.
        demand(weights.sum(dtype=np.int64) <= _LARGEST_TOTAL, "frequencies that are too large")
        vars(self).update(state)

    @property
    def least_bits(self) -> float:
        """Bits of the most frequent integer."""
        return float(np.log2(self.weights.sum(dtype=np.float64) / self.weights.max()))

    def places(self, symbols: Integers) -> Integers:
        """Return the place of each integer in ``weights``."""
        n_levels = len(self.levels)
        places = symbols.astype(np.int64) - self.lowest
        return np.where((places >= 0) & (places < n_levels), places, n_levels)

    def values(self, symbols: Integers) -> Array:
        """Return the value of each integer, in steps: itself where the table does not hold it."""
        places = self.places(symbols)
        return np.where(places < len(self.levels), np.append(self.levels, 0)[places], symbols)


@dataclass(frozen=True, eq=False)
class Quantiser:
    """A map from codes to integers and back; :func:`fit_quantiser` makes it."""

    centre: Array
    to_axes: Array
    from_axes: Array
    step: float
    bits_per_row: float
    tables: list[SymbolTable]

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        for name in ("centre", "to_axes", "from_axes", "step", "bits_per_row", "tables"):
            demand(name in state, f"a quantiser without {name}")
        demand_tables(state["tables"])
        n_axes = len(state["tables"])
        demand_numbers("a centre", state["centre"], (None,))
        n_components = len(state["centre"])
        demand_numbers("axes", state["to_axes"], (n_components, n_axes))
        demand_numbers("axes", state["from_axes"], (n_axes, n_components))
        demand_number("a step", state["step"], positive=True)
        demand_number("bits of a row", state["bits_per_row"])
        vars(self).update(state)

    def symbols(self, code: Array) -> Integers:
        """Return the integers, as int32 of shape (n_rows, n_axes).

        Raises
        ------
        ValueError
            If one has more than 32 bits.
        """
        steps = np.rint((code - self.centre) @ self.to_axes / self.step)
        too_far = np.flatnonzero(~(np.abs(steps) <= _LARGEST_SYMBOL).all(axis=1))
        if too_far.size:
            raise ValueError(
                f"Row {too_far[0]} of X lies {np.abs(steps[too_far[0]]).max():.3g} steps from the "
                f"mean of the training rows, but at most {_LARGEST_SYMBOL:.3g} can be written. "
                "Store such rows apart, or fit the codec to rows like them."
            )
        return steps.astype(np.int32)

    def code(self, symbols: Integers) -> Array:
        """Return the code that integers stand for."""
        steps = np.empty(symbols.shape)
        for column, table in enumerate(self.tables):
            steps[:, column] = table.values(symbols[:, column])
        return self.centre + (self.step * steps) @ self.from_axes


def demand_tables(tables: Any) -> None:
    """Refuse what is no list of `SymbolTable`."""
    is_list = isinstance(tables, list) and all(isinstance(each, SymbolTable) for each in tables)
    demand(is_list, "what should be frequencies is none")


def fit_quantiser(decode: Decoder, code: Array, n_bits: float) -> Quantiser:
    """Fit a quantiser to codes.

    Parameters
    ----------
    decode : callable
        Returns the rows of a code.
    code : ndarray of shape (n_rows, n_components), float64
    n_bits : float
        Bits of a row; as many as that many components need at most.
    """
    centre = code.mean(axis=0)
    to_axes, from_axes = metric_axes(decode, code)
    coordinates = (code - centre) @ to_axes
    step = _step_for_rate(coordinates, n_bits)
    steps = coordinates / step
    tables = [_symbol_table(column) for column in steps.T]
    return Quantiser(centre, to_axes, from_axes, step, _bits_per_row(steps), tables)


# Axes


def metric_axes(decode: Decoder, code: Array) -> tuple[Array, Array]:
    """Return matrices from a centred code to uncorrelated coordinates of unit metric, and back.

    For PCA, whitened or not, the coordinates are its scores in the units of the rows.
    """
    # In units of deviations no component is lost because its numbers are small.
    spread = code.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    lengths, directions = np.linalg.eigh(_decoder_metric(decode, code, spread))
    kept = lengths > _NEGLIGIBLE * max(lengths[-1], np.finfo(float).tiny)
    roots, directions = np.sqrt(lengths[kept]), directions[:, kept]
    to_axes = (directions * roots) / spread[:, np.newaxis]
    coordinates = (code - code.mean(axis=0)) @ to_axes
    _, rotation = np.linalg.eigh(coordinates.T @ coordinates)
    rotation = rotation[:, ::-1]
    # Eigenvectors have no sign. One is given to them that rounding does not change, as the sign of
    # the largest entry may where two are as large.
    given = np.random.default_rng(0).standard_normal(len(spread)) @ (to_axes @ rotation)
    rotation = rotation * np.where(given < 0, -1.0, 1.0)
    return to_axes @ rotation, rotation.T @ ((directions / roots).T * spread)


def _decoder_metric(decode: Decoder, code: Array, spread: Array) -> Array:
    """Measure how far the decoder moves a row when the code moves, as squared lengths.

    This is the mean of the decoder's transposed Jacobian times its Jacobian, by central
    differences.
    """
    n_components = code.shape[1]
    rows = code[np.linspace(0, len(code) - 1, min(len(code), _N_MOVED)).astype(int)]
    moves = _MOVE * np.diag(spread)
    n_features = decode(rows[:1]).shape[1]
    n_at_once = max(1, _N_VALUES // (n_components * n_features))
    metric = np.zeros((n_components, n_components))
    for start in range(0, len(rows), n_at_once):
        some = rows[start : start + n_at_once]
        ahead, behind = (
            decode((some + sign * moves[:, np.newaxis]).reshape(-1, n_components))
            for sign in (1, -1)
        )
        slopes = (ahead - behind).reshape(n_components, -1) / (2 * _MOVE)
        metric += slopes @ slopes.T
    return metric / len(rows)


# Step and probabilities


def _step_for_rate(coordinates: Array, n_bits: float) -> float:
    """Find the step with which rows take that many bits."""
    widest = float(np.ptp(coordinates, axis=0).max(initial=0.0))
    if widest == 0:
        return 1.0

    def excess(log_step: float) -> float:
        return _bits_per_row(coordinates / np.exp(log_step)) - n_bits

    finest, coarsest = np.log(widest / _MAX_LEVELS), np.log(2 * widest)
    if excess(finest) <= 0:
        return float(np.exp(finest))
    if excess(coarsest) >= 0:
        return float(np.exp(coarsest))
    return float(np.exp(brentq(excess, finest, coarsest, xtol=1e-4)))


def _bits_per_row(steps: Array) -> float:
    """Return the mean length of a row's bits, by probabilities estimated without that row."""
    return float(sum(_left_out_bits(np.rint(column).astype(np.int64)) for column in steps.T))


def _left_out_bits(symbols: Integers) -> float:
    _, counts, smooth, own, prior = _estimate(symbols)
    is_seen = counts > 0
    others = np.maximum(smooth - own, 0) + _PRIOR_ROWS * prior
    lengths = np.log2(len(symbols) + _PRIOR_ROWS) - np.log2(others[is_seen])
    return float(np.average(lengths, weights=counts[is_seen]))


def _symbol_table(steps: Array) -> SymbolTable:
    symbols = np.rint(steps).astype(np.int64)
    lowest, counts, smooth, _, prior = _estimate(symbols)
    # One more row than seen is one that was never seen.
    masses = np.append(np.maximum(smooth, 0) + _PRIOR_ROWS * prior, 1.0)
    weights = 1 + np.floor(masses * (_TOTAL_WEIGHT / masses.sum())).astype(np.int32)
    middles = lowest + np.arange(len(counts))
    sums = np.bincount(symbols - lowest, weights=steps, minlength=len(counts))
    # The mean of an interval's rows is nearer to them than its middle.
    return SymbolTable(int(lowest), weights, (sums + middles) / (counts + 1))


def _estimate(symbols: Integers) -> tuple[int, Integers, Array, float, Array]:
    """Estimate how many rows have each integer, from the smallest integer on.

    Returns that integer, counts, smoothed counts, what a row adds to the smoothed count of its own
    integer, and the shares by a normal distribution.
    """
    mean, deviation = symbols.mean(), max(symbols.std(), 0.3)
    lowest = min(symbols.min(), int(np.floor(mean - 5 * deviation))) - 2
    highest = max(symbols.max(), int(np.ceil(mean + 5 * deviation))) + 2
    counts = np.bincount(symbols - lowest, minlength=highest - lowest + 1)
    prior = np.diff(ndtr((np.arange(lowest, highest + 2) - 0.5 - mean) / deviation))
    prior = (prior + 1e-4 / len(prior)) / (1 + 1e-4)
    kernel = _kernel(symbols)
    smooth = fftconvolve(counts, kernel, mode="same")
    return lowest, counts, smooth, kernel[len(kernel) // 2], prior


def _kernel(symbols: Integers) -> Array:
    """Return a normal kernel of the width that Silverman's rule gives."""
    quartiles = np.subtract(*np.percentile(symbols, [75, 25])) / 1.34
    width = 0.9 * min(symbols.std(), quartiles) * len(symbols) ** -0.2
    radius = int(np.ceil(4 * width)) + 1
    kernel = np.exp(-0.5 * (np.arange(-radius, radius + 1) / max(width, 0.05)) ** 2)
    normalised: Array = kernel / kernel.sum()
    return normalised
