"""The command `outliers`: rank rows by how odd they are, and say why."""

import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np

from skae.cli._drafts import check_directory
from skae.cli._learning import read_whole, settings_of, tell_notes
from skae.cli._needs import needs_packages
from skae.cli._page import Page, PageTable, Section, render
from skae.cli._png import any_script, new_figure, to_picture, to_png
from skae.cli._progress import Progress
from skae.cli._reading import Source
from skae.cli._surprises import Surprises, learn_usual, reasons, surprises
from skae.drafts import write_together
from skae.numerics import Array

_FILES = ("outliers.csv", "outliers.png", "report.html")
_N_REASONS = 3
_MOST_EXPLAINED = 1_000  # rows
_MOST_SHOWN = 12  # columns, in the picture
_MOST_DRAWN = 25  # rows
_HOW = (
    "Each value is compared with what the other columns of its row suggest, by models that have "
    "not seen the row. A reason is the evidence that the value is wrong: by n nats, the odds that "
    "it is wrong rather than usual are e^n to 1, taken that one value in a hundred is wrong. 3 "
    "nats say 20 to 1, of a value about 1,900 times less likely than such values usually are."
)
_MIND = (
    "Odd is not wrong: a score says how surprising a row is beside the others. Look at the reasons "
    "before you drop a row."
)


def run_outliers(options: Namespace, command: str) -> None:
    """Follow the parsed arguments."""
    needs_packages()
    check_directory(options.output, _FILES)
    progress = Progress()
    source = read_whole(options, progress)
    tell_notes(source)
    learnt = learn_usual(source.frame, options, progress, "Learning what is usual")
    with progress.step(f"Judging {len(source.frame):,} rows"):
        found = surprises(learnt.model, source.frame)
    order = np.argsort(-found.scores, kind="stable")
    explained = order[: max(_MOST_EXPLAINED, options.n_rows)]
    with progress.step(f"Explaining {len(explained):,} rows"):
        why = reasons(learnt.model, source.frame.iloc[explained], _N_REASONS)
    ranked = _ranked(source, found, order, why)
    shown = ranked.head(options.n_rows)
    findings = _findings(found, order, why, len(shown))
    with progress.step("Drawing"):
        png = _draw(found, order[: len(shown)])
    page = Page(
        f"Odd rows of {source.name}",
        f"{len(order):,} rows, {len(found.columns)} columns judged. {' '.join(source.notes)}",
        findings,
        _sections(findings, png, shown),
        command,
        settings_of(options, learnt),
        [*learnt.sentences, _MIND],
        progress.warnings,
    )
    contents = ranked.to_csv(index=False).encode(), png, render(page)
    _print_table(shown)
    print_sentences([*findings[:2], *learnt.sentences], progress)
    paths = write_together(Path(options.output), dict(zip(_FILES, contents, strict=True)))
    print(f"Written: {', '.join(map(str, paths))}")


def _ranked(source: Source, found: Surprises, order: Array, why: list[list[str]]) -> Any:
    import pandas as pd

    columns: dict[str, Any] = {"rank": np.arange(1, len(order) + 1), "row": order}
    if source.labels is not None:
        columns["label"] = source.labels.to_numpy()[order]
    columns["score"] = np.round(found.scores[order], 3)
    columns["is_outlier"] = found.is_outlier[order]
    nothing = [""] * (len(order) - len(why))
    for place in range(_N_REASONS):
        texts = [told[place] if place < len(told) else "" for told in why]
        columns[f"reason_{place + 1}"] = texts + nothing
    return pd.DataFrame(columns)


def _score(score: float) -> str:
    return f"{round(score, 1) + 0.0:.1f}"  # and not -0.0


def _reasons_of(row: Any) -> list[str]:
    return [row[f"reason_{place + 1}"] for place in range(_N_REASONS)]


