"""The scores of a comparison as a table: in plain text, and for notebooks."""

from collections.abc import Sequence
from html import escape
from shutil import get_terminal_size
from typing import TYPE_CHECKING
from unicodedata import east_asian_width

from skae.comparison._scores import Cell, Row, column_of, score_rows

if TYPE_CHECKING:
    from skae.comparison._comparison import Comparison


_GAP = "  "
_NO_TERMINAL = 10_000  # characters: nothing is too wide for a file


def as_text(comparison: "Comparison") -> str:
    """Return aligned columns; a terminal too narrow for the deviations gets the means.

    Parameters
    ----------
    comparison : Comparison

    Returns
    -------
    text : str
    """
    text = _text(comparison, deviations=True)
    width = get_terminal_size((_NO_TERMINAL, 24)).columns
    is_wide = max(map(_width, text.splitlines())) > width
    return _text(comparison, deviations=False) if is_wide else text


def _text(comparison: "Comparison", deviations: bool) -> str:
    rows = [
        [row["name"], row["size"], *(_text_of(cell, deviations) for cell in row["cells"])]
        for row in score_rows(comparison)
    ]
    heads = [
        "reducer",
        "compo-\nnents",
        *(column_of(metric).heading for metric in comparison.scores),
    ]
    above, _, below = zip(*(head.rpartition("\n") for head in heads), strict=True)
    table = [above, below, *rows]
    widths = [max(map(_width, column)) for column in zip(*table, strict=True)]
    return "\n".join(_line(cells, widths) for cells in table)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    blanks = [" " * (width - _width(cell)) for cell, width in zip(cells, widths, strict=True)]
    # Names are aligned at their beginnings, numbers at their ends.
    others = (blank + cell for blank, cell in zip(blanks[1:], cells[1:], strict=True))
    return _GAP.join([cells[0] + blanks[0], *others]).rstrip()


def _width(text: str) -> int:
    """Count the columns of a terminal that a text takes; letters of some scripts take two."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def _text_of(cell: Cell, deviations: bool) -> str:
    return f"{cell['mean']} ± {cell['deviation']}" if deviations else cell["mean"]


def as_html(comparison: "Comparison", caption: str) -> str:
    """Return the table of a notebook; the best mean of each size is bold.

    Parameters
    ----------
    comparison : Comparison
    caption : str

    Returns
    -------
    html : str
    """
    labels = ["Reducer", "Components", *(column_of(metric).label for metric in comparison.scores)]
    head = "".join(f'<th scope="col">{escape(label)}</th>' for label in labels)
    body = "\n".join(map(_html_row, score_rows(comparison)))
    return (
        f'<table class="dataframe">\n<caption>{escape(caption)}</caption>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"
    )


def _html_row(row: Row) -> str:
    cells = "".join(f"<td>{_html_of(cell)}</td>" for cell in row["cells"])
    return f'<tr><th scope="row">{escape(row["name"])}</th><td>{row["size"]}</td>{cells}</tr>'


def _html_of(cell: Cell) -> str:
    mean = f"<b>{cell['mean']}</b>" if cell["best"] else cell["mean"]
    return f"{mean} <small>± {cell['deviation']}</small>"
