"""Draw what reducers explain of each column of a table; arrays in, axes out."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from skae.inspection._drawing._style import Names, plain, short_name, styles, tidy
from skae.numerics import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def height_of_columns(n_columns: int) -> float:
    """Return the height in inches of a figure in which names can be read."""
    return 1.2 + 0.24 * n_columns


def draw_columns(ax: "Axes", names: Sequence[str], columns: Names, shares: Array) -> None:
    """Draw a line of points for each column, one a reducer.

    Parameters
    ----------
    ax : matplotlib Axes
        Where to draw.

    names : sequence of n_reducers strings
        The labels.

    columns : sequence of n_columns names
        From the top to the bottom.

    shares : ndarray of shape (n_reducers, n_columns)
        What is explained. Below 0 it is drawn at 0, and NaN is not drawn.
    """
    places = np.arange(len(columns))
    # At the same place the points of all reducers would hide each other.
    shifts = 0.16 * (np.arange(len(names)) - (len(names) - 1) / 2)
    for name, share, shift, style in zip(names, shares, shifts, styles(), strict=False):
        look = {**style, "linestyle": "none", "markersize": 5, "label": plain(name)}
        ax.plot(np.maximum(share, 0.0), places + shift, clip_on=False, **look)
    ax.set_yticks(places, [short_name(column) for column in columns])
    ax.set_ylim(len(columns) - 0.5, -0.5)
    ax.set_xlim(0, 1)
    ax.set_xlabel("Share explained")
    ax.grid(alpha=0.3)
    tidy(ax)
    handles, labels = ax.get_legend_handles_labels()
    # Above: within the axes it would hide points.
    ax.legend(
        handles,
        labels,
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=min(3, len(labels)),
        frameon=False,
    )
