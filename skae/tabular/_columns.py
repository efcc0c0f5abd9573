"""How the cells of a column become features, and features cells again."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from skae.numerics import Array
from skae.tabular._cells import Cells, Kind, as_objects
from skae.tabular._normal_scores import NormalScores

_DAY = 86_400_000_000.0
# Days, hours, minutes, seconds and thousandths of these, in microseconds.
_UNITS_OF_TIME = (_DAY, 3_600_000_000.0, 60_000_000.0, 1_000_000.0, 1000.0)
# Decimal places that are looked for in numbers.
_MOST_DECIMALS = 6
# Of the quadrature of means.
_N_NODES = 9
# Spacings of floats that such numbers are off a multiple, at most.
_MOST_ROUNDING = 4


@dataclass(frozen=True)
class NumberColumn:
    """A column of numbers, dates or spans of time: one feature.

    Features are centred and of unit variance before single precision makes them round.

    Attributes
    ----------
    kind : {"number", "date", "span"}
    lowest, highest : float
        Of the rows of the fit.
    step : float
        What all values are multiples of; 0 for none.
    is_whole : bool
        Whether the type of the column holds nothing between the steps.
    centre, unit : float
        Mean and deviation of the rows of the fit; 0 and 1 with scores.
    scores : NormalScores or None
        What the feature is, where it is not the value in these units.
    has_zone : bool or None
        Whether dates have a time zone; None where that was not noted.
    """

    kind: Kind
    lowest: float
    highest: float
    step: float
    is_whole: bool
    centre: float
    unit: float
    scores: NormalScores | None
    has_zone: bool | None = None

    @classmethod
    def of(cls, cells: Cells) -> "NumberColumn":
        """That of the cells of a fit, of which some are there."""
        known = cells.values[~cells.is_missing]
        step = _DAY if cells.is_whole and cells.kind == "date" else _step(known, cells.kind)
        lowest, highest = float(known.min()), float(known.max())
        scores = NormalScores.of(known)
        centre, unit = (0.0, 1.0) if scores is not None else moments(known)
        kind, zone = cells.kind, cells.has_zone
        return cls(kind, lowest, highest, step, cells.is_whole, centre, unit, scores, zone)

    def features(self, cells: Cells) -> Array:
        """The values in this unit, or their normal scores, NaN where missing; shape (n,)."""
        if self.scores is not None:
            return self.scores.apply(cells.values)
        return (cells.values - self.centre) / self.unit

    def undone(self, features: Array) -> Array:
        """The values of features, float64."""
        features = features.astype(np.float64, copy=False)
        if self.scores is None:
            return features * self.unit + self.centre
        return self.scores.undo(features)

    def expected(self, features: Array, deviation: float) -> Array:
        """Values in the mean over normal features around those given."""
        if self.scores is None:
            return self.undone(features)
        nodes, weights = np.polynomial.hermite_e.hermegauss(_N_NODES)
        values = [self.undone(features + deviation * node) for node in nodes]
        expected: Array = np.average(values, axis=0, weights=weights)
        return expected

    def rounded(self, values: Array, *, as_seen: bool) -> Array:
        """Values that the type of the column can hold; ``as_seen``, such as those of the fit."""
        if as_seen:
            values = np.clip(values, self.lowest, self.highest)
        if self.step and (as_seen or self.is_whole or self.kind != "number"):
            decimals = round(-np.log10(self.step)) if self.step < 1 else 0
            values = np.round(np.round(values / self.step) * self.step, max(decimals, 0))
        return values


def moments(known: Array) -> tuple[float, float]:
    """Mean and deviation, also where squares are beyond what floats hold."""
    centre, span = float(known.mean()), float(np.ptp(known))
    return centre, span * float(np.std((known - centre) / span)) or span


def _step(known: Array, kind: Kind) -> float:
    """The largest unit of time or power of ten to 1 that all are multiples of; 0 for none."""
    if kind != "number":
        return next((unit for unit in _UNITS_OF_TIME if not np.any(known % unit)), 1.0)
    for decimals in range(_MOST_DECIMALS + 1):
        scaled = known * 10.0**decimals
        if np.all(np.abs(scaled - np.round(scaled)) <= _MOST_ROUNDING * np.spacing(np.abs(scaled))):
            return float(10.0**-decimals)
    return 0.0


@dataclass(frozen=True)
class CategoryColumn:
    """A column of categories: a feature for each level, or one for the second of two.

    Attributes
    ----------
    levels : tuple
        The most frequent first.
    pooled : tuple
        Levels that are too rare for a feature of their own; together they are one.
    shares : ndarray of shape (n_pooled,)
        How frequent each of these is among them.
    """

    levels: tuple[Any, ...]
    pooled: tuple[Any, ...]
    shares: Array

    @classmethod
    def of(cls, cells: Cells, n_least: int, max_categories: int) -> "CategoryColumn":
        """That of the cells of a fit, of which some are there.

        Parameters
        ----------
        cells : Cells
        n_least : int
            Levels of fewer rows are pooled.
        max_categories : int
            Of features.
        """
        totals = np.bincount(cells.values[~cells.is_missing], minlength=len(cells.levels))
        found = zip(cells.levels, totals.tolist(), strict=True)
        # Equal counts in an order that rows do not decide.
        counts = sorted(found, key=lambda item: (-item[1], str(item[0])))
        counts = [item for item in counts if item[1]]
        n_kept = sum(count >= n_least for _, count in counts)
        n_kept = len(counts) if len(counts) <= 2 else min(max(n_kept, 1), max_categories - 1)
        if n_kept == len(counts) - 1:
            n_kept = len(counts)  # alone in a pool it is itself
        kept, pooled = counts[:n_kept], counts[n_kept:]
        of_pooled = np.array([count for _, count in pooled], np.float64)
        return cls(
            tuple(level for level, _ in kept),
            tuple(level for level, _ in pooled),
            of_pooled / max(of_pooled.sum(), 1.0),
        )

    @property
    def is_flag(self) -> bool:
        """Whether one feature says it all."""
        return len(self.levels) == 2 and not self.pooled

    @property
    def width(self) -> int:
        """Number of features."""
        return 1 if self.is_flag else len(self.levels) + bool(self.pooled)

    def is_alien(self, cells: Cells) -> bool:
        """Whether cells are of another type than the levels, as numbers are to text."""
        if cells.is_missing.all():
            return False
        if cells.kind == "unknown":
            return True
        ours, theirs = (_are_text(levels) for levels in (self.levels, cells.levels))
        return ours != theirs and (ours or not any(isinstance(v, str) for v in self.levels))

    def codes(self, cells: Cells) -> Array:
        """Place of each level; that of the pool for levels not known, -1 where missing."""
        places = {level: place for place, level in enumerate(self.levels)}
        elsewhere = len(self.levels) if self.pooled else -1
        codes: Array = np.array([*(places.get(v, elsewhere) for v in cells.levels), -1], np.int64)
        return codes[cells.values]

    def fill(self, features: Array, cells: Cells) -> None:
        """Write ones and zeros, NaN where missing, into an array of shape (n, width)."""
        codes = self.codes(cells)
        if self.is_flag:
            features[:, 0] = codes
        else:
            features[:] = 0.0
            features[np.arange(len(codes)), np.maximum(codes, 0)] = 1.0
        features[codes < 0] = np.nan

    def probabilities(self, features: Array) -> Array:
        """Of all levels, from features that are shares; shape (n, n_levels)."""
        return np.hstack([1 - features, features]) if self.is_flag else features

    def cells(self, codes: Array, rng: np.random.RandomState | None) -> Array:
        """Levels at these places; of the pool the most frequent, or one drawn."""
        cells: Array = as_objects([*self.levels, None])[codes]
        if self.pooled:
            in_pool = np.flatnonzero(codes == len(self.levels))
            chosen = np.zeros(len(in_pool), int)
            if rng is not None:
                chosen = rng.choice(len(self.pooled), size=len(in_pool), p=self.shares)
            cells[in_pool] = as_objects(self.pooled)[chosen]
        return cells


def _are_text(levels: Sequence[Any]) -> bool:
    return bool(levels) and all(isinstance(level, str) for level in levels)
