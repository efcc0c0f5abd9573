"""The command `sample`: draw new rows, and say how alike they are."""

from argparse import Namespace
from typing import Any

import numpy as np

import skae
from skae.cli._drafts import check_directory
from skae.cli._fidelity import (
    Likeness,
    Usefulness,
    associations,
    likenesses,
    usefulness,
)
from skae.cli._learning import (
    in_words_of_the_command,
    learn,
    read_whole,
    sampled,
    settings_of,
    some_rows,
    tell_notes,
)
from skae.cli._needs import needs_packages
from skae.cli._outliers import print_sentences
from skae.cli._page import Page, PageTable, Section, render
from skae.cli._png import to_picture
from skae.cli._progress import Progress
from skae.cli._reading import Source, as_text, check_column, listed
from skae.cli._recovery import is_number
from skae.cli._sample_figures import draw_associations, draw_marginals
from skae.cli._writing import output_path, page_beside, table_bytes
from skae.drafts import write_together
from skae.numerics import Array
from skae.tabular import columns_left_out

_MOST_COMPARED = 5_000  # rows
_MOST_TESTED = 10_000
_HELD_OUT = 0.25
_MOST_ASSOCIATED = 25  # columns
_MOST_LEVELS = 20
_LEAST_GIVEN = 30  # real rows that have what was asked for


def run_sample(options: Namespace, command: str) -> None:
    """Follow the parsed arguments."""
    needs_packages()
    path = output_path(options.output, options.file, "-synthetic")
    page_path = page_beside(path)
    check_directory(path.parent, [path.name, page_path.name])
    progress = Progress()
    source = read_whole(options, progress)
    given = _given(options.given, source)
    tell_notes(source)
    parts = _parts_of_test(source, options)
    learnt = learn(source.frame, options, progress, "Learning what rows are like")
    model = learnt.model
    with progress.step(f"Drawing {options.n_rows:,} rows"):
        rows = model.sample(options.n_rows, options.random_state, given=given or None)
    real, note = _alike(source.frame, given)
    real = some_rows(real, _MOST_COMPARED, options.random_state)
    with progress.step("Comparing drawn rows with real ones"):
        drawn = model.sample(len(real), options.random_state + 1, given=given or None)
        found = likenesses(real, drawn)
        names = [one.name for one in found][:_MOST_ASSOCIATED]
        tables = associations(real, names), associations(drawn, names)
        n_copies = _n_copies(source.frame, rows)
    useful = _useful(parts, options, progress)
    content = table_bytes(rows, path, source)
    findings = _findings(options, rows, given, found, tables, useful)
    advice = [*learnt.sentences, *note, *_copies(n_copies, len(rows)), *_poor(found)]
    with progress.step("Drawing pictures"):
        sections = _sections(real, drawn, found, names, tables, useful, options)
    page = Page(
        f"Rows drawn like those of {source.name}",
        f"{len(source.frame):,} real rows, {len(rows):,} drawn ones, {rows.shape[1]} columns. "
        f"{' '.join(source.notes)}",
        findings,
        sections,
        command,
        settings_of(options, learnt) | ({"Given": _shown_given(given)} if given else {}),
        advice,
        progress.warnings,
    )
    print_sentences([*findings, *advice], progress)
    paths = write_together(path.parent, {path.name: content, page_path.name: render(page)})
    print(f"Written: {', '.join(map(str, paths))}")


def _given(texts: list[str], source: Source) -> dict[str, Any]:
    """Return the values that rows are to have, of the types of their columns."""
    given: dict[str, Any] = {}
    names = list(source.frame)
    for text in texts:
        if "=" not in text:
            raise ValueError(f"--given {text!r}: expected COLUMN=VALUE, such as Status=bad.")
        fitting = [name for name in names if text.startswith(f"{name}=")]
        name = max(fitting, key=len) if fitting else text.partition("=")[0]
        check_column(names, name, "--given", source.path)
        if name in given:
            raise ValueError(f"--given names {name!r} twice; give one value of it.")
        given[name] = _value(source.frame[name], name, text[len(name) + 1 :])
    return given


