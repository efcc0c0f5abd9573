"""Draw columns of a history, epoch by epoch."""

from collections.abc import Mapping
from copy import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from skae.inspection._drawing._style import plain, styles
from skae.numerics import Array, Integers

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D


VALIDATION = "val_"
_N_MARKERS = 8


def draw_columns(
    ax: "Axes", epochs: Array, columns: Mapping[str, Array], starts: Integers
) -> "dict[str, Line2D]":
    """Draw columns: a colour for each term, solid for training, dashed for held-out rows.

    Parameters
    ----------
    ax : matplotlib Axes
        Where to draw.

    epochs : ndarray of shape (n_rows,)
        Where to draw each value.

    columns : dict of str to ndarray of shape (n_rows,)
        The values; held-out ones are called like those of training, with `VALIDATION` before.

    starts : sequence of int
        Places where a curve is broken.

    Returns
    -------
    lines : dict of str to matplotlib Line2D
        The curves.
    """
    style_of = dict(zip(dict.fromkeys(map(_term, columns)), styles(), strict=False))
    return {
        name: _draw_column(ax, name, epochs, values, starts, style_of[_term(name)])
        for name, values in columns.items()
    }


def draw_best_epoch(ax: "Axes", epoch: int) -> "Line2D":
    """Draw a line at the epoch whose weights were kept."""
    kept = "the start" if epoch == 0 else f"epoch {epoch}"
    return ax.axvline(epoch, color="black", linewidth=1, linestyle=":", label=f"kept: {kept}")


def draw_losses_of_folds(ax: "Axes", losses: Mapping[int, float]) -> "Line2D":
    """Draw a cross for each number of epochs that was tried, at the loss of rows held out."""
    look: dict[str, Any] = {"linestyle": "", "marker": "x", "color": "black"}
    return ax.plot([*losses], [*losses.values()], label="rows of folds left out", **look)[0]


def draw_phases(ax: "Axes", epochs: Array, phases: Any, starts: Integers) -> None:
    """Separate phases and name them; `phases` has a number for each row of the history."""
    for start in starts:
        ax.axvline(epochs[start], color="0.7", linewidth=4, zorder=0)
    if len(starts) == 0:
        return
    where: dict[str, Any] = {"transform": ax.get_xaxis_transform(), "ha": "center", "va": "top"}
    for start, end in zip([0, *starts], [*starts, len(phases)], strict=True):
        name = f"phase {phases[start]:g}"
        middle = (epochs[start] + epochs[end - 1]) / 2
        ax.text(middle, 1.0, name, fontsize="small", **where)


def explain(ax: "Axes", lines: "Mapping[str, Line2D]", *others: "Line2D | None") -> None:
    """Put a legend above the axes, where no curve is: colours are terms, line styles are rows."""
    rows = {_rows(name): line for name, line in reversed([*lines.items()])}
    rows = dict(sorted(rows.items(), reverse=True))
    entries = rows
    if len(set(map(_term, lines))) > 1:
        terms = {plain(name): line for name, line in lines.items() if name == _term(name)}
        entries = terms | {name: _in_black(line) for name, line in rows.items()}
    entries |= {str(line.get_label()): line for line in others if line is not None}
    place: dict[str, Any] = {
        "loc": "lower left",
        "bbox_to_anchor": (0, 1.02),
        "borderaxespad": 0,
        "ncols": 3,
    }
    ax.legend(entries.values(), entries, frameon=False, fontsize="small", **place)


def scale_logarithmically(ax: "Axes") -> None:
    """Use a logarithmic axis with plain numbers."""
    ax.set_yscale("log")
    ax.yaxis.set_major_formatter("{x:g}")
    low, high = np.log10(ax.get_ylim())
    # Between two powers of ten only the ticks between say where the curves are.
    has_decades = np.floor(high) - np.ceil(low) >= 1
    ax.yaxis.set_minor_formatter("" if has_decades else "{x:g}")


def _term(name: str) -> str:
    return name.removeprefix(VALIDATION)


def _rows(name: str) -> str:
    return "held-out rows" if name.startswith(VALIDATION) else "training rows"


def _draw_column(
    ax: "Axes", name: str, epochs: Array, values: Array, starts: Integers, style: dict[str, Any]
) -> "Line2D":
    face = style["color"]
    style = style | {"linestyle": "-", "markerfacecolor": face}
    if name.startswith(VALIDATION):
        style |= {"linestyle": "--", "markerfacecolor": "white"}
    (line,) = ax.plot(
        np.insert(epochs, starts, np.nan),
        np.insert(values.astype(float), starts, np.nan),
        label=f"{plain(_term(name))}, {_rows(name)}",
        markersize=5,
        markevery=max(1, len(values) // _N_MARKERS),
        **style,
    )
    return line


def _in_black(line: "Line2D") -> "Line2D":
    line = copy(line)
    line.set(color="black", marker="none")
    return line
