"""The table and the advice that the command line prints."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from skae.cli._cautions import cautions
from skae.cli._table_file import Table
from skae.comparison import (
    COLUMNS,
    Cell,
    Comparison,
    TableComparison,
    describe_table,
    recommend,
    score_rows,
    summarise,
)

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text


_N_ADVICE = 2  # sentences


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Silence libraries of C++ that write to stderr past Python, such as TensorFlow as it loads."""
    saved, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(nowhere)


def print_table(comparison: Comparison) -> None:
    """Print the scores; a narrow terminal gets no deviations, and then fewer of the scores."""
    console, metrics = _console(), list(comparison.scores)
    # Names and sizes stay, and the first score: without them the others say nothing.
    fewer = [(metrics[:n], False) for n in range(len(metrics), 0, -1)]
    for shown, deviations in [(metrics, True), *fewer]:
        table = _table(comparison, shown, deviations)
        width = console.measure(table, options=console.options.update(width=1000)).maximum
        if not console.is_terminal:
            console.width = max(width, console.width)
        if width <= console.width:
            break
    console.print(table)
    left_out = [COLUMNS[metric].label for metric in metrics[len(shown) :]]
    if left_out:
        console.print(f"Left out, as the terminal is narrow: {', '.join(left_out)}.", markup=False)


def print_summary(comparison: Comparison, table: Table) -> None:
    """Print the main finding, what to mind, and the advice; the page says more."""
    columns = describe_table(comparison) if isinstance(comparison, TableComparison) else []
    advice = [*cautions(comparison, table), *recommend(comparison)[:_N_ADVICE]]
    for sentence in (summarise(comparison)[0], *columns, *advice):
        _console().print(sentence, markup=False, soft_wrap=not sys.stdout.isatty())


def _console() -> "Console":
    from rich.console import Console

    return Console(file=sys.stdout, highlight=False)


def _table(comparison: Comparison, metrics: Sequence[str], deviations: bool) -> "RichTable":
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("reducer", overflow="fold")
    table.add_column("compo-\nnents", justify="right", no_wrap=True)
    for metric in metrics:
        table.add_column(COLUMNS[metric].heading, justify="right", no_wrap=True)
    for row in score_rows(comparison):
        if row["first"]:
            table.add_section()
        cells = [_cell(cell, deviations) for cell in row["cells"][: len(metrics)]]
        table.add_row(row["name"], row["size"], *cells)
    return table


def _cell(cell: Cell, deviations: bool) -> "Text":
    from rich.text import Text

    text = f"{cell['mean']} ± {cell['deviation']}" if deviations else cell["mean"]
    return Text(text, style="bold" if cell["best"] else "", no_wrap=True)
