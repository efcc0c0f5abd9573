"""The command `compare`: read, compare, print, write."""

import sys
import warnings
from argparse import Namespace
from collections.abc import Mapping
from contextlib import redirect_stdout
from typing import Any

import numpy as np

import skae
from skae.cli._arguments import (
    DEFAULT_FOLDS,
    DEFAULT_SIZES,
    FOLDS_OF_LARGE_TABLES,
    LARGE_TABLE,
    reading_options,
)
from skae.cli._models import known_models, models_of_tables
from skae.cli._needs import needs_packages
from skae.cli._report import check_writable, write_report
from skae.cli._table_file import Table, read_table
from skae.cli._terminal import print_summary, print_table, quiet_stderr
from skae.comparison import LEAST_HELD_OUT, Comparison, compare


def run_compare(options: Namespace, command: str) -> None:
    """Follow the parsed arguments; refuse wrong ones before the first fit."""
    needs_packages()
    table = read_table(options.file, options.target, reading_options(options))
    if table.note:
        # Before the first fit: who is told wrong need not wait for the scores.
        print(f"{table.name}: {table.note}", file=sys.stderr)
    # Columns of a frame are in their own units anyway.
    table = table.standardised() if options.scale and _is_array(table.X) else table
    check_writable(options.output)
    makers = known_models()
    n_folds = _check_folds(options.folds, table)
    if _is_array(table.X):
        models = [makers[name](table.X) for name in options.models]
        reducers = {type(model).__name__: model for model in models}
    else:
        reducers = models_of_tables(options.models, table.name)
    settings = {
        "n_components": options.components or _default_sizes(table.X),
        "cv": n_folds,
        "random_state": options.random_state,
    }
    comparison, messages = _compare(reducers, table, settings)
    print_table(comparison)
    print_summary(comparison, table)
    for message in messages:
        print(f"warning: {message}", file=sys.stderr)
    details = {"command": command, "settings": settings, "models": reducers, "warnings": messages}
    paths = write_report(options.output, comparison, table, **details)
    print(f"Written: {', '.join(map(str, paths))}")


def _compare(
    reducers: Mapping[str, Any], table: Table, settings: Mapping[str, Any]
) -> tuple[Comparison, list[str]]:
    """Compare and show progress; return the comparison, and the warnings for after it."""
    if any(name.endswith("Autoencoder") for name in reducers):
        _load_keras()
    # Progress on stderr, so that the table alone is in a file that stdout is sent to.
    with warnings.catch_warnings(record=True) as caught, redirect_stdout(sys.stderr):
        warnings.simplefilter("always")
        comparison = compare(reducers, table.X, table.y, verbose=1, **settings)
    messages = [f"{item.category.__name__}: {item.message}" for item in caught]
    return comparison, list(dict.fromkeys(" ".join(message.split()) for message in messages))


def _load_keras() -> None:
    # The first fit of a process loads TensorFlow, which says nothing about any model's fit time.
    rows = np.random.default_rng(0).normal(size=(32, 4))
    with quiet_stderr(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        skae.Autoencoder(1, max_iter=1).fit(rows)


def _check_folds(n_folds: int | None, table: Table) -> int:
    n_rows = len(table.X)
    most = n_rows // LEAST_HELD_OUT
    if most < 2:
        raise ValueError(
            f"{table.name}: {n_rows} rows are too few to compare on: two folds of "
            f"{LEAST_HELD_OUT} rows are the least."
        )
    if n_folds is not None and n_folds > most:
        raise ValueError(
            f"--folds {n_folds}: {n_rows} rows make {most} folds of {LEAST_HELD_OUT} rows at most, "
            "which the scores need; give fewer."
        )
    is_large = not _is_array(table.X) and n_rows > LARGE_TABLE
    return n_folds or min(FOLDS_OF_LARGE_TABLES if is_large else DEFAULT_FOLDS, most)


def _is_array(X: Any) -> bool:
    """Whether rows are numbers alone; others come as a frame."""
    return isinstance(X, np.ndarray)


def _default_sizes(X: Any) -> list[int]:
    # The training rows are at least half of all; as many components as columns reduce nothing.
    limit = min(X.shape[0] // 2, X.shape[1] - 1)
    return [size for size in DEFAULT_SIZES if size <= limit] or [1]
