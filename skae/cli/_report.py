"""Write a comparison as `comparison.csv`, `comparison.png` and `report.html`, all or nothing."""

import platform
from base64 import b64encode
from collections.abc import Iterable, Mapping
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import skae
from skae.cli._alt_texts import (
    describe_codes,
    describe_curves,
    describe_neighbours,
    describe_place,
    describe_reconstructions,
)
from skae.cli._cautions import cautions
from skae.cli._drafts import check_directory, write_together
from skae.cli._figures import DPI, draw_codes, draw_curves, draw_reconstructions
from skae.cli._table_file import Table
from skae.comparison import (
    COLUMNS,
    Comparison,
    components,
    listed,
    recommend,
    score_rows,
    summarise,
)

_FILES = ("comparison.csv", "comparison.png", "report.html")
_PACKAGES = ("scikit-learn", "numpy", "keras", "tensorflow")
_SMALL_PANEL = (4.4, 3.3)  # its letters are readable on a telephone


class Picture(NamedTuple):
    """An image within the page, its description, and its natural width in CSS pixels."""

    src: str
    alt: str
    width: int


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
    contents = (
        comparison.to_frame().to_csv(index=False).encode(),
        draw_curves(comparison, list(comparison.scores)),
        _render(comparison, table, details).encode(),
    )
    return write_together(Path(directory), dict(zip(_FILES, contents, strict=True)))


def check_writable(directory: str | Path) -> None:
    """Refuse a directory that could not be written to after a long comparison."""
    check_directory(directory, _FILES)


def _render(comparison: Comparison, table: Table, details: Mapping[str, Any]) -> str:
    import jinja2

    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        loader=jinja2.FunctionLoader(_read_template),
        trim_blocks=True,
    )
    return environment.get_template("_report.html").render(
        comparison=comparison,
        table=table,
        date=datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %z"),
        reducers=listed(comparison.reducers),
        summary=_unbroken(summarise(comparison)),
        recommendation=_unbroken([*cautions(comparison, table), *recommend(comparison)]),
        labels=[COLUMNS[metric].label for metric in comparison.scores],
        rows=score_rows(comparison),
        curves=[_curve(comparison, metric) for metric in comparison.scores],
        codes=_codes(comparison, table),
        reconstructions=_reconstructions(comparison, table),
        largest=components(comparison.n_components[-1]),
        versions=_versions(),
        **details,
    )


def _unbroken(sentences: Iterable[str]) -> list[str]:
    """Keep numbers and their percent signs on one line."""
    return [sentence.replace(" %", "\N{NO-BREAK SPACE}%") for sentence in sentences]


def _read_template(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


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


def _picture(png: bytes, alt: str) -> Picture:
    width = int.from_bytes(png[16:20]) * 96 // DPI
    return Picture(f"data:image/png;base64,{b64encode(png).decode()}", alt, width)


def _versions() -> dict[str, str]:
    python = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    others = {name: _version(name) for name in _PACKAGES}
    return {"python": python, "skae": skae.__version__, **others}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
