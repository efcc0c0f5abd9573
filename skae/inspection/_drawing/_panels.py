"""Many panels in one figure, or within the axes that a user gives."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from skae.messages import needs_extra
from skae.numerics import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes


_MARGINS = 1.3, 0.5  # inches for labels
_LARGEST_SHARE = 0.6  # of the width of axes that a legend may take
_MOST_PANELS = 400  # these take matplotlib some ten seconds


class Panels(NamedTuple):
    """Axes of a display: the one around them all, a grid of them, and those beside the grid."""

    ax: Any
    axes: Array
    beside: list[Any]

    @property
    def figure(self) -> Any:
        """The figure that the panels are in."""
        return self.ax.figure


def make_panels(
    ax: "Axes | None",
    n_rows: int,
    n_cols: int,
    *,
    cell: tuple[float, float],
    beside: Sequence[slice] = (),
    beside_width: float = 0.0,
    label_width: float = 0.6,
    below: float = 0.0,
) -> Panels:
    """Divide the axes given, or those of a new figure of fitting size.

    Parameters
    ----------
    ax : matplotlib Axes or None
        Becomes invisible if it is divided; a single panel is drawn in it.

    n_rows, n_cols : int
        The size of the grid.

    cell : tuple of two floats
        Width and height of a panel in a new figure, in inches.

    beside : sequence of slice
        The rows of the grid that each axes to the right of it goes along: for legends and colour
        bars.

    beside_width : float
        Their width in inches.

    label_width : float
        Inches for labels at either side, kept free where no layout engine makes room for them.

    below : float
        Height in inches of text below the panels, beyond numbers and a label.

    Returns
    -------
    panels : Panels

    Raises
    ------
    ValueError
        If the axes given cannot be divided, or the panels would be too many to look at.
    """
    if n_rows * n_cols > _MOST_PANELS:
        raise ValueError(
            f"{n_rows} x {n_cols} panels would be drawn, but at most {_MOST_PANELS} can be looked "
            "at; pass fewer rows or values."
        )
    if ax is None:
        width = n_cols * cell[0] + (beside_width if beside else 0.0)
        ax = _axes_of(width, n_rows * cell[1] + below)
    if n_rows == n_cols == 1 and not beside:
        return Panels(ax, np.array([[ax]], dtype=object), [])
    is_laid_out = ax.figure.get_layout_engine() is not None
    margin = [] if is_laid_out else [label_width]
    widths = margin + [cell[0]] * n_cols + [beside_width] * bool(beside) + margin
    grid = _divided(ax, n_rows, widths)
    add, first = ax.figure.add_subplot, len(margin)
    axes = np.empty((n_rows, n_cols), dtype=object)
    for i, j in np.ndindex(axes.shape):
        axes[i, j] = add(grid[i, first + j])
    return Panels(ax, axes, [add(grid[rows, first + n_cols]) for rows in beside])


@contextmanager
def restored_on_error(ax: "Axes | None") -> Iterator[None]:
    """Leave the axes given as they were, and no new figure open, where drawing raises."""
    with needs_extra("compare"):
        import matplotlib.pyplot as plt
    figures, place, parts = set(plt.get_fignums()), _place_of(ax), _parts_of(ax)
    try:
        yield
    except BaseException:
        for number in set(plt.get_fignums()) - figures:
            plt.close(number)
        for artist in _parts_of(ax) - parts:
            artist.remove()
        _put_back(ax, place)
        raise


def share_scales(axes: Any, *, x: bool = False, y: bool = False) -> None:
    """Give panels the same limits, and numbers along the left and the bottom of them only."""
    for i, j in np.ndindex(axes.shape):
        ax = axes[i, j]
        if x:
            ax.sharex(axes[0, 0])
            ax.tick_params(labelbottom=i == len(axes) - 1)
        if y:
            ax.sharey(axes[0, 0])
            ax.tick_params(labelleft=j == 0)


def shrink(ax: "Axes", share: float) -> None:
    """Free a share of the width that axes have, at their right."""
    share = min(share / (1 + share), _LARGEST_SHARE)
    place = ax.get_subplotspec()
    if place is None:
        box = ax.get_position()
        ax.set_position((box.x0, box.y0, box.width * (1 - share), box.height))
    else:
        # As for a colour bar, so that the axes still follow the grid that they are in.
        ax.set_subplotspec(place.subgridspec(1, 2, width_ratios=[1 - share, share], wspace=0)[0])


def _parts_of(ax: "Axes | None") -> set[Any]:
    return set() if ax is None else {*ax.get_children(), *ax.figure.axes}


def _place_of(ax: "Axes | None") -> Any:
    return None if ax is None else (ax.axison, ax.get_subplotspec(), ax.get_position())


def _put_back(ax: "Axes | None", place: Any) -> None:
    if ax is None:
        return
    ax.axison, cell, position = place
    if cell is None:
        ax.set_position(position)
    elif cell is not ax.get_subplotspec():
        ax.set_subplotspec(cell)


def _axes_of(width: float, height: float) -> "Axes":
    """Return axes of this size in a new figure with margins."""
    with needs_extra("compare"):
        import matplotlib.pyplot as plt
    figure = plt.figure(figsize=(_MARGINS[0] + width, _MARGINS[1] + height), layout="constrained")
    return figure.add_subplot()


def _divided(ax: "Axes", n_rows: int, widths: Sequence[float]) -> Any:
    if not ax.axison:
        raise ValueError(
            "ax is switched off, probably because another display divided it already; pass an "
            "empty one, such as plt.subplots()[1]."
        )
    place = ax.get_subplotspec()
    if place is None:
        raise ValueError(
            "ax stands at a free position, where panels cannot be laid out; pass one of a grid, "
            "such as plt.subplots()[1], or leave ax=None."
        )
    ax.set_axis_off()
    return place.subgridspec(n_rows, len(widths), width_ratios=widths)
