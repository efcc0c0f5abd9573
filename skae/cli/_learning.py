"""Fit an autoencoder of tables to the table of a file, in bounded time and memory."""

import sys
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

import skae
from skae.cli._arguments import reading_options
from skae.cli._models import table_models
from skae.cli._progress import Progress
from skae.cli._reading import Source, check_column, check_range, named_columns, read_source
from skae.tabular import columns_left_out, n_columns_used

# More rows make a fit longer and hardly better.
MOST_ROWS = 50_000
_BLOCK = 16_384
_MOST_COMPONENTS = 10
_MOST_NAMED = 8
_DEFAULT_BETA = 0.3  # that of TableAutoencoder's own default
_LEAST_ROWS = 10


@dataclass
class Learnt:
    """A fitted model, and what it was fitted to.

    Attributes
    ----------
    model : TableAutoencoder or ReconstructionOutlierDetector
    rows : DataFrame
        Those of the fit.
    sentences : list of str
        What to know about the fit.
    """

    model: Any
    rows: Any
    sentences: list[str]


def read_whole(options: Namespace, progress: Progress) -> Source:
    """Read the file, and leave nothing but columns to learn from in ``frame``.

    The target is left out of it, but for the command that draws it too.

    Raises
    ------
    ValueError
        If there are not two rows and two columns to learn from, or the target is no column.
    """
    with progress.step(f"Reading {options.file}"):
        source = read_source(options.file, reading_options(options))
    target = options.target
    if target is not None:
        dropped = named_columns(source.names, options.drop, "--drop", source.path)
        if target in dropped:
            raise ValueError(f"--target {target!r} is also in --drop; name it in one of them.")
        check_column(list(source.frame), target, "--target", source.path)
        if options.name != "sample":
            source.frame = source.frame.drop(columns=target)
    n_rows, n_columns = source.frame.shape
    if n_columns == 0:
        raise ValueError(f"{source.path}: no column is left to learn from; drop fewer.")
    if n_columns == 1:
        raise ValueError(
            f"{source.path}: {source.frame.columns[0]!r} is the only column to learn from, so "
            "there is nothing to learn; give two or more."
        )
    if n_rows < _LEAST_ROWS:
        raise ValueError(
            f"{source.path}: {n_rows} rows are too few to learn from; give {_LEAST_ROWS} or more."
        )
    check_range(source.path, source.frame)
    return source


def tell_notes(source: Source) -> None:
    """Tell what was found or assumed of a file, before the first fit."""
    for note in source.notes:
        print(f"{source.name}: {note}", file=sys.stderr)


def learn(
    frame: Any,
    options: Namespace,
    progress: Progress,
    label: str,
    *,
    categorical: list[str] | None = None,
    purpose: Literal["rows", "codes", "holes"] = "rows",
    checkpoint: str | None = None,
) -> Learnt:
    """Fit the model that a user asked for to a table, or to some of its rows at random.

    Parameters
    ----------
    frame : DataFrame
    options : Namespace
    progress : Progress
    label : str
        What to tell while it is fitted.
    categorical : list of str or None
        The columns of categories; None for what their types say.
    purpose : {"rows", "codes", "holes"}
        What the model is for, where a user says nothing of its size: new rows want as many
        components as columns, codes half of these, holes ten that count in full.
    checkpoint : str or None
        The file in which training is kept.

    Raises
    ------
    ValueError
        If there is nothing to learn from, or a column that was called a category cannot be one.
    """
    rows, sentences = sampled(frame, options)
    model = skae.TableAutoencoder(
        categorical_features="from_dtype" if categorical is None else categorical,
        random_state=options.random_state,
    )
    with (
        progress.step(f"{label} ({len(rows):,} rows, {frame.shape[1]} columns)"),
        in_words_of_the_command(),
    ):
        check_categories(options, frame, columns_left_out(model, rows))
        n_components = options.components
        if purpose == "codes" and n_components is None:
            n_components, sentence = half_as_many(model, rows)
            sentences = [*sentences, sentence]
        autoencoder = autoencoder_of(options.model, n_components, frame.shape[1])
        if autoencoder is None and purpose == "holes":
            n_used = max(1, n_columns_used(model, rows))
            autoencoder = skae.VariationalAutoencoder(min(_MOST_COMPONENTS, n_used))
        model.set_params(autoencoder=autoencoder).fit(rows, checkpoint=checkpoint)
    return Learnt(model, rows, [*sentences, *left_out_sentences(model)])


