"""Draw filters as a mosaic of images, or as curves or bars."""

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from skae.inspection._drawing._panels import Panels, make_panels, restored_on_error, share_scales
from skae.inspection._drawing._row_drawing import draw_bars, draw_image, draw_series
from skae.inspection._drawing._row_format import RowFormat
from skae.inspection._drawing._strips import image_cell
from skae.inspection._drawing._style import check_colormap
from skae.numerics import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_CELL = 0.6  # inches


def draw_filters(
    ax: "Axes | None", filters: Array, titles: list[str] | None, format_: RowFormat, cmap: Any
) -> Panels:
    """Draw each filter on a scale of its own that is symmetric about zero."""
    check_colormap("cmap", cmap)
    n_columns = math.ceil(math.sqrt(len(filters)))
    kind, shape = format_
    if kind != "image":
        n_columns = min(n_columns, 4)
    n_rows = math.ceil(len(filters) / n_columns)
    cell = image_cell(shape, _CELL) if kind == "image" else (1.8, 0.9)
    if titles is not None:
        cell = cell[0], cell[1] + 0.25
    with restored_on_error(ax):
        panels = make_panels(ax, n_rows, n_columns, cell=cell, label_width=0.1)
        if kind != "image":
            share_scales(panels.axes, x=True)
        for i, panel in enumerate(panels.axes.ravel()):
            if i >= len(filters):
                panel.set_axis_off()
                continue
            _draw_filter(panel, filters[i], format_, cmap)
            if titles is not None:
                panel.set_title(titles[i], fontsize="x-small")
    return panels


def _draw_filter(ax: "Axes", values: Array, format_: RowFormat, cmap: Any) -> None:
    kind, shape = format_
    limit = float(np.max(np.abs(values)))
    limit = limit if limit > 0 else 1.0
    if kind == "image":
        draw_image(ax, values, shape, cmap=cmap, vmin=-limit, vmax=limit)
        return
    if kind == "series":
        draw_series(ax, values, shape)
    else:
        draw_bars(ax, values)
    ax.set_ylim(-1.1 * limit, 1.1 * limit)
