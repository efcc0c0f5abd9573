"""The command `impute`: fill what is missing, and say how well that goes."""

from argparse import Namespace
from typing import Any

import numpy as np

from skae.cli._drafts import check_directory
from skae.cli._filling import filled_bytes
from skae.cli._learning import (
    blocks,
    learn,
    read_whole,
    settings_of,
    some_rows,
    tell_notes,
    used_columns,
)
from skae.cli._needs import needs_packages
from skae.cli._outliers import print_sentences
from skae.cli._page import Page, PageTable, Section, render
from skae.cli._png import any_script, new_figure, to_picture, to_png
from skae.cli._progress import Progress
from skae.cli._recovery import Recovery, recoveries
from skae.cli._writing import output_path, page_beside, rounded_like
from skae.drafts import write_together
from skae.numerics import Array

_HIDDEN = 0.1  # of the known cells
_MOST_TRIED = 20_000  # rows, of which cells are hidden


def run_impute(options: Namespace, command: str) -> None:
    """Follow the parsed arguments."""
    needs_packages()
    path = output_path(options.output, options.file, "-filled")
    page_path = page_beside(path)
    check_directory(path.parent, [path.name, page_path.name])
    progress = Progress()
    source = read_whole(options, progress)
    frame = source.frame
    holes = frame.isna()
    counts = holes.sum()
    if not counts.any():
        raise ValueError(f"{source.path}: no value is missing, so there is nothing to fill.")
    tell_notes(source)
    tried, hidden = _with_hidden(some_rows(frame, _MOST_TRIED, options.random_state), options)
    rehearsal = learn(
        tried.mask(hidden), options, progress, "Trying it on hidden values", purpose="holes"
    )
    judged = _judge(rehearsal.model, tried, hidden, progress)
    learnt = learn(frame, options, progress, "Learning from all that is known", purpose="holes")
    values = _fillings(learnt.model, frame, holes, progress)
    left = {name: int(count) for name, count in counts.items() if count and name not in values}
    content = filled_bytes(source, values, path)
    findings = _findings(counts, values, judged)
    advice = [*learnt.sentences, *_still_missing(left), *_not_found(judged, counts)]
    n_tried = int(hidden.to_numpy().sum())
    with progress.step("Drawing"):
        png = _draw(judged, counts)
    page = Page(
        f"What was missing in {source.name}",
        f"{len(frame):,} rows, {frame.shape[1]} columns. {' '.join(source.notes)}",
        findings,
        _sections(counts, values, judged, png, n_tried, len(tried)),
        command,
        settings_of(options, learnt),
        advice,
        progress.warnings,
    )
    print_sentences([*findings, *advice], progress)
    contents = {path.name: content, page_path.name: render(page)}
    paths = write_together(path.parent, contents)
    print(f"Written: {', '.join(map(str, paths))}")


def _with_hidden(rows: Any, options: Namespace) -> tuple[Any, Any]:
    """Return some rows, and which of their known cells are to be hidden."""
    import pandas as pd

    rng = np.random.default_rng(options.random_state)
    chosen = rng.uniform(size=rows.shape) < _HIDDEN
    # A row of which nothing is known says nothing.
    chosen[np.arange(len(rows)), rng.integers(rows.shape[1], size=len(rows))] = False
    hidden = pd.DataFrame(chosen, index=rows.index, columns=rows.columns) & rows.notna()
    return rows, hidden


def _judge(model: Any, rows: Any, hidden: Any, progress: Progress) -> list[Recovery]:
    import pandas as pd

    names = used_columns(model, rows)
    seen = rows.mask(hidden)
    with progress.step("Filling hidden values"):
        guess = pd.concat([model.impute(block) for block in blocks(seen)])
    return recoveries(rows, guess, seen, names, hidden)


def _fillings(
    model: Any, frame: Any, holes: Any, progress: Progress
) -> dict[str, tuple[Array, Any]]:
    """Return, by column, the places of holes that can be filled, and what fills them."""
    import pandas as pd

    with_holes = holes.any(axis=1).to_numpy()
    rows = np.flatnonzero(with_holes)
    parts: dict[str, list[Any]] = {name: [] for name in frame if holes[name].any()}
    with progress.step(f"Filling {len(rows):,} rows"):
        for block in blocks(frame.iloc[rows]):
            filled = model.impute(block)
            for name, found in parts.items():
                found.append(filled[name][block[name].isna()].astype(object))
    values = {}
    for name, found in parts.items():
        fillings = pd.concat(found)
        places = np.flatnonzero(holes[name].to_numpy())
        is_known = fillings.notna().to_numpy()
        if is_known.any():
            fillings = fillings[is_known].infer_objects()
            values[name] = (places[is_known], rounded_like(fillings, frame[name]))
    return values


