"""Pictures of pages, as PNG."""

import io
import warnings
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DPI = 144


class Picture(NamedTuple):
    """An image within the page, its description, and its natural width in CSS pixels."""

    src: str
    alt: str
    width: int


@contextmanager
def any_script() -> Iterator[None]:
    """Draw boxes for letters that matplotlib's font lacks, without a warning for each."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)
        # Another warning is of scripts whose letters change with their neighbours.
        warnings.filterwarnings("ignore", "Matplotlib currently does not support", UserWarning)
        yield


def new_figure() -> "Figure":
    """Return an empty figure."""
    # Not through pyplot, which would keep it and might open a window.
    from matplotlib.figure import Figure

    return Figure(layout="constrained")


def to_png(figure: "Figure") -> bytes:
    """Return a figure as PNG."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI)
    return buffer.getvalue()


def to_picture(png: bytes, alt: str) -> Picture:
    """Return a PNG as part of a page."""
    width = int.from_bytes(png[16:20]) * 96 // DPI
    return Picture(f"data:image/png;base64,{b64encode(png).decode()}", alt, width)
