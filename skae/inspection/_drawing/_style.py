"""Where displays draw, and colours that everyone can tell apart."""

from collections.abc import Iterator, Sequence
from itertools import count
from typing import TYPE_CHECKING, Any

from skae.messages import needs_extra
from skae.numerics import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes


# Okabe and Ito's colours, which colour-blind readers tell apart, from dark to light; the markers
# and line styles still differ where a page is printed in grey.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000", "#E69F00", "#56B4E9")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
# Unit of a component, in labels.
UNITS = "units of the code"
_MOST_CHARACTERS, _LAST = 30, 10  # of a name
_LINES = ("-", "--", "-.", ":", (0, (6, 2)), (0, (3, 1, 1, 1)), (0, (1, 2)))

# Names of features or rows, of any type that has a text.
Names = Sequence[object] | Array


def styles() -> Iterator[dict[str, Any]]:
    """Yield keyword arguments of `Axes.plot`, one distinguishable set for each curve."""
    for turn in count():
        # Where colours come again, they meet other markers and lines.
        for i, colour in enumerate(COLOURS):
            place = (i + turn) % len(COLOURS)
            yield {"color": colour, "marker": MARKERS[place], "linestyle": _LINES[place]}


def plain(text: object) -> str:
    """Keep matplotlib from reading dollar signs in a user's names as mathematics."""
    return str(text).replace("$", r"\$")


def short_name(name: object) -> str:
    """Shorten a user's name for a label: leave out its middle, as ends often tell names apart."""
    name = str(name)
    if len(name) > _MOST_CHARACTERS:
        name = f"{name[: _MOST_CHARACTERS - _LAST - 1]}…{name[-_LAST:]}"
    return plain(name)


def check_colormap(parameter: str, value: object) -> None:
    """Refuse a colormap that matplotlib does not know."""
    with needs_extra("compare"):
        from matplotlib import colormaps
        from matplotlib.colors import Colormap
    if value is not None and not isinstance(value, Colormap) and value not in list(colormaps):
        raise ValueError(
            f"{parameter}={value!r} is not known; pass one of the names in matplotlib.colormaps, "
            "such as 'viridis', or a matplotlib Colormap."
        )


def axes_to_draw_in(ax: "Axes | None" = None) -> "Axes":
    """Return the axes given, or those of a new figure."""
    with needs_extra("compare"):
        import matplotlib.pyplot as plt
    return plt.subplots(layout="constrained")[1] if ax is None else ax


def count_by_integers(ax: "Axes") -> None:
    """Put the ticks of the x axis at integers only."""
    locator: Any = ax.xaxis.get_major_locator()
    locator.set_params(integer=True)


def tidy(ax: "Axes") -> None:
    """Hide the lines of axes that carry no data."""
    ax.spines[["top", "right"]].set_visible(False)
