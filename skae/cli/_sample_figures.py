"""Pictures of drawn rows beside real ones."""

import math
from typing import Any

import numpy as np

from skae.cli._fidelity import Likeness
from skae.cli._png import any_script, new_figure, to_png
from skae.cli._recovery import as_floats
from skae.numerics import Array

_MOST_PANELS = 24
_MOST_LEVELS = 8
_N_COLUMNS = 4
_MANY_DAYS = 200  # more are told by month


@any_script()
def draw_marginals(real: Any, drawn: Any, found: list[Likeness]) -> bytes:
    """Draw a small panel for each column, the least alike first."""
    shown = sorted(found, key=lambda one: -one.distance)[:_MOST_PANELS]
    figure = new_figure()
    n_columns = min(_N_COLUMNS, len(shown))
    n_rows = math.ceil(len(shown) / n_columns)
    figure.set_size_inches(2.6 * n_columns, 2.1 * n_rows + 0.4)
    axes = figure.subplots(n_rows, n_columns, squeeze=False).ravel()
    for ax, one in zip(axes, shown, strict=False):
        draw = _draw_levels if one.kind == "category" else _draw_numbers
        draw(ax, real[one.name].dropna(), drawn[one.name].dropna())
        ax.set_title(one.name[:26], fontsize="small", parse_math=False)
        ax.tick_params(labelsize="x-small")
        ax.set_yticks([])
    for ax in axes[len(shown) :]:
        ax.set_axis_off()
    from matplotlib.patches import Patch

    handles = [Patch(color="C0", alpha=0.6, label="real"), Patch(color="C1", label="drawn")]
    figure.legend(handles=handles, loc="outside upper center", ncols=2, frameon=False)
    return to_png(figure)


def _draw_numbers(ax: Any, real: Any, drawn: Any) -> None:
    values = [as_floats(real), as_floats(drawn)]
    both = np.concatenate(values)
    if not len(both):
        return
    low, high = np.quantile(both, [0.002, 0.998])
    different = np.unique(values[0])
    if len(different) <= 30 and high > low:
        step = np.diff(different).min() if len(different) > 1 else 1.0
        edges = np.append(different - step / 2, different[-1] + step / 2)
        edges = np.unique(edges)
    else:
        edges = np.linspace(low, high if high > low else low + 1, 31)
    if real.dtype.kind == "M":
        _name_days(ax, edges[0], edges[-1])
    else:
        ax.locator_params(axis="x", nbins=4)
    ax.hist(values[0], bins=edges, density=True, color="C0", alpha=0.6)
    if len(values[1]):
        ax.hist(values[1], bins=edges, density=True, color="C1", histtype="step", linewidth=1.5)


def _name_days(ax: Any, first: float, last: float) -> None:
    # Numbers of days are too long to stand below so small a panel.
    days = [first + (last - first) * share for share in (0.1, 0.5, 0.9)]
    texts = [str(np.datetime64(0, "D") + np.timedelta64(round(day), "D")) for day in days]
    shortest = 7 if last - first > _MANY_DAYS else 10
    ax.set_xticks(days, [text[:shortest] for text in texts])


def _draw_levels(ax: Any, real: Any, drawn: Any) -> None:
    shares = [some.astype(str).value_counts(normalize=True) for some in (real, drawn)]
    levels = list(shares[0].index[:_MOST_LEVELS])
    values = [[share.get(level, 0.0) for level in levels] for share in shares]
    if len(shares[0]) > len(levels):
        levels.append("other")
        for some in values:
            some.append(max(0.0, 1 - sum(some)))
    places = np.arange(len(levels))
    ax.barh(places - 0.2, values[0], 0.4, color="C0", alpha=0.6)
    ax.barh(places + 0.2, values[1], 0.4, color="C1")
    ax.invert_yaxis()
    for place, level in zip(places, levels, strict=True):
        ax.text(0.01, place, level[:24], fontsize=6, va="center", parse_math=False)


@any_script()
def draw_associations(names: list[str], real: Array, drawn: Array) -> bytes:
    """Draw what columns say about each other: in real rows, in drawn ones, and the difference."""
    figure = new_figure()
    side = max(2.6, 0.17 * len(names))
    figure.set_size_inches(3 * side + 2.2, side + 1.5)
    axes = figure.subplots(1, 3, sharey=True)
    for ax, table, title in zip(axes[:2], (real, drawn), ("real", "drawn"), strict=True):
        image = ax.imshow(table, vmin=0, vmax=1, cmap="Blues")
        ax.set_title(title)
    difference = axes[2].imshow(drawn - real, vmin=-0.5, vmax=0.5, cmap="RdBu")
    axes[2].set_title("drawn less real")
    for ax in axes:
        short = [name[:18] for name in names]
        options = {"fontsize": "x-small", "parse_math": False}
        ax.set_xticks(range(len(names)), short, rotation=90, **options)
        ax.set_yticks(range(len(names)), short, **options)
    figure.colorbar(image, ax=axes[:2], shrink=0.7)
    figure.colorbar(difference, ax=axes[2], shrink=0.7)
    return to_png(figure)
