"""Draw rows beside their reconstructions, as images or as bars and lines."""

from typing import TYPE_CHECKING, Any

from skae.inspection._drawing._row_drawing import (
    draw_bars,
    draw_image,
    draw_points,
    name_features,
    value_limits,
)
from skae.inspection._drawing._row_format import row_format
from skae.inspection._drawing._style import Names, plain
from skae.inspection._drawing._units import standardized

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from skae.comparison import Comparison


N_BARS = 4  # rows drawn as bars; each takes the whole width


def draw_reconstructions(
    figure: "Figure", comparison: "Comparison", feature_names: Names | None
) -> None:
    """Draw the rows that a comparison kept in an empty figure, and give it their size."""
    figure.set_layout_engine("constrained")
    kind, shape = row_format(comparison.originals.shape[1])
    if kind == "image":
        _draw_images(figure, comparison, shape)
    else:
        _draw_bars(figure, comparison, feature_names)


def _draw_images(figure: "Figure", comparison: "Comparison", shape: tuple[int, ...]) -> None:
    strips = {"original": comparison.originals, **comparison.reconstructions}
    n_rows = len(comparison.originals)
    figure.set_size_inches(1.4 + 0.8 * n_rows, 0.1 + 0.85 * len(strips))
    axes = figure.subplots(len(strips), n_rows, squeeze=False)
    limits = value_limits(comparison.originals)
    for strip, (name, rows) in zip(axes, strips.items(), strict=True):
        for ax, row in zip(strip, rows, strict=True):
            draw_image(ax, row, shape, cmap="gray_r", **limits)
        strip[0].set_ylabel(plain(name), rotation=0, ha="right", va="center")


def _draw_bars(figure: "Figure", comparison: "Comparison", feature_names: Names | None) -> None:
    n_rows = min(N_BARS, len(comparison.originals))
    figure.set_size_inches(8, 0.8 + 2 * n_rows)
    axes = figure.subplots(n_rows, 1, sharex=True, squeeze=False).ravel()
    for i, ax in enumerate(axes):
        handles = _draw_row(ax, comparison, i)
    name_features(axes[-1], feature_names)
    figure.supylabel("Deviations from the feature's mean")
    labels = ["original", *map(plain, comparison.reconstructions)]
    figure.legend(handles, labels, loc="outside upper center", ncols=4, frameon=False)


def _draw_row(ax: "Axes", comparison: "Comparison", i: int) -> list[Any]:
    moments = comparison.feature_means, comparison.feature_deviations
    bars = draw_bars(ax, standardized(comparison.originals[i], *moments), label="original")
    reconstructions = comparison.reconstructions.items()
    rows = {name: standardized(rows[i], *moments) for name, rows in reconstructions}
    points = draw_points(ax, rows)
    ax.set_title(f"Held-out row {i + 1}", loc="left", fontsize="medium")
    return [bars, *points]
