"""The picture: bars, shorter is better in every panel; costs on logarithmic scales."""

from typing import NamedTuple

import matplotlib.pyplot as plt

from benchmarks._harness import duration
from benchmarks.peers._measures import growth, kilobytes
from benchmarks.peers._peers import BY_KEY
from skae.inspection._drawing._style import COLOURS, tidy

OURS, THEIRS = COLOURS[0], COLOURS[5]
LEAST_GROWTH = 0.1  # MB: less is noise, and a logarithm needs something


def least_growth(value):
    return growth(value) if value > LEAST_GROWTH else f"under {growth(LEAST_GROWTH)}"


class Panel(NamedTuple):
    title: str
    measures: tuple  # whose medians are added
    show: object
    scale: str = "log"


PANELS = [
    Panel("import and first fit", ("import", "first_fit"), duration),
    Panel("later fits", ("fit",), duration),
    Panel("a step", ("step",), duration),
    Panel("one row", ("one_row",), duration),
    Panel("search, 19 fits", ("search",), duration),
    Panel("memory growth, 100 fits", ("memory",), least_growth),
    Panel("pickle", ("pickle",), kilobytes),
    Panel("not explained, held out (1 - R2)", ("r2",), "{:.3f}".format, "linear"),
]


def value_of(results, key, panel):
    values = [results.median(key, measure) for measure in panel.measures]
    if None in values:
        return None
    value = sum(values)
    if panel.measures == ("memory",):
        return max(value, LEAST_GROWTH)
    value = 1 - value if panel.measures == ("r2",) else value
    # A difference of two short times may be negative, and has no logarithm.
    return value if value > 0 else None


def draw(results):
    keys = [key for key in results.peers if is_drawn(results, key)][::-1]
    names = [BY_KEY[key].name for key in keys]
    figure, grid = plt.subplots(
        2, 4, sharey=True, figsize=(13, 0.6 * len(keys) + 2.2), layout="constrained"
    )
    for ax, panel in zip(grid.flat, PANELS, strict=True):
        draw_panel(ax, keys, [value_of(results, key, panel) for key in keys], panel)
    grid[0, 0].set_yticks(range(len(keys)), names)
    figure.suptitle("Shorter is better; all scales but the last are logarithmic", fontsize=11)
    figure.supxlabel(about(results), fontsize=8, color="0.35")
    return figure


def is_drawn(results, key):
    """A row of the picture needs a bar in at least half of the panels."""
    return 2 * sum(value_of(results, key, panel) is not None for panel in PANELS) >= len(PANELS)


def draw_panel(ax, keys, values, panel):
    ax.set_title(panel.title, fontsize=10, loc="left")
    tidy(ax)
    ax.tick_params(axis="x", labelsize=8)
    known = [value for value in values if value is not None]
    if not known:
        return
    # On a logarithmic scale bars begin below the shortest, which would otherwise have no length.
    is_log, end = panel.scale == "log", max(known)
    start = min(known) / 2 if is_log else 0.0
    for place, (key, value) in enumerate(zip(keys, values, strict=True)):
        if value is not None:
            colour = OURS if key.startswith("skae") else THEIRS
            ax.barh(place, value - start, left=start, height=0.7, color=colour)
            ax.annotate(
                panel.show(value),
                (value, place),
                xytext=(3, 0),
                textcoords="offset points",
                va="center",
                fontsize=8,
            )
    ax.set_xscale(panel.scale)
    ax.minorticks_off()
    ax.set_xlim(start, end * ((end / start) ** 0.45 if is_log else 1.3))
    ax.locator_params(axis="x", **{"numticks" if is_log else "nbins": 4})
    # A bar shows its value in full, the axis only where it lies.
    ax.xaxis.set_major_formatter(lambda value, place: panel.show(value).replace(".0 ", " "))


def about(results):
    here = results.machine
    return (
        f"{here['processor']}, {here['cores']} cores, {here['system']}, Python {here['python']}, "
        f"scikit-learn {here['scikit-learn']}, Keras {here['keras']}, "
        f"TensorFlow {here['tensorflow']}, PyTorch {here['torch']}, {here['date']}"
    )
