"""The commands `fit` and `transform`: store a model, and compute codes by one."""

from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np

from skae.cli._arguments import reading_options
from skae.cli._drafts import check_directory
from skae.cli._impute import draw_gains
from skae.cli._learning import (
    in_blocks,
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
from skae.cli._reading import Source, check_range, listed, read_source, split_name
from skae.cli._recovery import Recovery, recoveries
from skae.cli._stored import categories_of, load_model, plain_frame
from skae.cli._writing import output_path, page_beside, table_bytes
from skae.drafts import write_together
from skae.numerics import Array
from skae.persistence import content_of

_MOST_JUDGED = 5_000  # rows
_MOST_DRAWN = 5_000


def run_fit(options: Namespace, command: str) -> None:
    """Follow the parsed arguments of `fit`."""
    needs_packages()
    path = Path(options.output or "model.skae")
    if path.suffix != ".skae":
        raise ValueError(f"--output {path}: expected a name that ends in .skae.")
    page_path = path.with_suffix(".html")
    check_directory(path.parent, [path.name, page_path.name])
    progress = Progress()
    source = read_whole(options, progress)
    tell_notes(source)
    categorical = categories_of(source.frame)
    frame = plain_frame(source.frame, categorical)
    learnt = learn(
        frame,
        options,
        progress,
        "Learning",
        categorical=categorical,
        purpose="codes",
        checkpoint=options.checkpoint,
    )
    model = learnt.model
    content = content_of(model)
    judged = some_rows(frame, _MOST_JUDGED, options.random_state)
    with progress.step("Looking at what it knows"):
        found = recoveries(judged, model.reconstruct(judged), judged, used_columns(model, frame))
        codes = in_blocks(judged, model.transform)
    findings = _findings(model, found, frame)
    with progress.step("Drawing"):
        sections = _sections(found, codes, len(judged))
    page = Page(
        f"A model of {source.name}",
        f"{len(frame):,} rows, {frame.shape[1]} columns. {' '.join(source.notes)}",
        findings,
        sections,
        command,
        settings_of(options, learnt),
        learnt.sentences,
        progress.warnings,
    )
    print_sentences([*findings, *learnt.sentences], progress)
    paths = write_together(path.parent, {path.name: content, page_path.name: render(page)})
    print(f"Written: {', '.join(map(str, paths))}")


def _findings(model: Any, found: list[Recovery], frame: Any) -> list[str]:
    gains = [max(one.gain, 0.0) for one in found]
    n_codes = model.n_components_
    best, worst = (choose(found, key=lambda one: one.gain) for choose in (max, min))
    numbers = "number" if n_codes == 1 else "numbers"
    return [
        f"{n_codes} {numbers} of a row say {100 * np.mean(gains):.0f} % of what its {len(found)} "
        "columns hold beyond means and most frequent levels.",
        f"Best known is “{best.name}” ({100 * max(best.gain, 0):.0f} %), least “{worst.name}” "
        f"({100 * max(worst.gain, 0):.0f} %).",
    ]


def _sections(found: list[Recovery], codes: Array, n_judged: int) -> list[Section]:
    told = "; ".join(f"{one.name} {100 * max(one.gain, 0):.0f} %" for one in found)
    rows = [[one.name, *one.cells()] for one in sorted(found, key=lambda one: -one.gain)]
    png = draw_gains(found, "known from the code, beyond the most frequent level or the mean")
    return [
        Section(
            "What the code says of each column",
            [
                f"Of {n_judged:,} rows of the fit, what is read back from their codes: all of a "
                "column at 100 %, as much as the most frequent level or the mean at 0 %."
            ],
            to_picture(png, f"How much of each column the code knows: {told}."),
            PageTable(
                "Read back: the share of categories that is right, or the root mean squared error "
                "of numbers. Plain guess: the same of the most frequent level, or of the mean.",
                ["Column", "Kind", "Read back", "Plain guess", "Gain"],
                rows,
            ),
        ),
        _section_of_codes(codes, None),
    ]


def run_transform(options: Namespace, command: str) -> None:
    """Follow the parsed arguments of `transform`."""
    needs_packages(fits=False)
    given = options.output or _default_output(options.file)
    path = output_path(given, options.file, "-codes")
    page_path = page_beside(path)
    check_directory(path.parent, [path.name, page_path.name])
    model = load_model(options.model)
    progress = Progress()
    with progress.step(f"Reading {options.file}"):
        source = read_source(options.file, reading_options(options))
    frame, more = _columns_of(model, source)
    tell_notes(source)
    with progress.step(f"Encoding {len(frame):,} rows"):
        codes = in_blocks(frame, model.transform)
    table = _table(model, codes, source)
    findings = [
        f"{len(frame):,} rows have codes of {codes.shape[1]} "
        f"number{'' if codes.shape[1] == 1 else 's'} each."
    ]
    with progress.step("Drawing"):
        section = _section_of_codes(codes, source)
    page = Page(
        f"Codes of {source.name}",
        f"{len(frame):,} rows, {frame.shape[1]} columns. {' '.join(source.notes)}",
        findings,
        [section],
        command,
        {"Model": options.model, "Kind": type(model.autoencoder_).__name__},
        more,
        progress.warnings,
    )
    print_sentences([*findings, *more], progress)
    contents = {path.name: table_bytes(table, path), page_path.name: render(page)}
    paths = write_together(path.parent, contents)
    print(f"Written: {', '.join(map(str, paths))}")


def _default_output(file: str) -> str:
    path = Path(file)
    suffix, packing = split_name(path)
    stem = path.name.removesuffix(packing).removesuffix(suffix)
    return f"{stem}-codes.csv"


def _columns_of(model: Any, source: Source) -> tuple[Any, list[str]]:
    """Return the columns that a model was fitted to, and what to say of others."""
    names = list(model.feature_names_in_)
    lacking = [name for name in names if name not in source.frame]
    if lacking:
        raise ValueError(
            f"{source.path}: lacks {listed(lacking)}, which the model was fitted to; give a table "
            "of the same columns."
        )
    check_range(source.path, source.frame[names])
    others = [name for name in source.frame if name not in names]
    more = []
    if others:
        more.append(f"Not asked of this model, and left aside: {listed(others)}.")
    return plain_frame(source.frame[names], list(model.categorical_features)), more


def _table(model: Any, codes: Array, source: Source) -> Any:
    import pandas as pd

    table = pd.DataFrame(codes, columns=list(model.get_feature_names_out()))
    if source.labels is not None:
        table.insert(0, "label", source.labels.to_numpy())
    return table


def _section_of_codes(codes: Array, source: Source | None) -> Section:
    n_shown = min(len(codes), _MOST_DRAWN)
    rng = np.random.default_rng(0)
    chosen = rng.choice(len(codes), n_shown, replace=False)
    # Components have no order: those that vary most show most.
    order = np.argsort(-codes.var(axis=0))
    first = order[0]
    second = order[1] if len(order) > 1 else None
    png = _draw_codes(codes[chosen], int(first), None if second is None else int(second))
    where = "the two components that vary most" if second is not None else "the one component"
    text = f"{n_shown:,} rows along {where}. Rows that lie close together are alike."
    return Section("Codes", [text], to_picture(png, text))


@any_script()
def _draw_codes(codes: Array, first: int, second: int | None) -> bytes:
    figure = new_figure()
    figure.set_size_inches(6.5, 5)
    ax = figure.subplots()
    if second is None:
        ax.hist(codes[:, first], bins=50)
        ax.set(xlabel=f"component {first}", ylabel="rows")
    else:
        size = 3 if len(codes) > 1000 else 10
        ax.scatter(codes[:, first], codes[:, second], s=size, alpha=0.6, linewidths=0)
        ax.set(xlabel=f"component {first}", ylabel=f"component {second}")
    return to_png(figure)
