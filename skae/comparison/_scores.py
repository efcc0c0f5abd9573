"""The scores of a comparison as texts, for the terminal, for the page and for notebooks."""

from typing import TYPE_CHECKING, NamedTuple, TypedDict

from skae.numerics import Array

if TYPE_CHECKING:
    from skae.comparison._comparison import Comparison


class Column(NamedTuple):
    """The form of one metric: in its own unit times `factor`, below a `heading` or a `label`."""

    label: str
    heading: str
    mean_format: str = ".3f"
    deviation_format: str = ".3f"
    factor: int = 1
    lower_is_better: bool = False


class Cell(TypedDict):
    """A mean and its deviation over the folds."""

    best: bool
    mean: str
    deviation: str


class Row(TypedDict):
    """The scores of one reducer at one size; the first row of a size begins a group."""

    size: str
    name: str
    first: bool
    cells: list[Cell]


# Headings are broken so that the means of all metrics fit in a terminal of 80 columns.
COLUMNS = {
    "reconstruction_r2": Column("Reconstruction R²", "R²"),
    # In the squared units of the rows, which may be of any magnitude.
    "reconstruction_error": Column(
        "Reconstruction error", "error", ".3g", ".2g", lower_is_better=True
    ),
    "accuracy": Column("Nearest-neighbour accuracy", "accuracy"),
    "trustworthiness": Column("Trustworthiness", "trust-\nworthiness"),
    "explained_share": Column("Share explained", "explained"),
    "number_r2": Column("R² of numbers", "R² of\nnumbers"),
    "category_gain": Column("Mistakes avoided in categories", "mistakes\navoided"),
    "category_log_loss": Column("Log-loss of categories (nats)", "log-loss", lower_is_better=True),
    "target_auroc": Column("AUROC of the target", "AUROC of\ntarget"),
    "target_r2": Column("R² of the target", "R² of\ntarget"),
    # PCA fits in less than a millisecond.
    "fit_seconds": Column("Fit time (s)", "fit\nseconds", ".4f", ".4f", lower_is_better=True),
    "transform_seconds": Column(
        "Transform time (ms)", "transform\nms", factor=1000, lower_is_better=True
    ),
}


def column_of(metric: str) -> Column:
    """Return the form of a metric; one that `compare` does not score keeps its own name."""
    return COLUMNS.get(metric, Column(metric, metric, ".3g", ".2g"))


def score_rows(comparison: "Comparison") -> list[Row]:
    """Return one dict a row, reducers of one size together, as texts ready to print."""
    sizes = list(enumerate(comparison.n_components))
    names = list(enumerate(comparison.reducers))
    return [_row(comparison, i, name, j, size) for j, size in sizes for i, name in names]


def _row(comparison: "Comparison", i: int, name: str, j: int, size: int) -> Row:
    cells = [_cell(column_of(metric), scores, i, j) for metric, scores in comparison.scores.items()]
    return {"size": str(size), "name": name, "first": i == 0 and j > 0, "cells": cells}


def _cell(column: Column, scores: Array, i: int, j: int) -> Cell:
    means = scores[:, j].mean(axis=1)
    best = means.min() if column.lower_is_better else means.max()
    shown = scores[i, j] * column.factor
    return {
        "best": len(means) > 1 and means[i] == best,
        "mean": format(shown.mean(), column.mean_format),
        "deviation": format(shown.std(), column.deviation_format),
    }
