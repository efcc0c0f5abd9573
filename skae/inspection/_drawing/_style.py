"""Where displays draw, and colours that everyone can tell apart."""

from itertools import count

from skae.inspection._drawing._extras import compare_extra

# Okabe and Ito's colours, which colour-blind readers tell apart, from dark to light; the markers
# and line styles still differ where a page is printed in grey.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000", "#E69F00", "#56B4E9")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
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


def axes_to_draw_in(ax=None):
    """The axes given, or those of a new figure."""
    with compare_extra():
        import matplotlib.pyplot as plt
    return plt.subplots(layout="constrained")[1] if ax is None else ax


def tidy(ax):
    """Take away what carries no data."""
    ax.spines[["top", "right"]].set_visible(False)
