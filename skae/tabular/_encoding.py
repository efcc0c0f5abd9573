"""A table as rows of features, and such rows as a table again."""

import math
from collections.abc import Collection, Hashable, Iterator, Mapping
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np

from skae.model import Model
from skae.networks import Columns
from skae.numerics import Array, Bools
from skae.tabular._cells import NUMERIC, Cells, Kind, as_objects
from skae.tabular._columns import CategoryColumn, NumberColumn
from skae.tabular._frames import Container
from skae.tabular._left_out import is_constant, only_value, why_left_out
from skae.tabular._scores import BLOCK, losses_given_codes

_LARGEST = float(np.finfo(np.float32).max)
# Rows of a level that has a feature, at least, where a share of the rows is asked for.
_FEW = 5
# A column that lacks a value in this share of the rows has a flag for it.
_OFTEN = 0.005


@dataclass(frozen=True)
class Encoding:
    """How the columns of a table become features.

    Numbers come first, then flags (columns of two levels, then whether a column is missing), then
    the levels of categories: the order of ``Columns``.

    Attributes
    ----------
    container : Container
        Of the table of the fit.
    numbers, flags, categories : dict
        Columns by label, in the order of their features.
    missing : list
        Labels of the columns that lacked values, in the order of their flags.
    left_out : dict
        Labels of the columns that are not used, and why.
    constants : dict
        The only value of those of them that have one.
    """

    container: Container
    numbers: dict[Hashable, NumberColumn]
    flags: dict[Hashable, CategoryColumn]
    categories: dict[Hashable, CategoryColumn]
    missing: list[Hashable]
    left_out: dict[Hashable, str]
    constants: dict[Hashable, Any]

    @classmethod
    def of(
        cls,
        container: Container,
        cells: Mapping[Hashable, Cells],
        *,
        categorical: Collection[Hashable] | None,
        left_out: Collection[Hashable] | None,
        min_frequency: float,
        max_categories: int,
    ) -> "Encoding":
        """That of the table of a fit.

        Parameters
        ----------
        container : Container
        cells : dict of Cells
        categorical : labels or None
            Columns of categories; None for those whose cells are no numbers, dates or spans.
        left_out : labels or None
            Columns to leave out; None for those that cannot help.
        min_frequency : int or float
            Rows, or share of them, of a level that has a feature of its own.
        max_categories : int
            Features that a category has at most.
        """
        n_least = _least_rows(min_frequency, len(next(iter(cells.values())).values))
        reasons: dict[Hashable, str] = {}
        numbers: dict[Hashable, NumberColumn] = {}
        flags: dict[Hashable, CategoryColumn] = {}
        categories: dict[Hashable, CategoryColumn] = {}
        for name, column in cells.items():
            is_category = column.kind not in NUMERIC
            if categorical is not None:
                is_category = column.kind == "boolean" or name in categorical
                _check_numbers(name, column, is_category, left_out)
            reason = why_left_out(column, is_category=is_category, n_least=n_least)
            if left_out is not None:
                # Without values, or with one, there is nothing to learn whatever anybody wants.
                is_empty = reason is not None and reason.is_hopeless
                reason_given = "as asked" if name in left_out else None
                text = reason.text if reason is not None and is_empty else reason_given
            else:
                text = None if reason is None else reason.text
            if text is not None:
                reasons[name] = text
            elif is_category:
                made = CategoryColumn.of(column.as_levels(), n_least, max_categories)
                (flags if made.is_flag else categories)[name] = made
            else:
                check_magnitudes(name, column)
                numbers[name] = NumberColumn.of(column)
        used = [*numbers, *flags, *categories]
        return cls(
            container,
            numbers,
            flags,
            categories,
            [name for name in used if _is_often_missing(cells[name], n_least)],
            reasons,
            {name: only_value(cells[name]) for name in reasons if is_constant(cells[name])},
        )

    @property
    def used(self) -> dict[Hashable, NumberColumn | CategoryColumn]:
        """All columns that have features, in their order."""
        return {**self.numbers, **self.flags, **self.categories}

    @property
    def columns(self) -> Columns:
        """What the features stand for."""
        widths = tuple(column.width for column in self.categories.values())
        return Columns(len(self.numbers), len(self.flags) + len(self.missing), widths)

    @property
    def flags_of_missing(self) -> slice:
        """The features that say whether a value is missing."""
        first_level = self.columns.first_level
        return slice(first_level - len(self.missing), first_level)

    def features(self, cells: Mapping[Hashable, Cells]) -> Array:
        """Rows of features, NaN where a value is missing; shape (n, n_features), float32.

        Raises
        ------
        ValueError
            If a column is of another type than in the fit, or holds infinite values.
        """
        return self._filled(self._checked(cells))

    def blocks(self, cells: Mapping[Hashable, Cells]) -> Iterator[Array]:
        """The same, a few thousand rows at a time."""
        checked = self._checked(cells)
        n_rows = len(next(iter(checked.values())).values)
        for start in range(0, n_rows, BLOCK):
            block = slice(start, start + BLOCK)
            yield self._filled({name: column.at(block) for name, column in checked.items()})

    def _checked(self, cells: Mapping[Hashable, Cells]) -> dict[Hashable, Cells]:
        """Cells of the columns that are used, of the types that these have."""
        checked = {}
        for name, number in self.numbers.items():
            column = cells[name]
            if column.is_missing.all():
                unknown, had_zone = np.full(len(column.values), np.nan), bool(number.has_zone)
                column = Cells(number.kind, unknown, column.is_missing, has_zone=had_zone)
            if column.kind != number.kind:
                raise _other_type(name, column.kind, f"{number.kind} values", number.kind)
            if number.has_zone not in (None, column.has_zone):
                raise _other_zone(name, number.has_zone)
            check_magnitudes(name, column)
            checked[name] = column
        for name, category in [*self.flags.items(), *self.categories.items()]:
            column = cells[name] if cells[name].kind == "unknown" else cells[name].as_levels()
            if category.is_alien(column):
                raise _other_type(name, column.kind, f"others, such as {category.levels[0]!r},")
            checked[name] = column
        return checked

    def _filled(self, cells: Mapping[Hashable, Cells]) -> Array:
        """Features of checked cells."""
        columns = self.columns
        n_rows = len(next(iter(cells.values())).values)
        features = np.empty((n_rows, columns.n_features), np.float32)
        for place, (name, number) in enumerate(self.numbers.items()):
            features[:, place] = number.features(cells[name])
        first = len(self.numbers)
        places = [slice(place, place + 1) for place in range(first, first + len(self.flags))]
        places += columns.level_slices
        categories = [*self.flags.items(), *self.categories.items()]
        for (name, category), levels in zip(categories, places, strict=True):
            category.fill(features[:, levels], cells[name])
        for place, name in enumerate(self.missing, first + len(self.flags)):
            features[:, place] = cells[name].is_missing
        return features

    def table(
        self,
        rows: Array,
        rng: np.random.RandomState | None = None,
        deviations: Array | None = None,
        *,
        numbers: Array | None = None,
        with_missing: bool = False,
        as_seen: bool = False,
    ) -> dict[Hashable, Array]:
        """Values of the columns with features, and of constants, by label.

        Numbers are floats, NaN where missing; the others objects, None where missing.

        Parameters
        ----------
        rows : ndarray of shape (n, n_features)
            Numbers, and shares of flags and levels.
        rng : RandomState or None
            Draws levels and numbers; without one, levels are the most likely ones.
        deviations : ndarray of shape (n_numbers,) or None
            Of numbers around ``rows``, where they are drawn.
        numbers : ndarray of shape (n, n_numbers) or None
            Values of numbers, where more is known of them than ``rows``; they become as whole as in
            the fit.
        with_missing : bool
            Whether values are missing as often as the flags say.
        as_seen : bool
            Whether numbers keep to the range and the steps of the fit, as those that are drawn do.
        """
        n_rows = len(rows)
        made: dict[Hashable, Array] = {}
        for place, (name, number) in enumerate(self.numbers.items()):
            if numbers is not None:
                made[name] = number.rounded(numbers[:, place], as_seen=True)
                continue
            values = rows[:, place]
            if rng is not None and deviations is not None:
                values = values + deviations[place] * rng.standard_normal(n_rows)
            made[name] = number.rounded(number.undone(values), as_seen=as_seen or rng is not None)
        for name, category, shares in self._shares(rows):
            made[name] = category.cells(_chosen(shares, rng), rng)
        for name, is_missing in self._missing(rows, rng if with_missing else None):
            made[name][is_missing] = np.nan if name in self.numbers else None
        made |= {name: as_objects([value] * n_rows) for name, value in self.constants.items()}
        return {name: made[name] for name in self.container.names if name in made}

    def within_range(self, rows: Array) -> Array:
        """Rows whose numbers are at most as far out as those of the fit."""
        rows = rows.copy()
        for place, number in enumerate(self.numbers.values()):
            ends = number.features(_numbers([number.lowest, number.highest], number.kind))
            rows[:, place] = np.clip(rows[:, place], *ends)
        return rows

    def in_units(self, features: Array) -> Array:
        """Rows with the values of numbers in place of their features, flags and levels; float64."""
        rows = features.astype(np.float64)
        for place, number in enumerate(self.numbers.values()):
            rows[:, place] = number.undone(rows[:, place])
        return rows

    def expected(self, rows: Array, deviations: Array) -> Array:
        """Values of numbers in the mean over normal features around rows; (n, n_numbers)."""
        values = np.empty((len(rows), len(self.numbers)))
        for place, number in enumerate(self.numbers.values()):
            values[:, place] = number.expected(rows[:, place], deviations[place])
        return values

    @property
    def log_units(self) -> Array:
        """Log of the units of numbers, 0 for normal scores; shape (n_numbers,)."""
        return np.log([number.unit for number in self.numbers.values()])

    def _shares(self, rows: Array) -> list[tuple[Hashable, CategoryColumn, Array]]:
        first = len(self.numbers)
        found = [
            (name, column, column.probabilities(rows[:, place : place + 1]))
            for place, (name, column) in enumerate(self.flags.items(), first)
        ]
        places = self.columns.level_slices
        found += [
            (name, column, rows[:, levels])
            for (name, column), levels in zip(self.categories.items(), places, strict=True)
        ]
        return found

    def _missing(
        self, rows: Array, rng: np.random.RandomState | None
    ) -> list[tuple[Hashable, Bools]]:
        if rng is None:
            return []
        first = len(self.numbers) + len(self.flags)
        return [
            (name, rng.uniform(size=len(rows)) < rows[:, place])
            for place, name in enumerate(self.missing, first)
        ]

    def losses_of_values(self, model: Model, code: Array, given: Mapping[Hashable, Cells]) -> Array:
        """Surprise in nats of some given values under each code; shape (n_codes,).

        Parameters
        ----------
        model : Model
        code : ndarray of shape (n_codes, n_components)
        given : dict of Cells
            Of one row, missing or not; other columns are not judged.
        """
        nothing = Cells("number", np.array([np.nan]), np.array([True]))
        features = self.features({name: given.get(name, nothing) for name in self.used})
        flags = self.columns.first_level - len(self.missing)
        for place, name in enumerate(self.missing, flags):
            features[:, place] = given[name].is_missing if name in given else np.nan
        return losses_given_codes(model, features, code)

    @property
    def owners(self) -> list[Hashable]:
        """For each of ``columns``, the column of the table: one that lacks values has two."""
        return [*self.numbers, *self.flags, *self.missing, *self.categories]


