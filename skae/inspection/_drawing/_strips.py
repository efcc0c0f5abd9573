"""Several versions of the same rows side by side."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from skae.inspection._drawing._legends import legend_beside, legend_width
from skae.inspection._drawing._panels import Panels, make_panels, restored_on_error, share_scales
from skae.inspection._drawing._row_drawing import (
    MARKER_SIZE,
    check_names,
    clipped_ends,
    colour_difference,
    draw_bars,
    draw_image,
    draw_points,
    draw_series,
    has_legend,
    name_features,
    names_height,
    names_of_series,
    symmetric_limits,
    value_limits,
)
from skae.inspection._drawing._row_format import RowFormat
from skae.inspection._drawing._style import Names, check_colormap
from skae.inspection._drawing._units import standardized, standardized_differences
from skae.numerics import Array, ArrayLike, Integers

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage


DIFFERENCE = "reconstruction minus original"


class Strips(NamedTuple):
    """The rows to draw: versions by name, and the difference of two of them or None."""

    versions: Mapping[str, Array]
    # The version whose values span the colours of images: noise would leave little contrast.
    reference: str
    difference: Array | None
    format: RowFormat
    row_numbers: Sequence[int] | Integers | None
    feature_names: Names | None
    feature_means: ArrayLike | None
    feature_deviations: ArrayLike | None
    cmap: Any
    difference_cmap: Any


def draw_strips(ax: "Axes | None", strips: Strips) -> Panels:
    """Draw strips in the axes given or in a new figure; returns the panels."""
    kind, shape = strips.format
    check_colormap("cmap", strips.cmap)
    check_colormap("difference_cmap", strips.difference_cmap)
    _check_row_numbers(strips)
    if kind != "image":
        of_what = "feature of a timestep" if kind == "series" else "column"
        check_names(strips.feature_names, shape[-1], of_what)
    draw = {"image": _draw_images, "series": _draw_series, "bars": _draw_bars}[kind]
    with restored_on_error(ax):
        return draw(ax, strips)


def _check_row_numbers(strips: Strips) -> None:
    numbers, n_rows = strips.row_numbers, len(strips.versions[strips.reference])
    if numbers is not None and len(numbers) != n_rows:
        raise ValueError(
            f"row_numbers holds {len(numbers)} numbers, but there are {n_rows} rows; pass one for "
            "each, or None."
        )


def _draw_images(ax: "Axes | None", strips: Strips) -> Panels:
    shape = strips.format.shape
    n_versions, n_rows = len(strips.versions), len(next(iter(strips.versions.values())))
    has_difference, is_grey = strips.difference is not None, len(shape) == 2
    beside = [slice(0, n_versions)] * is_grey + [slice(n_versions, None)] * has_difference
    panels = make_panels(
        ax,
        n_versions + has_difference,
        n_rows,
        cell=image_cell(shape),
        beside=beside,
        beside_width=0.12,
        label_width=1.1,
    )
    bars = list(panels.beside)
    reference = strips.versions[strips.reference]
    limits = value_limits(reference)
    for axes, (name, rows) in zip(panels.axes, strips.versions.items(), strict=False):
        image = _draw_strip(axes, name, rows, shape, cmap=strips.cmap, **limits)
    if is_grey:
        extend = clipped_ends(limits, *strips.versions.values())
        panels.figure.colorbar(image, cax=bars.pop(0), label="value", extend=extend)
    if strips.difference is not None:
        _draw_difference_strip(panels, strips, strips.difference, bars.pop(0))
    for axes, number in zip(panels.axes[0], _row_names(strips, n_rows), strict=True):
        axes.set_title(number, fontsize="small")
    return panels


def image_cell(shape: tuple[int, ...], width: float = 0.85) -> tuple[float, float]:
    """Return the width and the height of the panel of an image, in inches."""
    return width, float(np.clip(width * shape[0] / shape[1], 0.3, 3.0))


def _draw_strip(
    axes: Array, name: str, rows: Iterable[Array], shape: tuple[int, ...], **options: Any
) -> "AxesImage":
    for ax, row in zip(axes, rows, strict=True):
        image = draw_image(ax, row, shape, **options)
    axes[0].set_ylabel(name, rotation=0, ha="right", va="center")
    return image


def _draw_difference_strip(panels: Panels, strips: Strips, difference: Array, bar: "Axes") -> None:
    shape = strips.format.shape
    name = DIFFERENCE.replace(" ", "\n", 1)
    rows: Iterable[Array] = difference
    if len(shape) == 3:
        rows = [colour_difference(row, shape) for row in difference]
        name += ",\ncolour that\ndiffers most"
    options = {"cmap": strips.difference_cmap, **symmetric_limits(difference)}
    image = _draw_strip(panels.axes[-1], name, rows, shape[:2], **options)
    panels.figure.colorbar(image, cax=bar, label="difference")


def _draw_series(ax: "Axes | None", strips: Strips) -> Panels:
    shape, n_versions = strips.format.shape, len(strips.versions)
    n_rows = len(next(iter(strips.versions.values())))
    has_difference = strips.difference is not None
    names, legend = names_of_series(strips.feature_names, shape), [slice(0, 1)] * has_legend(shape)
    panels = make_panels(
        ax,
        n_rows,
        n_versions + has_difference,
        cell=(2.6, 1.0),
        beside=legend,
        beside_width=legend_width(names),
    )
    share_scales(panels.axes, x=True)
    share_scales(panels.axes[:, :n_versions], y=True)
    for axes, (name, rows) in zip(panels.axes.T, strips.versions.items(), strict=False):
        axes[0].set_title(f"{name}, value", fontsize="medium")
        for panel, row in zip(axes, rows, strict=True):
            curves = draw_series(panel, row, shape, names=strips.feature_names)
    if strips.difference is not None:
        _draw_difference_series(panels.axes[:, -1:], strips, strips.difference)
    if legend:
        legend_beside(panels.beside[0], curves, names)
    for panel in panels.axes[-1]:
        panel.set_xlabel("timestep")
    _name_rows(panels.axes[:, 0], strips)
    return panels


def _draw_difference_series(axes: Array, strips: Strips, difference: Array) -> None:
    share_scales(axes, y=True)
    axes[0, 0].set_title(DIFFERENCE, fontsize="medium")
    for panel, row in zip(axes[:, 0], difference, strict=True):
        panel.axhline(0, color="0.5", linewidth=0.8)
        draw_series(panel, row, strips.format.shape, names=strips.feature_names)
    _centre(axes[0, 0], difference)


def _centre(ax: "Axes", differences: Array) -> None:
    limit = 1.1 * symmetric_limits(differences)["vmax"]
    ax.set_ylim(-limit, limit)


def _draw_bars(ax: "Axes | None", strips: Strips) -> Panels:
    means, deviations = strips.feature_means, strips.feature_deviations
    versions = {
        name: standardized(rows, means, deviations) for name, rows in strips.versions.items()
    }
    n_rows, n_features = next(iter(versions.values())).shape
    has_difference = strips.difference is not None
    width = float(np.clip(0.3 * n_features, 3.4, 7))
    panels = make_panels(
        ax,
        n_rows,
        1 + has_difference,
        cell=(width, 1.0),
        beside=[slice(0, 1)],
        beside_width=1.2,
        below=names_height(strips.feature_names),
    )
    share_scales(panels.axes, x=True)
    share_scales(panels.axes[:, :1], y=True)
    first, *others = versions
    for i, panel in enumerate(panels.axes[:, 0]):
        bars = draw_bars(panel, versions[first][i], label=first)
        points = draw_points(panel, {name: versions[name][i] for name in others}, connected=False)
        panel.margins(y=0.15)
    unit = "value" if means is None else "deviation from the mean\n(standard deviations)"
    panels.axes[0, 0].set_title(unit, fontsize="medium")
    if strips.difference is not None:
        _draw_difference_bars(panels.axes[:, 1:], strips, strips.difference)
    scale = MARKER_SIZE / points[0].get_markersize()
    legend_beside(panels.beside[0], [bars, *points], list(versions), markerscale=scale)
    for panel in panels.axes[-1]:
        name_features(panel, strips.feature_names)
    _name_rows(panels.axes[:, 0], strips)
    return panels


def _draw_difference_bars(axes: Array, strips: Strips, difference: Array) -> None:
    share_scales(axes, y=True)
    means, deviations = strips.feature_means, strips.feature_deviations
    differences = standardized_differences(difference, means, deviations)
    unit = "" if means is None else "\n(standard deviations)"
    axes[0, 0].set_title(DIFFERENCE + unit, fontsize="medium")
    for panel, row in zip(axes[:, 0], differences, strict=True):
        draw_bars(panel, row, colour="0.4")
    _centre(axes[0, 0], differences)


def _row_names(strips: Strips, n_rows: int) -> list[str]:
    return [""] * n_rows if strips.row_numbers is None else [f"row {k}" for k in strips.row_numbers]


def _name_rows(axes: Array, strips: Strips) -> None:
    for ax, name in zip(axes, _row_names(strips, len(axes)), strict=True):
        ax.set_ylabel(name)
