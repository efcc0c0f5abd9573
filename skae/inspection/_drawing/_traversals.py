"""Draw rows decoded along components of a code; arrays in, panels out."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from skae.inspection._drawing._legends import legend_beside, legend_width
from skae.inspection._drawing._panels import Panels, make_panels, restored_on_error, share_scales
from skae.inspection._drawing._row_drawing import (
    check_names,
    clipped_ends,
    draw_bars,
    draw_image,
    draw_series,
    has_legend,
    name_features,
    names_height,
    names_of_series,
    value_limits,
)
from skae.inspection._drawing._row_format import RowFormat
from skae.inspection._drawing._strips import image_cell
from skae.inspection._drawing._style import MARKERS, UNITS, Names, check_colormap, plain, tidy
from skae.inspection._drawing._units import standardized
from skae.messages import needs_extra
from skae.numerics import Array, ArrayLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes


MOST_NAMES_OF_CELLS = 8  # a cell has no room for more


class Traversal(NamedTuple):
    """The decoded rows to draw, and how."""

    values: Array
    rows: Array
    names: list[str]
    is_grid: bool
    format: RowFormat
    feature_names: Names | None
    feature_means: ArrayLike | None
    feature_deviations: ArrayLike | None
    value_range: tuple[float, float] | None
    cmap: Any
    curve_cmap: Any

    @property
    def unit(self) -> str:
        """The unit of the axis of values."""
        if self.feature_means is not None and self.format.kind == "bars":
            return "standard deviations\nfrom the mean"
        return "value"


def draw_traversal(ax: "Axes | None", traversal: Traversal) -> Panels:
    """Draw strips or a grid in the axes given or in a new figure; returns the panels."""
    kind, shape = traversal.format
    check_colormap("cmap", traversal.cmap)
    check_colormap("curve_cmap", traversal.curve_cmap)
    if kind != "image":
        of_what = "feature of a timestep" if kind == "series" else "column"
        check_names(traversal.feature_names, shape[-1], of_what)
    if kind == "bars":
        moments = traversal.feature_means, traversal.feature_deviations
        traversal = traversal._replace(rows=standardized(traversal.rows, *moments))
    is_one_curve = kind == "bars" or (kind == "series" and shape[1] == 1)
    draw = _draw_curves if is_one_curve and not traversal.is_grid else _draw_cells
    with restored_on_error(ax):
        return draw(ax, traversal)


def _draw_curves(ax: "Axes | None", traversal: Traversal) -> Panels:
    """Draw one panel a component, with the rows of all values."""
    n_strips = len(traversal.values)
    rows = [slice(k, k + 1) for k in range(n_strips)]
    below = names_height(traversal.feature_names) if traversal.format.kind == "bars" else 0.0
    panels = make_panels(
        ax, n_strips, 1, cell=(5.5, 1.9), beside=rows, beside_width=0.9, below=below
    )
    share_scales(panels.axes, x=True, y=True)
    for k, panel in enumerate(panels.axes[:, 0]):
        curves = _draw_rows(panel, traversal, traversal.rows[k])
        labels = [number(value) for value in traversal.values[k]]
        panel.set_ylabel(traversal.unit)
        tidy(panel)
        title = f"by {plain(traversal.names[k])} ({UNITS})"
        panel.set_title(title, loc="left", fontsize="medium")
        # Upwards is more, as on any axis.
        legend_beside(panels.beside[k], curves[::-1], labels[::-1], labelspacing=0.3)
    _name_places(panels.axes[-1, 0], traversal)
    return panels


def _draw_rows(panel: "Axes", traversal: Traversal, rows: Array) -> list[Any]:
    with needs_extra("compare"):
        from matplotlib import colormaps
    colours = colormaps.get_cmap(traversal.curve_cmap)(np.linspace(0, 0.92, len(rows)))
    is_bars, curves = traversal.format.kind == "bars", []
    for k, (row, colour) in enumerate(zip(rows, colours, strict=True)):
        marker = MARKERS[k % len(MARKERS)] if is_bars else ""
        curves += panel.plot(row, color=colour, marker=marker, markersize=5, linewidth=1.2)
    return curves


def _name_places(panel: "Axes", traversal: Traversal) -> None:
    if traversal.format.kind == "bars":
        name_features(panel, traversal.feature_names)
    else:
        panel.set_xlabel("timestep")


def _draw_cells(ax: "Axes | None", traversal: Traversal) -> Panels:
    """Draw one panel for each value."""
    kind, shape = traversal.format
    # Upwards is more, as on any axis.
    rows = traversal.rows.transpose(1, 0, 2)[::-1] if traversal.is_grid else traversal.rows
    # Values are written between strips of images, and below a grid of them.
    width, height = image_cell(shape) if kind == "image" else (1.2, 1.0)
    has_bar = kind == "image" and len(shape) == 2
    names = names_of_series(traversal.feature_names, shape) if kind == "series" else []
    is_explained = kind == "series" and has_legend(shape)
    panels = make_panels(
        ax,
        *rows.shape[:2],
        cell=(width, height + (0.0 if traversal.is_grid else 0.15)),
        beside=[slice(0, None)] * (has_bar or is_explained),
        beside_width=legend_width(names) if is_explained else 0.12,
        label_width=1.1,
    )
    if kind != "image":
        share_scales(panels.axes, x=True, y=True)
    limits = value_limits(rows if traversal.value_range is None else traversal.value_range)
    for ax_of_cell, row in zip(panels.axes.flat, rows.reshape(-1, rows.shape[-1]), strict=True):
        drawn = _draw_cell(ax_of_cell, row, traversal, limits)
    if has_bar:
        extend = clipped_ends(limits, rows)
        panels.figure.colorbar(drawn, cax=panels.beside[0], label="value", extend=extend)
    if is_explained:
        legend_beside(panels.beside[0], drawn, names)
    if kind != "image":
        _label_scales(panels.axes, traversal)
    (_label_grid if traversal.is_grid else _label_strips)(panels.axes, traversal)
    return panels


def _label_scales(axes: Array, traversal: Traversal) -> None:
    """Name what the panels show, at the right, where no other label stands."""
    middle = axes[(len(axes) - 1) // 2, -1]
    middle.yaxis.set_label_position("right")
    is_series = traversal.format.kind == "series"
    middle.set_ylabel("value over timesteps" if is_series else f"bars: {traversal.unit}")
    if is_series:
        return
    for ax in axes.flat:
        ax.set_xticks([])
    names = traversal.feature_names
    if names is not None and len(names) <= MOST_NAMES_OF_CELLS:
        for ax in axes[-1]:
            name_features(ax, names, rotation=90, ha="center", fontsize="small")


def _draw_cell(ax: "Axes", row: Array, traversal: Traversal, limits: Mapping[str, float]) -> Any:
    kind, shape = traversal.format
    if kind == "image":
        return draw_image(ax, row, shape, cmap=traversal.cmap, **limits)
    if kind == "series":
        return draw_series(ax, row, shape, names=traversal.feature_names)
    return draw_bars(ax, row, colour="0.4")


def _label_strips(axes: Array, traversal: Traversal) -> None:
    for strip, values, name in zip(axes, traversal.values, traversal.names, strict=True):
        for ax, value in zip(strip, values, strict=True):
            ax.set_title(number(value), fontsize="small", pad=3)
        strip[0].set_ylabel(plain(name), rotation=0, ha="right", va="center")
    middle = axes[-1, axes.shape[1] // 2]
    middle.set_xlabel(f"above: value of the component\n({UNITS})")


def _label_grid(axes: Array, traversal: Traversal) -> None:
    n_values = len(axes)
    for k, (ax, value) in enumerate(zip(axes[-1], traversal.values[0], strict=True)):
        name = f"\n{plain(traversal.names[0])} ({UNITS})" if k == n_values // 2 else ""
        ax.set_xlabel(number(value) + name)
    for k, (ax, value) in enumerate(zip(axes[::-1, 0], traversal.values[1], strict=True)):
        name = f"{plain(traversal.names[1])}\n({UNITS})\n" if k == n_values // 2 else ""
        ax.set_ylabel(name + number(value))


def number(value: float) -> str:
    """Return a number to three digits."""
    return f"{value:.3g}"
