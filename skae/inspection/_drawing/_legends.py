"""Legends, and the room that they take."""

import warnings

from skae.inspection._drawing._panels import shrink
from skae.messages import needs_extra

_SIZE = "small"
_SINE = 0.71  # of 45 degrees
_LINE = 0.18  # inches
_FEWEST_LINES = 5
# In units of the font size, as matplotlib lays legends out.
_HANDLE, _BETWEEN_COLUMNS, _BORDER = 2.8, 2.0, 0.8
_GAP = 0.02  # between axes and legend, as a share of the width of the axes
_FREE = 0.6  # inches that a new figure keeps for a legend already


def legend_columns(n_labels, height):
    """How many columns a legend needs to stay within a height in inches, without its title."""
    n_lines = max(_FEWEST_LINES, int(height / _LINE) - 1)
    return -(-n_labels // n_lines)


def text_width(text, size=_SIZE):
    """Width in inches of one line of text as it is drawn."""
    with needs_extra("compare"):
        from matplotlib.font_manager import FontProperties
        from matplotlib.textpath import text_to_path
    text = text.replace(r"\$", "$")
    properties = FontProperties(size=size)
    with warnings.catch_warnings():
        # Whoever draws the text is told of letters that the font lacks.
        warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)
        size = text_to_path.get_text_width_height_descent(text, properties, ismath=False)
    return size[0] / 72


def slanted_height(names):
    """Height in inches of names that are written at 45 degrees."""
    return _SINE * max(text_width(name, "medium") for name in names)


def legend_width(labels, *, title="", ncols=1):
    """Width in inches that a legend of these labels takes at most."""
    with needs_extra("compare"):
        from matplotlib.font_manager import FontProperties
    em = FontProperties(size=_SIZE).get_size_in_points() / 72
    column = _HANDLE * em + max(map(text_width, labels))
    columns = ncols * column + (ncols - 1) * _BETWEEN_COLUMNS * em
    return max(columns, text_width(title, "medium")) + _BORDER * em


def legend_beside(ax, handles, labels, **options):
    """Draw a legend in axes that are there for it."""
    ax.set_axis_off()
    options = {"loc": "center left", "bbox_to_anchor": (0, 0.5), "borderaxespad": 0, **options}
    return ax.legend(handles, labels, frameon=False, fontsize=_SIZE, **options)


def legend_outside(ax, handles, labels, *, is_own_figure, title="", **options):
    """Draw a legend at the right of axes, in columns of their height, and make room for it.

    A figure of our own grows. In a figure of the user's the axes shrink: a layout engine sees to
    it, and without one it is done here.
    """
    size = ax.get_window_extent().size / ax.figure.dpi
    ncols = legend_columns(len(labels), size[1])
    width = legend_width(labels, title=title, ncols=ncols)
    if is_own_figure:
        own_width, height = ax.figure.get_size_inches()
        ax.figure.set_size_inches(own_width + max(0, width - _FREE), height)
    elif ax.figure.get_layout_engine() is None:
        shrink(ax, width / size[0] + _GAP)
    place = {"loc": "upper left", "bbox_to_anchor": (1 + _GAP, 1), "borderaxespad": 0}
    options = {**place, "title": title, "ncols": ncols, **options}
    return ax.legend(handles, labels, frameon=False, fontsize=_SIZE, **options)
