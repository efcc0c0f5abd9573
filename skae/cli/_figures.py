"""The pictures of a comparison as PNG."""

import math
from collections.abc import Sequence
from typing import Any

from skae.cli._png import any_script as _any_script, new_figure as _new_figure, to_png as _to_png
from skae.comparison import Comparison, TableComparison

MOST_COLUMNS = 40  # in a picture
_WIDTH, _LINE = 7.2, 0.24  # inches
_LETTER = 0.075  # inches, of the legend


@_any_script()
def draw_curves(
    comparison: Comparison, metrics: Sequence[str], *, panel: tuple[float, float] = (5, 3.6)
) -> bytes:
    """Draw a panel for each metric, two in a row, below one legend.

    Parameters
    ----------
    comparison : Comparison
        The scores.

    metrics : sequence of str
        The scores to draw.

    panel : tuple of 2 floats, default=(5, 3.6)
        Width and height of a panel in inches.

    Returns
    -------
    png : bytes
    """
    n_columns = min(2, len(metrics))
    n_rows = math.ceil(len(metrics) / n_columns)
    figure = _new_figure()
    figure.set_size_inches(panel[0] * n_columns, panel[1] * n_rows)
    axes = figure.subplots(n_rows, n_columns, squeeze=False).ravel()
    for ax, metric in zip(axes, metrics, strict=False):
        legend = comparison.plot(metric, ax=ax).ax_.get_legend()
        if legend is not None:
            legend.remove()
        ax.yaxis.label.set_size("small")  # some are as long as a panel is high
        if len(comparison.n_components) == 1:
            _zoom_out(ax, comparison.n_components[0])
    for ax in axes[len(metrics) :]:
        ax.set_axis_off()
    # One legend above: within the panels, it would hide curves as soon as there are several.
    handles, labels = axes[0].get_legend_handles_labels()
    n_letters = 7 + max(map(len, labels))
    fitting = int(panel[0] * n_columns / (_LETTER * n_letters))
    options = {"ncols": max(1, min(fitting, len(labels))), "frameon": False, "fontsize": "small"}
    figure.legend(handles, labels, loc="outside upper center", **options)
    return _to_png(figure)


@_any_script()
def draw_columns(comparison: TableComparison) -> bytes:
    """Draw what is explained of each column; return the PNG."""
    figure = _new_figure()
    n_columns = min(len(comparison.columns), MOST_COLUMNS)
    figure.set_size_inches(_WIDTH, 1.2 + _LINE * n_columns)
    comparison.plot_columns(n_columns=MOST_COLUMNS, ax=figure.subplots())
    return _to_png(figure)


@_any_script()
def draw_codes(comparison: Comparison, target: str | None) -> bytes:
    """Draw the codes of each reducer side by side; return the PNG."""
    figure = _new_figure()
    comparison.plot_codes(target_name=target, figure=figure)
    return _to_png(figure)


@_any_script()
def draw_reconstructions(comparison: Comparison, names: Sequence[str] | None) -> bytes:
    """Draw a few rows and their reconstructions; return the PNG."""
    figure = _new_figure()
    comparison.plot_reconstructions(feature_names=names, figure=figure)
    return _to_png(figure)


def _zoom_out(ax: Any, size: int) -> None:
    # Alone on the axis, the points of one size would be at its two ends.
    ax.set_xlim(size / 1.5, size * 1.5)
