"""Write a comparison as `comparison.csv`, `comparison.png` and `report.html`, all or nothing."""

import os
import platform
from base64 import b64encode
from collections.abc import Iterable, Mapping
from contextlib import suppress
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
from skae.cli._figures import (
    DPI,
    MOST_COLUMNS,
    draw_codes,
    draw_columns,
    draw_curves,
    draw_reconstructions,
)
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

_FILES = ("comparison.csv", "comparison.png", "report.html", "columns.csv")
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
    contents = [
        comparison.to_frame().to_csv(index=False).encode(),
        draw_curves(comparison, list(comparison.scores)),
        _render(comparison, table, details).encode(),
    ]
    if isinstance(comparison, TableComparison):
        contents.append(comparison.to_column_frame().to_csv(index=False).encode())
    return _write_together(Path(directory), dict(zip(_FILES, contents, strict=False)))


def check_writable(directory: str | Path) -> None:
    """Refuse a directory that could not be written to after a long comparison."""
    directory = Path(directory)
    made, probe = [], directory / f".{os.getpid()}"
    try:
        # What can be written depends on more than permissions: to know, make a file.
        made = _missing(directory)
        directory.mkdir(parents=True, exist_ok=True)
        probe.touch()
    except OSError as error:
        reason = error.strerror or error
        raise ValueError(
            f"--output {directory}: no directory that can be written to ({reason}); choose another."
        ) from error
    finally:
        _remove([probe], made)
    taken = [name for name in _FILES if (directory / name).is_dir()]
    if taken:
        raise ValueError(
            f"--output {directory}: {taken[0]} is a directory in it, and no file can take its "
            "place; choose another."
        )


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
        summary=_unbroken(_findings(comparison)),
        recommendation=_unbroken([*cautions(comparison, table), *recommend(comparison)]),
        labels=[COLUMNS[metric].label for metric in comparison.scores],
        rows=score_rows(comparison),
        curves=[_curve(comparison, metric) for metric in comparison.scores],
        codes=_codes(comparison, table),
        **_of_kind(comparison, table),
        largest=components(comparison.n_components[-1]),
        versions=_versions(),
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


def _write_together(directory: Path, contents: Mapping[str, bytes]) -> list[Path]:
    made = _missing(directory)
    drafts = {directory / name: directory / f".{name}.{os.getpid()}" for name in contents}
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for draft, content in zip(drafts.values(), contents.values(), strict=True):
            draft.write_bytes(content)
        for path, draft in drafts.items():
            os.replace(draft, path)
    except BaseException:  # Ctrl-C too
        _remove(drafts.values(), made)
        raise
    return list(drafts)


def _missing(directory: Path) -> list[Path]:
    """Return the directory and its parents, as far as they do not exist yet."""
    return [path for path in (directory, *directory.parents) if not path.exists()]


def _remove(drafts: Iterable[Path], directories: Iterable[Path]) -> None:
    for draft in drafts:
        with suppress(OSError):
            draft.unlink()
    for directory in directories:
        # One that already received a file stays.
        with suppress(OSError):
            directory.rmdir()
