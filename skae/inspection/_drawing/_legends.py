"""Legends, and the room that they take."""

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from skae.inspection._drawing._panels import shrink
from skae.messages import needs_extra

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.legend import Legend


_SIZE = "small"
_SINE = 0.71  # of 45 degrees
_LINE = 0.18  # inches
_FEWEST_LINES = 5
# In units of the font size, as matplotlib lays legends out.
_HANDLE, _BETWEEN_COLUMNS, _BORDER = 2.8, 2.0, 0.8
_GAP = 0.02  # between axes and legend, as a share of the width of the axes
_FREE = 0.6  # inches that a new figure keeps for a legend already


def legend_columns(n_labels: int, height: float) -> int:
    """Return how many columns a legend needs to stay within a height in inches, untitled."""
    n_lines = max(_FEWEST_LINES, int(height / _LINE) - 1)
    return -(-n_labels // n_lines)


def text_width(text: str, size: str = _SIZE) -> float:
    """Return the width in inches of one line of text as it is drawn."""
    with needs_extra("compare"):
        from matplotlib.font_manager import FontProperties
        from matplotlib.textpath import text_to_path
    text = text.replace(r"\$", "$")
    properties = FontProperties(size=size)
    with warnings.catch_warnings():
        # Drawing the text warns of letters that the font lacks.
        warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)
        width, _, _ = text_to_path.get_text_width_height_descent(text, properties, ismath=False)
    return width / 72


def slanted_height(names: Sequence[str]) -> float:
    """Return the height in inches of names that are written at 45 degrees."""
    return _SINE * max(text_width(name, "medium") for name in names)


def legend_width(labels: Sequence[str], *, title: str = "", ncols: int = 1) -> float:
    """Return the width in inches that a legend of these labels takes at most."""
    with needs_extra("compare"):
        from matplotlib.font_manager import FontProperties
    em = FontProperties(size=_SIZE).get_size_in_points() / 72
    column = _HANDLE * em + max(map(text_width, labels))
    columns = ncols * column + (ncols - 1) * _BETWEEN_COLUMNS * em
    return max(columns, text_width(title, "medium")) + _BORDER * em


def legend_beside(ax: "Axes", handles: Any, labels: Sequence[str], **options: Any) -> "Legend":
    """Draw a legend in axes that are there for it."""
    ax.set_axis_off()
    options = {"loc": "center left", "bbox_to_anchor": (0, 0.5), "borderaxespad": 0, **options}
    return ax.legend(handles, labels, frameon=False, fontsize=_SIZE, **options)


def legend_outside(
    ax: "Axes",
    handles: Any,
    labels: Sequence[str],
    *,
    is_own_figure: bool,
    title: str = "",
    **options: Any,
) -> "Legend":
    """Draw a legend at the right of axes, in columns of their height, and make room for it.

    A figure of our own grows. In a figure of the user's the axes shrink: a layout engine sees to
    it, and without one it is done here.
    """
    figure: Any = ax.figure
    width_of_axes, height_of_axes = ax.get_window_extent().size / figure.dpi
    ncols = legend_columns(len(labels), height_of_axes)
    width = legend_width(labels, title=title, ncols=ncols)
    if is_own_figure:
        own_width, height = figure.get_size_inches()
        figure.set_size_inches(own_width + max(0, width - _FREE), height)
    elif figure.get_layout_engine() is None:
        shrink(ax, width / width_of_axes + _GAP)
    place = {"loc": "upper left", "bbox_to_anchor": (1 + _GAP, 1), "borderaxespad": 0}
    options = {**place, "title": title, "ncols": ncols, **options}
    return ax.legend(handles, labels, frameon=False, fontsize=_SIZE, **options)