def _findings(found: Surprises, order: Array, why: list[list[str]], n_shown: int) -> list[str]:
    first = order[0]
    reason = f": {why[0][0]}" if why[0] else ""
    n_odd = int(found.is_outlier.sum())
    rows = "row is" if n_odd == 1 else "rows are"
    with_score = f"row {first} (the first is 0), with {_score(found.scores[first])} nats{reason}."
    if n_odd == 0:
        return [
            f"No row of {len(order):,} is odd beyond what is usual; least usual is {with_score}"
        ]
    sentences = [
        f"{n_odd:,} of {len(order):,} {rows} odd beyond what is usual.",
        f"The oddest is {with_score}",
    ]
    names = [found.columns[found.parts[row].argmax()] for row in order[:n_shown]]
    often = max(set(names), key=lambda name: (names.count(name), name))
    if names.count(often) > 1:
        sentences.append(
            f"Of the {n_shown} oddest rows, {names.count(often)} are odd by “{often}” most of all."
        )
    return sentences


def _sections(findings: list[str], png: bytes, shown: Any) -> list[Section]:
    alt = (
        "Left, how many rows have which score, with the rows shown marked; right, which columns "
        f"make each of these odd. {' '.join(findings)}"
    )
    rows = [
        [
            f"{row['row']} ({row['label']})" if "label" in shown else str(row["row"]),
            _score(row["score"]),
            *_reasons_of(row),
        ]
        for _, row in shown.iterrows()
    ]
    caption = (
        "Rows are counted from 0. outliers.csv has all of them, and reasons of the first "
        f"{_MOST_EXPLAINED:,}."
    )
    header = ["Row", "Score", "First reason", "Second", "Third"]
    table = PageTable(caption, header, rows, frozenset({2, 3, 4}))
    return [
        Section("How odd, and by what", [_HOW], to_picture(png, alt)),
        Section("The oddest rows", table=table),
    ]


@any_script()
def _draw(found: Surprises, shown: Array) -> bytes:
    figure = new_figure()
    shown = shown[:_MOST_DRAWN]
    figure.set_size_inches(10.5, max(3.6, 0.24 * len(shown) + 1.6))
    left, right = figure.subplots(1, 2, width_ratios=[1, 1.5])
    edges = np.linspace(min(0.0, found.scores.min()), max(found.scores.max(), 1e-3), 41)
    left.hist(found.scores, bins=edges, color="C0")
    left.axvline(found.scores[shown[-1]], color="C1", label=f"{len(shown)} oddest rows")
    left.set(yscale="log", xlabel="score in nats", ylabel="rows", title="All rows")
    left.legend(frameon=False, fontsize="small")
    parts = np.clip(found.parts[shown], 0, None)
    places = np.argsort(-parts.sum(axis=0))[:_MOST_SHOWN]
    # Beyond the evidence that nobody doubts, colours tell no difference.
    image = right.imshow(parts[:, places], aspect="auto", cmap="Blues", vmin=0, vmax=_vmax(parts))
    right.set_xticks(
        range(len(places)),
        [found.columns[place][:22] for place in places],
        rotation=45,
        ha="right",
        rotation_mode="anchor",
        fontsize="small",
        parse_math=False,
    )
    right.set_yticks(range(len(shown)), [f"row {row}" for row in shown], fontsize="x-small")
    right.set_title("The oddest rows, by column")
    figure.colorbar(image, ax=right, label="nats", extend="max")
    return to_png(figure)


def _vmax(parts: Array) -> float:
    return float(min(max(parts.max(), 1e-3), 10.0))


def _print_table(shown: Any) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(file=sys.stdout, highlight=False)
    if not console.is_terminal:
        console.width = 200
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("row", justify="right", no_wrap=True)
    table.add_column("score", justify="right", no_wrap=True)
    table.add_column("why", overflow="fold")
    for _, row in shown.iterrows():
        why = "; ".join(filter(None, _reasons_of(row)))
        table.add_row(str(row["row"]), _score(row["score"]), Text(why))
    console.print(table)


def print_sentences(sentences: list[str], progress: Progress) -> None:
    """Print findings on stdout and, after them, warnings on stderr."""
    for sentence in sentences:
        print(sentence)
    for message in progress.warnings:
        print(f"warning: {message}", file=sys.stderr)
