"""Write a comparison as `comparison.csv`, `comparison.png` and `report.html`, all or nothing."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from skae.cli._alt_texts import (
    describe_codes,
    describe_curves,
    describe_neighbours,
    describe_place,
    describe_reconstructions,
)
from skae.cli._cautions import cautions
from skae.cli._drafts import check_directory
from skae.cli._figures import (
    MOST_COLUMNS,
    draw_codes,
    draw_columns,
    draw_curves,
    draw_reconstructions,
)
from skae.cli._page import environment_of_pages, versions
from skae.cli._png import Picture, to_picture as _picture
from skae.cli._report_tables import column_rows, describe_columns, example_rows, n_examples
from skae.cli._table_file import Table
from skae.comparison import (
    COLUMNS,
    MEANING,
    Comparison,
    TableComparison,
    components,
    describe_table,
    listed,
    recommend,
    score_rows,
    summarise,
)
from skae.drafts import write_together

_FILES = ("comparison.csv", "comparison.png", "columns.csv", "report.html")
_SMALL_PANEL = (4.4, 3.3)  # its letters are readable on a telephone


def write_report(
    directory: str | Path, comparison: Comparison, table: Table, **details: Any
) -> list[Path]:
    """Render everything first, then write the files beside their names and move them there.

    Parameters
    ----------
    directory : path-like
        Made with its parents if it does not exist.

    comparison : Comparison
        The scores.

    table : Table
        The rows that were compared.

    **details
        `command` (str), `settings` (dict), `models` (dict of name to estimator) and `warnings`
        (list of str), shown in the page.

    Returns
    -------
    paths : list of Path
        The files.
    """
    scores, picture, columns, page = _FILES
    contents = {
        scores: comparison.to_frame().to_csv(index=False).encode(),
        picture: draw_curves(comparison, list(comparison.scores)),
    }
    if isinstance(comparison, TableComparison):
        contents[columns] = comparison.to_column_frame().to_csv(index=False).encode()
    contents[page] = _render(comparison, table, details).encode()
    return write_together(Path(directory), contents)


def check_writable(directory: str | Path) -> None:
    """Refuse a directory that could not be written to after a long comparison."""
    check_directory(directory, _FILES)


def _render(comparison: Comparison, table: Table, details: Mapping[str, Any]) -> str:
    environment = environment_of_pages()
    return environment.get_template("_report.html").render(
        comparison=comparison,
        table=table,
        date=datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %z"),
        reducers=listed(comparison.reducers),
        summary=_unbroken(_findings(comparison)),
        recommendation=_unbroken([*cautions(comparison, table), *recommend(comparison)]),
        labels=[COLUMNS[metric].label for metric in comparison.scores],
        rows=score_rows(comparison),
        curves=[_curve(comparison, metric) for metric in comparison.scores],
        codes=_codes(comparison, table),
        **_of_kind(comparison, table),
        largest=components(comparison.n_components[-1]),
        versions=versions(),
        **details,
    )


def _findings(comparison: Comparison) -> list[str]:
    found = summarise(comparison)
    return (
        [*found, *describe_table(comparison)] if isinstance(comparison, TableComparison) else found
    )


def _of_kind(comparison: Comparison, table: Table) -> dict[str, Any]:
    """Return what the page shows of numbers, or of other columns."""
    if not isinstance(comparison, TableComparison):
        return {"is_table": False, "reconstructions": _reconstructions(comparison, table)}
    return {
        "is_table": True,
        "columns_picture": _picture(draw_columns(comparison), describe_columns(comparison)),
        "most_columns": MOST_COLUMNS,
        "column_rows": column_rows(comparison),
        "example_rows": example_rows(comparison),
        "n_examples": n_examples(comparison),
        "meaning": MEANING,
    }


def _unbroken(sentences: Iterable[str]) -> list[str]:
    """Keep numbers and their percent signs on one line."""
    return [sentence.replace(" %", "\N{NO-BREAK SPACE}%") for sentence in sentences]


def _curve(comparison: Comparison, metric: str) -> Picture:
    png = draw_curves(comparison, [metric], panel=_SMALL_PANEL)
    return _picture(png, describe_curves(comparison, metric))


def _codes(comparison: Comparison, table: Table) -> dict[str, Any]:
    return {
        "picture": _picture(
            draw_codes(comparison, table.target), describe_codes(comparison, table.target)
        ),
        "place": describe_place(comparison),
        "neighbours": describe_neighbours(comparison),
    }


def _reconstructions(comparison: Comparison, table: Table) -> Picture:
    png = draw_reconstructions(comparison, table.columns)
    return _picture(png, describe_reconstructions(comparison))