def _findings(counts: Any, values: dict[str, Any], judged: list[Recovery]) -> list[str]:
    n_filled = sum(len(rows) for rows, _ in values.values())
    n_columns = len(values)
    lead = (
        f"{n_filled:,} missing values in {n_columns} column{'' if n_columns == 1 else 's'} were "
        "filled; nothing else was changed."
    )
    return [lead, *_how_well(judged)]


def _how_well(judged: list[Recovery]) -> list[str]:
    sentences = []
    levels = [found for found in judged if not found.is_number]
    numbers = [found for found in judged if found.is_number]
    if levels:
        found, plain = (_weighted(levels, place) for place in ("found", "plain"))
        sentences.append(
            f"Of hidden categories {100 * found:.0f} % were found again; guessing the most "
            f"frequent level finds {100 * plain:.0f} %."
        )
    if numbers:
        ratio = float(np.mean([found.found / found.plain for found in numbers if found.plain]))
        sentences.append(
            f"Hidden numbers were missed by {100 * ratio:.0f} % of what the mean of the column "
            "misses them by, on average over columns."
        )
    return sentences


def _weighted(found: list[Recovery], attribute: str) -> float:
    sizes = [one.n_values for one in found]
    return float(np.average([getattr(one, attribute) for one in found], weights=sizes))


def _still_missing(left: dict[str, int]) -> list[str]:
    if not left:
        return []
    names = ", ".join(f"{name} ({count})" for name, count in list(left.items())[:8])
    return [f"Still missing, as these columns were left out: {names}."]


def _not_found(judged: list[Recovery], counts: Any) -> list[str]:
    poor = [one.name for one in judged if counts.get(one.name, 0) and one.gain < 0.02]
    if not poor:
        return []
    return [
        f"No better than the mean or the most frequent level: {', '.join(poor[:8])}. What is "
        "filled there says nothing about the row."
    ]


def _sections(
    counts: Any,
    values: dict[str, Any],
    judged: list[Recovery],
    png: bytes,
    n_hidden: int,
    n_rows: int,
) -> list[Section]:
    by_name = {found.name: found for found in judged}
    rows = []
    for name in sorted(counts.index, key=lambda name: -counts[name]):
        found = by_name.get(name)
        if not counts[name] and found is None:
            continue
        n_filled = len(values[name][0]) if name in values else 0
        rows.append(
            [name, f"{counts[name]:,}", f"{n_filled:,}", *(found.cells() if found else [""] * 4)]
        )
    alt = "How much of what was hidden is found again, by column: " + "; ".join(
        f"{found.name} {100 * max(found.gain, 0):.0f} %" for found in judged
    )
    how = (
        f"{n_hidden:,} known values of {n_rows:,} rows were hidden, at random and one in ten; a "
        "model that had not seen them filled them. A bar of 100 % says that all are found exactly, "
        "one of 0 % that the most frequent level or the mean of the column does as well. Values "
        "that are missing for a reason may be harder than values hidden at random."
    )
    header = ["Column", "Missing", "Filled", "Kind", "Found again", "Plain guess", "Gain"]
    caption = (
        "Found again: the share of hidden categories that is right, or the root mean squared error "
        "of hidden numbers and dates. Plain guess: the same of the most frequent level or the mean."
    )
    return [
        Section("How well hidden values are found again", [how], to_picture(png, alt)),
        Section("Columns", table=PageTable(caption, header, rows)),
    ]


def _draw(judged: list[Recovery], counts: Any) -> bytes:
    return draw_gains(judged, "found again, beyond the most frequent level or the mean", counts)


@any_script()
def draw_gains(judged: list[Recovery], label: str, counts: Any = None) -> bytes:
    """Draw a bar for each column, the best first; those that have holes are marked."""
    shown = sorted(judged, key=lambda found: found.gain)[-40:]
    figure = new_figure()
    figure.set_size_inches(7.5, 0.24 * len(shown) + 1.3)
    ax = figure.subplots()
    gains = [100 * max(found.gain, 0.0) for found in shown]
    kinds = ["C0" if found.is_number else "C1" for found in shown]
    ax.barh(range(len(shown)), gains, color=kinds)
    names = [
        f"{found.name[:30]} ({counts[found.name]:,} missing)"
        if counts is not None and counts[found.name]
        else found.name[:30]
        for found in shown
    ]
    ax.set_yticks(range(len(shown)), names, fontsize="small", parse_math=False)
    ax.set(xlim=(0, 100), ylim=(-0.6, len(shown) - 0.4), xlabel=f"% {label}")
    from matplotlib.patches import Patch

    handles = [Patch(color="C0", label="numbers"), Patch(color="C1", label="categories")]
    figure.legend(handles=handles, loc="outside upper right", ncols=2, frameon=False)
    return to_png(figure)
