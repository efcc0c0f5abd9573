"""How odd rows are, and why: the one place that says what an outlier is."""

from typing import Any, NamedTuple

import numpy as np

from skae.cli._learning import blocks
from skae.cli._recovery import as_floats, is_number
from skae.numerics import Array

# Below, a value is about as usual as any.
_LEAST = 0.5
_MOST = 0.9  # of the numbers of a column
_MOST_DECIMALS = 4


class Surprises(NamedTuple):
    """Of some rows, how odd they are, and what makes them so.

    Attributes
    ----------
    scores : ndarray of shape (n_rows,)
        Higher is odder.
    columns : list of str
        The columns that rows are judged by.
    parts : ndarray of shape (n_rows, n_columns)
        What each column adds.
    unit : str
        Of scores and parts.
    """

    scores: Array
    columns: list[str]
    parts: Array
    unit: str


def surprises(model: Any, frame: Any) -> Surprises:
    """Judge rows by a fitted model.

    Parameters
    ----------
    model : TableAutoencoder
    frame : DataFrame

    Returns
    -------
    surprises : Surprises
    """
    columns: list[str] = []
    parts = []
    for block in blocks(frame):
        found = model.column_scores(block)
        columns = list(found)
        parts.append(np.asarray(found))
    table = np.concatenate(parts)
    is_likelihood = hasattr(model.autoencoder_, "likelihood")
    # Usual values make up for none that is odd.
    scores = np.clip(table, 0, None).sum(axis=1)
    return Surprises(scores, columns, table, "nats" if is_likelihood else "shares")


def reasons(
    model: Any, found: Surprises, frame: Any, rows: Array, most: int = 3
) -> list[list[str]]:
    """Say of some rows what makes them odd, the oddest value first.

    Parameters
    ----------
    model : TableAutoencoder
    found : Surprises
        Of all rows of ``frame``.
    frame : DataFrame
    rows : ndarray of int
        The places of the rows to explain.
    most : int
        Reasons of a row.

    Returns
    -------
    reasons : list of list of str
        Such as "Job = fixed, expected freelance: 3.1 nats".
    """
    told: list[list[str]] = []
    for block in blocks(frame.iloc[rows]):
        places = rows[len(told) : len(told) + len(block)]
        told += _told(block, model.reconstruct(block), found, places, most)
    return told


def _told(rows: Any, expected: Any, found: Surprises, places: Array, most: int) -> list[list[str]]:
    parts = found.parts[places]
    order = np.argsort(-parts, axis=1)[:, :most]
    values = {name: _shown(rows[name]) for name in found.columns}
    others = {name: _shown(expected[name], like=rows[name]) for name in found.columns}
    unit = "nats" if found.unit == "nats" else "times the loss of a plain guess"
    sentences: list[list[str]] = []
    for row, columns in enumerate(order):
        told: list[str] = []
        for column in columns:
            score = parts[row, column]
            if score <= 0 or (told and score < _LEAST):
                break
            name = found.columns[column]
            value, other = values[name][row], others[name][row]
            against = f", expected {other}" if other != value else ""
            told.append(f"{name} = {value}{against}: {score:.1f} {unit}")
        sentences.append(told)
    return sentences


def _shown(column: Any, like: Any = None) -> list[str]:
    """Return values as a reader writes them; numbers with as many decimals as others have."""
    if not is_number(column):
        return [
            "missing" if value != value or value is None else str(value)[:60]
            for value in column.astype(object).where(column.notna(), None)
        ]
    if column.dtype.kind in "mM":
        return [
            "missing" if text in ("NaT", "nan") else text.removesuffix(" 00:00:00")
            for text in column.astype(object).map(str)
        ]
    floats = as_floats(column)
    if like is not None:
        # An expected value is as round as most of those that there are.
        floats = np.round(floats, decimals(as_floats(like)))
    return ["missing" if np.isnan(value) else f"{value:.10g}" for value in floats]


def decimals(values: Array) -> int:
    """Return how many decimals most of some numbers have, up to a few."""
    known = values[np.isfinite(values)]
    for n_places in range(_MOST_DECIMALS):
        exact = np.abs(known - np.round(known, n_places)) <= 1e-9 * np.maximum(1, np.abs(known))
        if exact.mean() >= _MOST:
            return n_places
    return _MOST_DECIMALS
