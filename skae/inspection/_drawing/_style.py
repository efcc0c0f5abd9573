"""Where displays draw, and colours that everyone can tell apart."""

from itertools import count

from skae.messages import needs_extra

# Okabe and Ito's colours, which colour-blind readers tell apart, from dark to light; the markers
# and line styles still differ where a page is printed in grey.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000", "#E69F00", "#56B4E9")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
_MOST_CHARACTERS, _LAST = 30, 10  # of a name
_LINES = ("-", "--", "-.", ":", (0, (6, 2)), (0, (3, 1, 1, 1)), (0, (1, 2)))


def styles():
    """Yield keyword arguments of `Axes.plot`, one distinguishable set for each curve."""
    for turn in count():
        # Where colours come again, they meet other markers and lines.
        for i, colour in enumerate(COLOURS):
            place = (i + turn) % len(COLOURS)
            yield {"color": colour, "marker": MARKERS[place], "linestyle": _LINES[place]}


def plain(text):
    """Keep matplotlib from reading dollar signs in a user's names as mathematics."""
    return str(text).replace("$", r"\$")


def short_name(name):
    """A user's name as labels have room for it: without its middle, as ends often tell apart."""
    name = str(name)
    if len(name) > _MOST_CHARACTERS:
        name = f"{name[: _MOST_CHARACTERS - _LAST - 1]}…{name[-_LAST:]}"
    return plain(name)


def check_colormap(parameter, value):
    """Refuse a colormap that matplotlib does not know."""
    with needs_extra("compare"):
        from matplotlib import colormaps
        from matplotlib.colors import Colormap
    if value is not None and not isinstance(value, Colormap) and value not in list(colormaps):
        raise ValueError(
            f"{parameter}={value!r} is not known; pass one of the names in matplotlib.colormaps, "
            "such as 'viridis', or a matplotlib Colormap."
        )


def axes_to_draw_in(ax=None):
    """The axes given, or those of a new figure."""
    with needs_extra("compare"):
        import matplotlib.pyplot as plt
    return plt.subplots(layout="constrained")[1] if ax is None else ax


def tidy(ax):
    """Take away what carries no data."""
    ax.spines[["top", "right"]].set_visible(False)
