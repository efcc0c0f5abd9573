"""Draw the contributions of features to a score: bars for one row, a table for several."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from skae.inspection._drawing._legends import slanted_height, text_width
from skae.inspection._drawing._style import COLOURS, tidy
from skae.numerics import Array, Integers

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.container import BarContainer
    from matplotlib.image import AxesImage


# Text on darker shades is white.
_DARK = 0.6
_CELL = 0.62, 0.32  # inches
# Numbers beyond are written with an exponent.
_SMALLEST, _LARGEST = 1e-3, 1e6
_SHORTEST_TABLE = 1.0  # inches, for the colour bar and its label


def top_features(contributions: Array, n_features: int) -> Integers:
    """Return the columns of the largest contributions, relative to the largest of each row."""
    weights = np.mean(np.abs(_relative(contributions)), axis=0)
    return np.argsort(-weights, kind="stable")[:n_features]


def with_other(
    contributions: Array, chosen: Integers, names: Sequence[str]
) -> tuple[Array, list[str]]:
    """Return the chosen columns and the sum of the others, and their names."""
    values, labels = contributions[:, chosen], [names[i] for i in chosen]
    n_other = contributions.shape[1] - len(chosen)
    if n_other == 0:
        return values, labels
    # The others are summed, as the score less the chosen would be rounded.
    other = np.delete(contributions, chosen, axis=1).sum(axis=1, keepdims=True)
    plural = "s" if n_other > 1 else ""
    return np.hstack([values, other]), [*labels, f"{n_other} other feature{plural}"]


def fitting_size(columns: Sequence[str], rows: Sequence[str]) -> tuple[float, float]:
    """Return width and height in inches of a figure with room for the names given."""
    if len(rows) == 1:
        longest = max(text_width(name, "medium") for name in columns)
        return 4.6 + max(1.8, longest), max(4.8, 1.2 + 0.25 * len(columns))
    below = slanted_height(columns)
    left = max(below, *(text_width(name, "medium") for name in rows))
    table = max(_SHORTEST_TABLE, _CELL[1] * len(rows))
    return 2.2 + left + _CELL[0] * len(columns), 0.8 + below + table


def draw_contributions(
    ax: "Axes",
    values: Array,
    columns: Sequence[str],
    rows: Sequence[str],
    score_name: str,
    n_chosen: int,
) -> "BarContainer":
    """Draw the contributions of one row as horizontal bars, the largest on top.

    Parameters
    ----------
    ax : matplotlib Axes
        Where to draw.

    values : ndarray of shape (1, n_columns)
        The contributions.

    columns : sequence of n_columns str
        Their names.

    rows : sequence of one str
        The name of the row.

    score_name : str
        The name of their sum.

    n_chosen : int
        How many of the columns are features; one after them stands for all others.

    Returns
    -------
    bars : matplotlib BarContainer
        From the lowest up.
    """
    upwards, names = values[0, ::-1], columns[::-1]
    n_other = len(columns) - n_chosen
    bars = ax.barh(range(len(upwards)), upwards, tick_label=names)
    for place, bar in enumerate(bars):
        lowers = upwards[place] < 0
        colour = "0.75" if place < n_other else COLOURS[0] if lowers else COLOURS[1]
        bar.set(facecolor=colour, edgecolor="white" if lowers else colour)
        bar.set_hatch("///" if lowers else "")
    ax.bar_label(bars, [*map(_short, upwards)], padding=3, fontsize="small")
    ax.axvline(0, color="black", linewidth=0.8)
    ax.margins(x=0.12)
    ax.set_xlabel(f"Contribution to the\n{score_name}")
    ax.set_title(f"{rows[0]}, sum {_short(values.sum())}", loc="left", fontsize="medium")
    tidy(ax)
    return bars


def draw_contribution_table(
    ax: "Axes",
    values: Array,
    columns: Sequence[str],
    rows: Sequence[str],
    score_name: str,
    n_chosen: int,
) -> "AxesImage":
    """Draw the contributions of several rows as a table, shaded within each row.

    The arguments are those of :func:`draw_contributions`, for more rows; the image of the shades is
    returned.
    """
    shades = _relative(values[:, :n_chosen])
    image = ax.imshow(shades, aspect="auto", **_colours(shades))
    _write(ax, values, shades)
    ax.set_xticks(
        range(len(columns) + 1), [*columns, "sum"], rotation=45, ha="right", rotation_mode="anchor"
    )
    ax.set_yticks(range(len(rows)), rows)
    ax.set_xlim(-0.5, len(columns) + 0.5)
    ax.set_title(f"Contributions to the {score_name}", loc="left", fontsize="medium")
    ends = [-1, 0, 1] if shades.min() < 0 else [0, 1]
    bar = ax.figure.colorbar(image, ax=ax, fraction=0.05, pad=0.02, ticks=ends)
    bar.ax.tick_params(labelsize="small")
    bar.set_label("relative to the\nlargest shown", fontsize="small")
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return image


def _write(ax: "Axes", values: Array, shades: Array) -> None:
    """Write the numbers, as shades do not show the rest, the sum, or in grey the sign."""
    for i, row in enumerate(values):
        spec = _format(np.abs(row[: shades.shape[1]]).max())
        for j, value in enumerate([*row, row.sum()]):
            is_dark = j < shades.shape[1] and abs(shades[i, j]) > _DARK
            colour = "white" if is_dark else "black"
            text = format(value, spec)
            ax.text(j, i, text, color=colour, ha="center", va="center", fontsize="x-small")


def _colours(shades: Array) -> dict[str, Any]:
    if shades.min() < 0:
        return {"cmap": "RdBu_r", "vmin": -1, "vmax": 1}
    return {"cmap": "Blues", "vmin": 0, "vmax": 1}


def _relative(contributions: Array) -> Array:
    largest = np.abs(contributions).max(axis=1, keepdims=True)
    shares: Array = contributions / np.where(largest > 0, largest, 1)
    return shares


def _format(largest: float) -> str:
    """Return the format that gives the largest number of a row three digits, others fewer."""
    if largest and not _SMALLEST <= largest < _LARGEST:
        return ".1e"  # a cell has no room for all the zeros
    return f",.{0 if largest == 0 else max(0, 2 - int(np.floor(np.log10(largest))))}f"


def _short(value: float) -> str:
    return format(value, ",.0f" if 1000 <= abs(value) < _LARGEST else ".3g")
