"""Draw single rows, as images, series or bars; arrays in, artists out."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from skae.inspection._drawing._legends import slanted_height
from skae.inspection._drawing._style import (
    COLOURS,
    Names,
    count_by_integers,
    plain,
    short_name,
    styles,
    tidy,
)
from skae.numerics import Array, ArrayLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage
    from matplotlib.lines import Line2D


MOST_NAMES = 30
MARKER_SIZE = 4
_MOST_LABELLED = len(COLOURS)
_MOST_BARS = 100  # each is an artist, which takes matplotlib a millisecond


def value_limits(*arrays: ArrayLike) -> dict[str, float]:
    """Return the lowest and the highest value, as keyword arguments of `imshow`."""
    return {
        "vmin": float(min(np.nanmin(array) for array in arrays)),
        "vmax": float(max(np.nanmax(array) for array in arrays)),
    }


def clipped_ends(limits: Mapping[str, float], *arrays: ArrayLike) -> str:
    """Return the ends of a colour bar that some values lie beyond."""
    found = value_limits(*arrays)
    below, above = found["vmin"] < limits["vmin"], found["vmax"] > limits["vmax"]
    return {(0, 0): "neither", (1, 0): "min", (0, 1): "max", (1, 1): "both"}[below, above]


def symmetric_limits(differences: Array) -> dict[str, float]:
    """Return limits with zero in the middle, as keyword arguments of `imshow`."""
    largest = float(np.nanmax(np.abs(differences)))
    # A perfect reconstruction would leave no range to colour.
    largest = largest if largest > 0 else 1.0
    return {"vmin": -largest, "vmax": largest}


def draw_image(
    ax: "Axes", row: Array, shape: tuple[int, ...], *, cmap: Any, vmin: float, vmax: float
) -> "AxesImage":
    """Draw a row as an image, grey or in three colours; returns the image."""
    image = np.reshape(row, shape)
    if len(shape) == 3:
        image = np.clip((image - vmin) / ((vmax - vmin) or 1.0), 0, 1)
    ax.set(xticks=[], yticks=[])
    return ax.imshow(image, cmap=cmap, vmin=vmin, vmax=vmax)


def colour_difference(row: Array, shape: tuple[int, ...]) -> Array:
    """Return the difference of each pixel of an image in the colour that differs most."""
    # Their mean could be zero where two colours are exchanged.
    pixels = np.reshape(row, shape)
    largest = np.abs(pixels).argmax(axis=2)
    return np.take_along_axis(pixels, largest[:, :, np.newaxis], axis=2)[:, :, 0]


def draw_series(
    ax: "Axes", row: Array, shape: tuple[int, ...], *, names: Names | None = None
) -> "list[Line2D]":
    """Draw one curve for each feature of a row over its timesteps; returns the curves."""
    curves, labels = [], names_of_series(names, shape)
    for values, label, style in zip(np.reshape(row, shape).T, labels, styles(), strict=False):
        style = {**style, "marker": "." if shape[0] == 1 else ""}
        curves += ax.plot(values, label=label, linewidth=1.2, **style)
    tidy(ax)
    return curves


def names_of_series(names: Names | None, shape: tuple[int, ...]) -> list[str]:
    """Return names of the features of a timestep for a legend."""
    return [f"feature {k}" for k in range(shape[1])] if names is None else [*map(short_name, names)]


def has_legend(shape: tuple[int, ...]) -> bool:
    """Return whether a legend of a series says anything, and its curves can be told apart."""
    return 1 < shape[1] <= _MOST_LABELLED


def draw_bars(ax: "Axes", row: Array, *, colour: str = "0.8", label: str | None = None) -> Any:
    """Draw a bar for each feature of a row, from zero; returns the bars."""
    if len(row) > _MOST_BARS:
        # Outlined, as a bar may be narrower than a pixel.
        edges = np.arange(len(row) + 1) - 0.5
        look: dict[str, Any] = {"facecolor": colour, "edgecolor": colour, "linewidth": 0.7}
        bars: Any = ax.stairs(row, edges, fill=True, label=label, **look)
    else:
        bars = ax.bar(range(len(row)), row, color=colour, label=label)
    ax.axhline(0, color="0.5", linewidth=0.8, zorder=0)
    tidy(ax)
    return bars


def draw_points(ax: "Axes", rows: Mapping[str, Array], *, connected: bool = True) -> "list[Line2D]":
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


def check_names(names: Names | None, n_names: int, of_what: str) -> None:
    """Refuse feature names of another number than there are features to name."""
    if names is not None and len(names) != n_names:
        raise ValueError(
            f"feature_names holds {len(names)} names, but {n_names} were expected, one for each "
            f"{of_what}; pass as many, or None."
        )


def names_height(names: Names | None) -> float:
    """Return the height in inches of the names of features below bars."""
    if names is None or len(names) > MOST_NAMES:
        return 0.0
    return slanted_height([*map(short_name, names)])


def name_features(ax: "Axes", names: Names | None, **options: Any) -> None:
    """Write the names of features below their bars, where there is room."""
    if names is None or len(names) > MOST_NAMES:
        ax.set_xlabel("Feature")
        count_by_integers(ax)
        return
    options = {"rotation": 45, "ha": "right", **options}
    ax.set_xticks(range(len(names)), map(short_name, names), **options)