def _numbers(values: list[float], kind: Kind) -> Cells:
    return Cells(kind, np.array(values), np.zeros(len(values), bool))


def _check_numbers(
    name: Hashable, column: Cells, is_category: bool, left_out: Collection[Hashable] | None
) -> None:
    """Refuse text that nobody calls a category."""
    if is_category or column.kind != "text" or name in (left_out or ()):
        return
    value = next((v for v in column.plain() if v is not None), "")
    raise ValueError(
        f"Column {name!r} holds {value!r}, which is no number, and categorical_features does not "
        "name it. Name it there, or in drop."
    )


def check_magnitudes(name: Hashable, column: Cells) -> None:
    """Refuse numbers that are infinite, or beyond what networks compute in."""
    is_large = np.abs(column.values) > _LARGEST
    if is_large.any():
        row = int(np.argmax(is_large))
        raise ValueError(
            f"Column {name!r} holds {column.values[row]} in row {row}, but finite numbers up to "
            f"{_LARGEST:.3g} are expected (infinity is none). Make it missing, or name the column "
            "in drop."
        )


def _other_type(name: Hashable, kind: str, expected: str, kind_in_fit: str = "") -> ValueError:
    # Readers of text files leave dates as text unless they are asked.
    is_unread = kind == "text" and kind_in_fit == "date"
    way_out = f", as by pandas.to_datetime(X[{name!r}])" if is_unread else ""
    return ValueError(
        f"Column {name!r} holds {kind} values, but held {expected} in fit. Give it the type that "
        f"it had{way_out}."
    )


