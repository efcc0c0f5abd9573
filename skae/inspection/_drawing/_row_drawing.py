"""Draw single rows, as images, series or bars; arrays in, artists out."""

import numpy as np

from skae.inspection._drawing._legends import slanted_height
from skae.inspection._drawing._style import COLOURS, plain, short_name, styles, tidy

MOST_NAMES = 30
MARKER_SIZE = 4
_MOST_LABELLED = len(COLOURS)
_MOST_BARS = 100  # each is an artist, which takes matplotlib a millisecond


def value_limits(*arrays):
    """The lowest and the highest value, as keyword arguments of `imshow`."""
    return {
        "vmin": float(min(np.nanmin(array) for array in arrays)),
        "vmax": float(max(np.nanmax(array) for array in arrays)),
    }


def clipped_ends(limits, *arrays):
    """Which ends of a colour bar some values lie beyond."""
    found = value_limits(*arrays)
    below, above = found["vmin"] < limits["vmin"], found["vmax"] > limits["vmax"]
    return {(0, 0): "neither", (1, 0): "min", (0, 1): "max", (1, 1): "both"}[below, above]


def symmetric_limits(differences):
    """Limits with zero in the middle, as keyword arguments of `imshow`."""
    largest = float(np.nanmax(np.abs(differences)))
    # A perfect reconstruction would leave no range to colour.
    largest = largest if largest > 0 else 1.0
    return {"vmin": -largest, "vmax": largest}


def draw_image(ax, row, shape, *, cmap, vmin, vmax):
    """Draw a row as an image, grey or in three colours; returns the image."""
    image = np.reshape(row, shape)
    if len(shape) == 3:
        image = np.clip((image - vmin) / ((vmax - vmin) or 1.0), 0, 1)
    ax.set(xticks=[], yticks=[])
    return ax.imshow(image, cmap=cmap, vmin=vmin, vmax=vmax)


def colour_difference(row, shape):
    """Differences of an image in three colours, one a pixel: of the colour that differs most."""
    # Their mean could be zero where two colours are exchanged.
    pixels = np.reshape(row, shape)
    largest = np.abs(pixels).argmax(axis=2)
    return np.take_along_axis(pixels, largest[:, :, np.newaxis], axis=2)[:, :, 0]


def draw_series(ax, row, shape, *, names=None):
    """Draw one curve for each feature of a row over its timesteps; returns the curves."""
    curves, labels = [], names_of_series(names, shape)
    for values, label, style in zip(np.reshape(row, shape).T, labels, styles(), strict=False):
        style = {**style, "marker": "." if shape[0] == 1 else ""}
        curves += ax.plot(values, label=label, linewidth=1.2, **style)
    tidy(ax)
    return curves


def names_of_series(names, shape):
    """What the features of a timestep are called in a legend."""
    return [f"feature {k}" for k in range(shape[1])] if names is None else [*map(short_name, names)]


def has_legend(shape):
    """Whether a legend of a series says anything, and its curves can be told apart."""
    return 1 < shape[1] <= _MOST_LABELLED


def draw_bars(ax, row, *, colour="0.8", label=None):
    """Draw a bar for each feature of a row, from zero; returns the bars."""
    if len(row) > _MOST_BARS:
        # Outlined, as a bar may be narrower than a pixel.
        edges = np.arange(len(row) + 1) - 0.5
        look = {"facecolor": colour, "edgecolor": colour, "linewidth": 0.7}
        bars = ax.stairs(row, edges, fill=True, label=label, **look)
    else:
        bars = ax.bar(range(len(row)), row, color=colour, label=label)
    ax.axhline(0, color="0.5", linewidth=0.8, zorder=0)
    tidy(ax)
    return bars


def draw_points(ax, rows, *, connected=True):
    """Draw a marker for each feature of each of the named rows; returns the curves."""
    curves = []
    for k, ((name, row), style) in enumerate(zip(rows.items(), styles(), strict=False)):
        places = np.arange(len(row), dtype=float)
        # Larger ones would hide the bars of many features.
        size = MARKER_SIZE if len(row) <= _MOST_BARS else 0.4 * MARKER_SIZE
        if not connected:
            style = {**style, "linestyle": ""}
            # Side by side, as one would hide the other where they agree.
            places += 0.2 * (k - (len(rows) - 1) / 2)
        curves += ax.plot(places, row, label=plain(name), markersize=size, **style)
    return curves


def names_height(names):
    """Height in inches of the names of features below bars."""
    if names is None or len(names) > MOST_NAMES:
        return 0.0
    return slanted_height([*map(short_name, names)])


def name_features(ax, names, **options):
    """Write the names of features below their bars, where there is room."""
    if names is None or len(names) > MOST_NAMES:
        ax.set_xlabel("Feature")
        ax.xaxis.get_major_locator().set_params(integer=True)
        return
    options = {"rotation": 45, "ha": "right", **options}
    ax.set_xticks(range(len(names)), map(short_name, names), **options)