def _value(column: Any, name: str, text: str) -> Any:
    import pandas as pd

    if text in ("", "NA"):
        return None
    try:
        if column.dtype.kind in "mM":
            parse = pd.to_datetime if column.dtype.kind == "M" else pd.to_timedelta
            return parse(text)
        if is_number(column):
            return float(text.replace(",", ".")) if "." in text or "," in text else int(text)
    except ValueError:
        kind = "a date" if column.dtype.kind == "M" else "a number"
        raise ValueError(
            f"--given {name}={text!r}: {name!r} is a column in which every value is {kind}."
        ) from None
    known = column.dropna().astype(object).unique()
    fitting = [
        value
        for value, shown in zip(known, as_text(pd.Series(known)), strict=True)
        if shown.lower() == text.lower()
    ]
    exact = [value for value in fitting if str(value) == text]
    if not fitting:
        shown = listed(known) if len(known) <= _MOST_LEVELS else f"{len(known):,} others"
        raise ValueError(f"--given {name}={text}: no row has this {name!r}; there is {shown}.")
    return (exact or fitting)[0]


def _alike(frame: Any, given: dict[str, Any]) -> tuple[Any, list[str]]:
    """Return the real rows to compare drawn ones with, and what to say of them."""
    if not given:
        return frame, []
    chosen = np.ones(len(frame), bool)
    for name, value in given.items():
        column = frame[name]
        chosen &= (column.isna() if value is None else (column == value).fillna(False)).to_numpy(
            dtype=bool
        )
    n_chosen = int(chosen.sum())
    what = _shown_given(given)
    if n_chosen >= _LEAST_GIVEN:
        return frame[chosen], [
            f"Drawn rows are compared with the {n_chosen:,} real rows of {what}."
        ]
    return frame, [
        f"Only {n_chosen} real rows have {what}: drawn rows are compared with all, and differ for "
        "that reason too."
    ]


def _shown_given(given: dict[str, Any]) -> str:
    return ", ".join(f"{name} = {'missing' if v is None else v}" for name, v in given.items())


def _n_copies(frame: Any, rows: Any) -> int:
    """Return how many drawn rows are the same as a real one."""
    real = {tuple(row) for row in as_rows(frame[list(rows)])}
    return sum(tuple(row) in real for row in as_rows(rows))


def as_rows(frame: Any) -> Any:
    """Yield rows as text, so that types play no part."""
    texts = [as_text(frame[name]).fillna("").tolist() for name in frame]
    return zip(*texts, strict=True)


def _parts_of_test(source: Source, options: Namespace) -> tuple[Any, Any] | None:
    """Rows to learn from and to test on, where a target is to be predicted.

    Raises
    ------
    ValueError
        If the target cannot be drawn, or too little of it is known: before anything is fitted.
    """
    target = options.target
    if target is None:
        return None
    table = skae.TableAutoencoder(random_state=options.random_state)
    with in_words_of_the_command():
        left_out = columns_left_out(table, sampled(source.frame, options)[0])
    if target in left_out:
        raise ValueError(
            f"--target {target!r}: {left_out[target]}, so it is not drawn; name another."
        )
    rows = some_rows(source.frame, _MOST_TESTED, options.random_state)
    rng = np.random.default_rng(options.random_state)
    is_test = rng.uniform(size=len(rows)) < _HELD_OUT
    train, test = rows[~is_test], rows[is_test & rows[target].notna().to_numpy()]
    if len(test) < 10 or train[target].nunique() < 2:
        raise ValueError(
            f"--target {target!r}: too few values of it are known, or all are the same; name "
            "another, or leave it out."
        )
    return train, test


def _useful(
    parts: tuple[Any, Any] | None, options: Namespace, progress: Progress
) -> Usefulness | None:
    """Say how well the target is predicted by what is learnt from drawn rows."""
    if parts is None:
        return None
    (train, test), target = parts, options.target
    learnt = learn(train, options, progress, "Learning without the rows of a test")
    with progress.step("Training on drawn rows, testing on real ones"):
        drawn = learnt.model.sample(len(train), options.random_state)
        if target not in drawn:
            raise ValueError(f"--target {target!r}: it cannot be drawn; name another.")
        return usefulness(train, drawn, test, target, options.random_state)