@contextmanager
def in_words_of_the_command() -> Iterator[None]:
    """Say without parameters of Python that no column is left to learn from."""
    try:
        yield
    except ValueError as error:
        start, _, reasons = str(error).partition("No column of X is left to learn from (")
        if start or not reasons:
            raise
        reasons = reasons.partition("). Pass drop=")[0]
        raise ValueError(
            f"no column is left to learn from ({reasons}); give columns of which values vary and "
            "some are equal."
        ) from error


def half_as_many(model: skae.TableAutoencoder, rows: Any) -> tuple[int, str]:
    """Half as many components as a model uses columns of a table, ten at most, and what to say."""
    n_used = n_columns_used(model, rows)
    n_components = max(1, min(_MOST_COMPONENTS, n_used // 2))
    numbers = "number" if n_components == 1 else "numbers"
    columns = "column is" if n_used == 1 else "columns are"
    return n_components, (
        f"Codes have {n_components} {numbers}, as {n_used} {columns} used; --components says "
        "otherwise."
    )


def sampled(frame: Any, options: Namespace) -> tuple[Any, list[str]]:
    """Return the rows to fit to, and what to say of them."""
    rows = some_rows(frame, MOST_ROWS, options.random_state)
    if len(rows) == len(frame):
        return rows, []
    return rows, [
        f"The model was fitted to {len(rows):,} of the {len(frame):,} rows, drawn at random."
    ]


def check_categories(options: Namespace, frame: Any, left_out: Mapping[Any, str]) -> None:
    """Refuse columns that were called categories, and cannot be learnt from, before any fit."""
    refused = [name for name in _called_categories(options, frame) if name in left_out]
    if refused:
        raise ValueError(
            f"--categorical {refused[0]!r}: {left_out[refused[0]]}, so nothing can be "
            "learnt from it; leave it out."
        )


def _called_categories(options: Namespace, frame: Any) -> list[str]:
    names = list(frame)
    return [name for given in options.categorical for name in _parts(given, names) if name in names]


def _parts(given: str, names: list[str]) -> list[str]:
    return [given] if given in names else [part.strip() for part in given.split(",")]


def left_out_sentences(model: Any) -> list[str]:
    """Say which columns were left out, and why."""
    left_out = model.left_out_
    if not left_out:
        return []
    parts = [f"{name} ({why})" for name, why in list(left_out.items())[:_MOST_NAMED]]
    if len(left_out) > _MOST_NAMED:
        parts.append(f"{len(left_out) - _MOST_NAMED} more")
    columns = "column was" if len(left_out) == 1 else "columns were"
    return [f"{len(left_out)} {columns} left out: {'; '.join(parts)}."]


def autoencoder_of(name: str | None, n_components: int | None, n_columns: int) -> Any:
    """Return the autoencoder of a kind and a size, None for the default of both."""
    if name is None and n_components is None:
        return None
    n_components = n_components or min(_MOST_COMPONENTS, n_columns)
    if name is None:
        return skae.VariationalAutoencoder(n_components, beta=_DEFAULT_BETA)
    return table_models()[name](n_components)


def some_rows(frame: Any, most: int, random_state: int) -> Any:
    """Return at most so many rows, at random, in their order."""
    if len(frame) <= most:
        return frame
    rng = np.random.default_rng(random_state)
    return frame.iloc[np.sort(rng.choice(len(frame), most, replace=False))]


def blocks(frame: Any, size: int = _BLOCK) -> Iterator[Any]:
    """Yield the rows of a frame in parts, so that what is made of them is small."""
    for start in range(0, len(frame), size):
        yield frame.iloc[start : start + size]


def in_blocks(frame: Any, function: Callable[[Any], Any]) -> Any:
    """Return an array that a function makes of rows, some of them at a time."""
    return np.concatenate([np.asarray(function(block)) for block in blocks(frame)])


def used_columns(model: Any, frame: Any) -> list[str]:
    """Return the columns that a model has learnt from."""
    return [name for name in frame if name not in model.left_out_]


def settings_of(options: Namespace, learnt: Learnt) -> dict[str, Any]:
    """Return what to say in a page about a fit."""
    # A detector has several, all of one kind and size.
    model = getattr(learnt.model, "reducers_", [learnt.model])[0]
    shown: dict[str, Any] = {
        "Model": type(model.autoencoder_).__name__,
        "Components": model.n_components_,
        "Rows of the fit": f"{len(learnt.rows):,}",
        "Random state": options.random_state,
    }
    for name in ("target", "drop", "categorical"):
        value = getattr(options, name)
        if value:
            shown[name.capitalize()] = ", ".join(value) if isinstance(value, list) else value
    return shown
