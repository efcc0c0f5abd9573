"""Draw codes as points or as histograms; arrays in, artists out."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from skae.inspection._drawing._style import plain, styles, tidy
from skae.numerics import Array, Bools

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PathCollection


def marker_area(n_points: int) -> float:
    """Return the area of a marker in squared points: many points need small ones."""
    return float(np.clip(30000 / n_points, 10, 36))


def markerscale(handles: Sequence[Any]) -> float:
    """Return how much larger a legend draws markers, so that their form is seen."""
    areas = [handle.get_sizes()[0] for handle in handles if hasattr(handle, "get_sizes")]
    return float(np.sqrt(40 / areas[0])) if areas else 1.0


def draw_classes(
    ax: "Axes", points: Array, members: Mapping[str, Bools], options: Mapping[str, Any]
) -> list[Any]:
    """Draw the points of each class; return the entries of a legend."""
    handles = []
    for (name, is_member), style in zip(members.items(), styles(), strict=False):
        x, y = points[is_member].T
        look = {"color": style["color"], "marker": style["marker"], **options}
        handles.append(ax.scatter(x, y, label=plain(name), **look))
    tidy(ax)
    return handles


def draw_histogram(
    ax: "Axes", values: Array, members: Mapping[str, Bools], n_bins: int
) -> list[Any]:
    """Draw how often values occur in each class; return the entries of a legend."""
    bins, handles = np.histogram_bin_edges(values, n_bins), []
    for (name, is_member), style in zip(members.items(), styles(), strict=False):
        counts = np.histogram(values[is_member], bins)[0]
        line = {"color": style["color"], "linestyle": style["linestyle"]}
        # A light area would hide the classes behind it: outlines do not.
        handles.append(ax.stairs(counts, bins, label=plain(name), linewidth=1.5, **line))
    ax.set_ylabel("rows in a bin")
    tidy(ax)
    return handles


def draw_values(
    ax: "Axes", x: Array, y: Array, values: Array, cmap: Any, options: Mapping[str, Any]
) -> "PathCollection":
    """Draw points coloured by their values; return them, for a colour bar."""
    tidy(ax)
    return ax.scatter(x, y, c=values, cmap=cmap, **options)