def _findings(
    options: Namespace,
    rows: Any,
    given: dict[str, Any],
    found: list[Likeness],
    tables: tuple[Array, Array],
    useful: Usefulness | None,
) -> list[str]:
    which = f" with {_shown_given(given)}" if given else ""
    sentences = [f"{len(rows):,} rows{which} of {rows.shape[1]} columns were drawn."]
    if useful is not None:
        shown = [_score(value, useful.score) for value in (useful.drawn, useful.real, useful.plain)]
        plain = "the most frequent class" if useful.score == "accuracy" else "the mean"
        sentences.append(
            f"Trained on drawn rows, a forest predicts “{options.target}” of {useful.n_tested:,} "
            f"real rows with {_called(useful.score)} of {shown[0]}; trained on real ones, "
            f"{shown[1]}; {plain} alone, {shown[2]}."
        )
    far = max(found, key=lambda one: one.distance)
    mean = float(np.mean([one.distance for one in found]))
    sentences.append(
        f"Columns are {100 * (1 - mean):.0f} % alike on average, “{far.name}” least with "
        f"{100 * (1 - far.distance):.0f} %."
    )
    pairs = np.tril_indices(len(tables[0]), -1)
    if len(pairs[0]):
        gap = float(np.abs(tables[0][pairs] - tables[1][pairs]).mean())
        real = float(tables[0][pairs].mean())
        sentences.append(
            f"Associations of two columns, {real:.2f} on average in real rows, differ by {gap:.2f} "
            "on average in drawn ones."
        )
    return sentences


def _called(score: str) -> str:
    return "an accuracy" if score == "accuracy" else f"an {score}"


def _score(value: float, score: str) -> str:
    return f"{100 * value:.1f} %" if score == "accuracy" else f"{value:.2f}"


def _copies(n_copies: int, n_rows: int) -> list[str]:
    if not n_copies:
        return ["No drawn row is the copy of a real one; that alone keeps nothing secret."]
    rows = "row is" if n_copies == 1 else "rows are"
    return [
        f"{n_copies:,} of {n_rows:,} drawn {rows} the same as a real one, as happens where columns "
        "are few or have few values."
    ]


def _poor(found: list[Likeness]) -> list[str]:
    poor = [one for one in found if one.distance > 0.2]
    if not poor:
        return []
    names = ", ".join(one.name for one in sorted(poor, key=lambda one: -one.distance)[:8])
    return [f"Drawn differently from real rows by more than 20 %: {names}."]


def _sections(
    real: Any,
    drawn: Any,
    found: list[Likeness],
    names: list[str],
    tables: tuple[Array, Array],
    useful: Usefulness | None,
    options: Namespace,
) -> list[Section]:
    marginals = "Likeness by column: " + "; ".join(
        f"{one.name} {100 * (1 - one.distance):.0f} %" for one in found
    )
    sections = [
        Section(
            "Columns one by one",
            [f"{len(real):,} real rows, and as many drawn for the comparison."],
            to_picture(draw_marginals(real, drawn, found), marginals),
            PageTable(
                "Alike: of categories, the share of rows that need not change for the frequencies "
                "of real rows; of numbers, 1 less the statistic of Kolmogorov and Smirnov.",
                ["Column", "Kind", "Alike", "Missing, real", "Missing, drawn"],
                [
                    [
                        one.name,
                        one.kind,
                        f"{100 * (1 - one.distance):.1f} %",
                        f"{100 * one.missing:.1f} %",
                        f"{100 * one.missing_drawn:.1f} %",
                    ]
                    for one in found
                ],
            ),
        ),
        Section(
            "What columns say about each other",
            [
                "0 where one column says nothing about the other, 1 where it says all: correlation "
                "of two numbers, Cramér's V of two categories, the root of explained variance of a "
                "number and a category."
            ],
            to_picture(
                draw_associations(names, *tables),
                "Associations of columns in real rows, in drawn rows, and their difference, which "
                f"is at most {np.abs(tables[0] - tables[1]).max():.2f}.",
            ),
        ),
    ]
    if useful is not None:
        sections.append(
            Section(
                f"Predicting “{options.target}”",
                [
                    "Forests of 50 trees, tested on real rows that neither they nor the model of "
                    "the rows had seen."
                ],
                table=PageTable(
                    f"{useful.score.capitalize()} on {useful.n_tested:,} real rows.",
                    ["Trained on", useful.score],
                    [
                        ["real rows", _score(useful.real, useful.score)],
                        ["drawn rows", _score(useful.drawn, useful.score)],
                        ["nothing", _score(useful.plain, useful.score)],
                    ],
                ),
            )
        )
    return sections
