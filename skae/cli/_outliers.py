"""The command `outliers`: rank rows by how odd they are, and say why."""

import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np

from skae.cli._drafts import check_directory, write_together
from skae.cli._learning import learn, read_whole, settings_of, tell_notes
from skae.cli._needs import needs_packages
from skae.cli._page import Page, PageTable, Section, render
from skae.cli._png import any_script, new_figure, to_picture, to_png
from skae.cli._progress import Progress
from skae.cli._reading import Source
from skae.cli._surprises import Surprises, reasons, surprises
from skae.numerics import Array

_FILES = ("outliers.csv", "outliers.png", "report.html")
_MOST_SHOWN = 12  # columns, in the picture
_MOST_DRAWN = 25  # rows


def run_outliers(options: Namespace, command: str) -> None:
    """Follow the parsed arguments."""
    needs_packages()
    check_directory(options.output, _FILES)
    progress = Progress()
    source = read_whole(options, progress)
    tell_notes(source)
    learnt = learn(source.frame, options, progress, "Learning what is usual")
    with progress.step(f"Judging {len(source.frame):,} rows"):
        found = surprises(learnt.model, source.frame)
        order = np.argsort(-found.scores, kind="stable")
        why = reasons(learnt.model, found, source.frame, order)
    n_shown = min(options.n_rows, len(order))
    ranked = _ranked(source, found, order, why)
    page = _page(source, found, order, why, n_shown)
    with progress.step("Drawing"):
        png = _draw(source, found, order[:n_shown])
        sections = _sections(page, png, ranked, n_shown, found)
    contents = (
        ranked.to_csv(index=False).encode(),
        png,
        render(
            Page(
                f"Odd rows of {source.name}",
                f"{len(order):,} rows, {len(found.columns)} columns judged. "
                f"{' '.join(source.notes)}",
                page,
                sections,
                command,
                settings_of(options, learnt),
                [*learnt.sentences, _MIND],
                progress.warnings,
            )
        ),
    )
    _print(page, learnt.sentences, ranked.head(n_shown), progress)
    paths = write_together(Path(options.output), dict(zip(_FILES, contents, strict=True)))
    print(f"Written: {', '.join(map(str, paths))}")


_MIND = (
    "Odd is not wrong: a score says how surprising a row is to a model of all rows, the odd ones "
    "among them. Look at the reasons before you drop a row."
)


def _ranked(source: Source, found: Surprises, order: Array, why: list[list[str]]) -> Any:
    import pandas as pd

    columns: dict[str, Any] = {"rank": np.arange(1, len(order) + 1), "row": order}
    if source.labels is not None:
        columns["label"] = source.labels.to_numpy()[order]
    columns["score"] = np.round(found.scores[order], 3)
    for place in range(3):
        columns[f"reason_{place + 1}"] = [told[place] if place < len(told) else "" for told in why]
    return pd.DataFrame(columns)


def _page(
    source: Source, found: Surprises, order: Array, why: list[list[str]], n_shown: int
) -> list[str]:
    first = order[0]
    reason = f": {why[0][0]}" if why[0] else ""
    unit = "" if found.unit == "shares" else " nats"
    lead = (
        f"The oddest row is row {first} (the first is 0), {found.scores[first]:.1f}{unit} above "
        f"what is usual{reason}."
    )
    names = [found.columns[found.parts[row].argmax()] for row in order[:n_shown]]
    often = max(set(names), key=lambda name: (names.count(name), name))
    median = float(np.median(found.scores))
    sentences = [lead, f"Half of all rows score {median:.1f}{unit} or less."]
    if names.count(often) > 1:
        sentences.append(
            f"Of the {n_shown} oddest rows, {names.count(often)} are odd by “{often}” most of all."
        )
    return sentences


def _sections(
    sentences: list[str], png: bytes, ranked: Any, n_shown: int, found: Surprises
) -> list[Section]:
    alt = (
        "Left, how many rows have which score, with the rows shown marked; right, which columns "
        "make each of these odd. " + sentences[0]
    )
    has_labels = "label" in ranked
    rows = [
        [
            str(row["row"]) if not has_labels else f"{row['row']} ({row['label']})",
            f"{row['score']:.1f}",
            *(row[f"reason_{place}"] for place in (1, 2, 3)),
        ]
        for _, row in ranked.head(n_shown).iterrows()
    ]
    header = ["Row", "Score", "First reason", "Second", "Third"]
    explained = "Each value is compared with what the model makes of the row. " + (
        "A reason of 3 nats says that the value is about 20 times less likely than such values "
        "usually are, one of 7 about 1,000 times."
        if found.unit == "nats"
        else "A reason of 3 says that the value is missed by 3 times as much as the mean of "
        "the column, or the frequencies of its levels, miss its values."
    )
    return [
        Section("How odd, and by what", [explained], to_picture(png, alt)),
        Section(
            "The oddest rows",
            table=PageTable(
                "Rows are counted from 0. outliers.csv has all of them.",
                header,
                rows,
                frozenset({2, 3, 4}),
            ),
        ),
    ]


@any_script()
def _draw(source: Source, found: Surprises, shown: Array) -> bytes:
    figure = new_figure()
    shown = shown[:_MOST_DRAWN]
    figure.set_size_inches(10.5, max(3.6, 0.24 * len(shown) + 1.6))
    left, right = figure.subplots(1, 2, width_ratios=[1, 1.5])
    edges = np.linspace(0, found.scores.max() or 1, 41)
    left.hist(found.scores, bins=edges, color="C0")
    left.axvline(found.scores[shown[-1]], color="C1", label=f"{len(shown)} oddest rows")
    left.set(yscale="log", xlabel=f"score in {found.unit}", ylabel="rows", title="All rows")
    left.legend(frameon=False, fontsize="small")
    parts = np.clip(found.parts[shown], 0, None)
    places = np.argsort(-parts.sum(axis=0))[:_MOST_SHOWN]
    image = right.imshow(parts[:, places], aspect="auto", cmap="Blues", vmin=0)
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
    figure.colorbar(image, ax=right, label=found.unit)
    return to_png(figure)


def _print(sentences: list[str], notes: list[str], ranked: Any, progress: Progress) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    console = Console(file=sys.stdout, highlight=False)
    if not console.is_terminal:
        console.width = 200
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("row", justify="right", no_wrap=True)
    table.add_column("score", justify="right", no_wrap=True)
    table.add_column("why", overflow="fold")
    from rich.text import Text

    for _, row in ranked.iterrows():
        why = "; ".join(row[f"reason_{place}"] for place in (1, 2, 3) if row[f"reason_{place}"])
        table.add_row(str(row["row"]), f"{row['score']:.1f}", Text(why))
    console.print(table)
    print_sentences([sentences[0], *notes], progress)


def print_sentences(sentences: list[str], progress: Progress) -> None:
    """Print findings on stdout and, after them, warnings on stderr."""
    for sentence in sentences:
        print(sentence)
    for message in progress.warnings:
        print(f"warning: {message}", file=sys.stderr)