def _other_zone(name: Hashable, had_zone: bool | None) -> ValueError:
    column = f"X[{name!r}].dt.tz_localize"
    told = (
        f'no time zone, but had one in fit. Name that of these rows, as by {column}("UTC")'
        if had_zone
        else f"a time zone, but had none in fit. Drop it, as by {column}(None)"
    )
    return ValueError(f"Column {name!r} holds dates with {told}.")


def _chosen(shares: Array, rng: np.random.RandomState | None) -> Array:
    if rng is None:
        return np.asarray(shares.argmax(axis=1))
    below = np.cumsum(shares, axis=1)
    drawn = rng.uniform(size=(len(shares), 1)) * below[:, -1:]
    return np.asarray(np.minimum((drawn >= below).sum(axis=1), shares.shape[1] - 1))


def _least_rows(min_frequency: float, n_rows: int) -> int:
    """Rows that a level needs; a share of the rows is at least a few of them."""
    if isinstance(min_frequency, Integral):
        return int(min_frequency)
    return max(_FEW, math.ceil(min_frequency * n_rows))


def _is_often_missing(column: Cells, n_least: int) -> bool:
    """Whether so many cells are missing that something can be learnt of when they are."""
    n_missing = int(np.count_nonzero(column.is_missing))
    return n_missing >= max(n_least, _OFTEN * len(column.is_missing))
