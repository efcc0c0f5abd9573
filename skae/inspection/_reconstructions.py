"""Draw rows beside their reconstructions, as images or as bars and lines."""

import math

import numpy as np

from skae.inspection._style import plain, styles, tidy

N_BARS = 4  # rows drawn as bars; each takes the whole width
SMALLEST_IMAGE = 8  # sixteen features are hardly an image
MOST_NAMES = 30


def draw_reconstructions(figure, comparison, feature_names):
    """Draw the rows that a comparison kept in an empty figure, and give it their size."""
    figure.set_layout_engine("constrained")
    n_features = comparison.originals.shape[1]
    side = math.isqrt(n_features)
    if side >= SMALLEST_IMAGE and side**2 == n_features:
        _draw_images(figure, comparison, (side, side))
    else:
        _draw_bars(figure, comparison, feature_names)


def _draw_images(figure, comparison, shape):
    strips = {"original": comparison.originals, **comparison.reconstructions}
    n_rows = len(comparison.originals)
    figure.set_size_inches(1.4 + 0.8 * n_rows, 0.1 + 0.85 * len(strips))
    axes = figure.subplots(len(strips), n_rows, squeeze=False)
    limits = {"vmin": comparison.originals.min(), "vmax": comparison.originals.max()}
    for strip, (name, rows) in zip(axes, strips.items(), strict=True):
        for ax, row in zip(strip, rows, strict=True):
            ax.imshow(row.reshape(shape), cmap="gray_r", **limits)
            ax.set(xticks=[], yticks=[])
        strip[0].set_ylabel(plain(name), rotation=0, ha="right", va="center")


def _draw_bars(figure, comparison, feature_names):
    n_rows = min(N_BARS, len(comparison.originals))
    figure.set_size_inches(8, 0.8 + 2 * n_rows)
    axes = figure.subplots(n_rows, 1, sharex=True, squeeze=False).ravel()
    for i, ax in enumerate(axes):
        _draw_row(ax, comparison, i)
    _name_features(axes[-1], feature_names)
    figure.supylabel("Deviations from the feature's mean")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=4, frameon=False)


def _draw_row(ax, comparison, i):
    deviations = comparison.feature_deviations
    scale = np.where(deviations > 0, deviations, 1)
    places = range(len(scale))
    original = (comparison.originals[i] - comparison.feature_means) / scale
    ax.bar(places, original, color="0.8", label="original")
    for (name, rows), style in zip(comparison.reconstructions.items(), styles(), strict=False):
        row = (rows[i] - comparison.feature_means) / scale
        ax.plot(places, row, label=plain(name), markersize=4, **style)
    ax.set_title(f"Held-out row {i + 1}", loc="left", fontsize="medium")
    tidy(ax)


def _name_features(ax, names):
    if names is None or len(names) > MOST_NAMES:
        ax.set_xlabel("Feature")
        return
    short = [name if len(name) <= 25 else f"{name[:24]}…" for name in map(str, names)]
    ax.set_xticks(range(len(short)), map(plain, short), rotation=45, ha="right")
