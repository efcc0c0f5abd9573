"""How well values of a table are found again, column by column."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from skae.numerics import Array

_DAY = 86_400_000_000.0  # microseconds


class Recovery(NamedTuple):
    """How well the values of one column are found again.

    Attributes
    ----------
    name : str
    kind : {"number", "date", "span", "category"}
        A span is one of time.
    n_values : int
        How many were judged.
    found : float
        Share of categories that are right, or root mean squared error, of dates and spans in days.
    plain : float
        The same of the most frequent level, or of the mean.
    gain : float
        Of what the plain guess leaves open, the share that is found: 1 for all, 0 for nothing, and
        below where the plain guess is better. Of numbers this is R².
    """

    name: str
    kind: str
    n_values: int
    found: float
    plain: float
    gain: float

    @property
    def is_number(self) -> bool:
        """Whether it has distances, as dates and spans have, too."""
        return self.kind != "category"

    def cells(self) -> list[str]:
        """Return kind, `found`, `plain` and `gain` as a table shows them."""
        if self.is_number:
            unit = "" if self.kind == "number" else " days"
            shown = [f"{self.found:.4g}{unit}", f"{self.plain:.4g}{unit}"]
        else:
            shown = [f"{100 * self.found:.1f} %", f"{100 * self.plain:.1f} %"]
        return [self.kind, *shown, f"{100 * self.gain:.0f} %"]


def kind_of(column: Any) -> str:
    """Return "number", "date" or "span", and "category" for truth values and levels."""
    from pandas.api.types import (
        is_bool_dtype,
        is_datetime64_any_dtype,
        is_numeric_dtype,
        is_timedelta64_dtype,
    )

    dtype = column.dtype
    if is_datetime64_any_dtype(dtype):
        return "date"
    if is_timedelta64_dtype(dtype):
        return "span"
    return "number" if is_numeric_dtype(dtype) and not is_bool_dtype(dtype) else "category"


def is_number(column: Any) -> bool:
    """Whether a column holds numbers, dates or spans, and neither truth values nor levels."""
    return kind_of(column) != "category"


def as_floats(column: Any) -> Array:
    """Return numbers, and days of dates (since 1970) and spans, as floats, NaN where missing."""
    kind = column.dtype.kind
    if kind not in "mM":
        numbers: Array = column.to_numpy(dtype=np.float64, na_value=np.nan)
        return numbers
    if getattr(column.dtype, "tz", None) is not None:
        column = column.dt.tz_convert("UTC").dt.tz_localize(None)
    days: Array = column.to_numpy().astype(f"{kind}8[us]").astype(np.int64) / _DAY
    days[column.isna().to_numpy()] = np.nan
    return days


def recoveries(
    truth: Any, guess: Any, seen: Any, names: Sequence[str], hidden: Any = None
) -> list[Recovery]:
    """Judge guesses of known values.

    Parameters
    ----------
    truth, guess : DataFrame
    seen : DataFrame
        The rows of which the plain guesses, means and most frequent levels, are made.
    names : sequence of str
        The columns to judge.
    hidden : DataFrame of bool or None
        The cells to judge; None for all that are known.
    """
    found = []
    for name in names:
        judged = truth[name].notna().to_numpy() & guess[name].notna().to_numpy()
        if hidden is not None:
            judged &= hidden[name].to_numpy()
        if not judged.any() or not seen[name].notna().any():
            continue
        kind = kind_of(truth[name])
        judge = _of_levels if kind == "category" else _of_numbers
        values = judge(truth[name][judged], guess[name][judged], seen[name].dropna())
        found.append(Recovery(name, kind, int(judged.sum()), *values))
    return found


def _of_numbers(truth: Any, guess: Any, seen: Any) -> tuple[float, float, float]:
    real, mean = as_floats(truth), as_floats(seen).mean()
    found = float(np.sqrt(np.mean(np.square(real - as_floats(guess)))))
    plain = float(np.sqrt(np.mean(np.square(real - mean))))
    return found, plain, 1 - (found / plain) ** 2 if plain else 0.0


def _of_levels(truth: Any, guess: Any, seen: Any) -> tuple[float, float, float]:
    real = truth.astype(object).to_numpy()
    mode = seen.astype(object).value_counts().index[0]
    found = float(np.mean(real == guess.astype(object).to_numpy()))
    plain = float(np.mean(real == mode))
    return found, plain, (found - plain) / (1 - plain) if plain < 1 else 0.0
