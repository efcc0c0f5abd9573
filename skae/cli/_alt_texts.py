"""Descriptions of the pictures of a comparison, for those who do not see them."""

from collections.abc import Callable

from skae.comparison import COLUMNS, Comparison, components, listed, share
from skae.numerics import Array

# What is said of the score of a target, and how its values are written.
_OF_TARGET: dict[str, tuple[str, Callable[[float], str]]] = {
    "accuracy": ("Nearest neighbours tell the class of", share),
    "target_auroc": (
        "Logistic regression tells the classes apart with an AUROC of",
        "{:.2f}".format,
    ),
    "target_r2": ("Ridge regression explains, of the variance of the target,", share),
}


def describe_curves(comparison: Comparison, metric: str) -> str:
    """Say from where to where the curve of each reducer goes."""
    column, sizes = COLUMNS[metric], comparison.n_components
    means = comparison.scores[metric].mean(axis=2) * column.factor
    ends = [[format(mean, column.mean_format) for mean in row[[0, -1]]] for row in means]
    pairs = list(zip(comparison.reducers, ends, strict=True))
    if len(sizes) == 1:
        values = listed(f"{name} {end}" for name, (end, _) in pairs)
        return f"{column.label} with {components(*sizes)}: {values}."
    values = "; ".join(f"{name} from {start} to {end}" for name, (start, end) in pairs)
    return f"{column.label} from {sizes[0]} to {components(sizes[-1])}: {values}."


def describe_codes(comparison: Comparison, target: str | None) -> str:
    """Say what the panels of codes hold, and how well they keep classes together."""
    n_rows = len(_some_codes(comparison))
    colours = "" if comparison.labels is None else f", coloured by “{target}”"
    return (
        f"A panel for each of {listed(comparison.reducers)}: {n_rows} held-out rows along "
        f"{describe_place(comparison)}{colours}. {describe_neighbours(comparison)}"
    ).strip()


def describe_place(comparison: Comparison) -> str:
    """Say which components are drawn."""
    size = _coded_size(comparison)
    return {1: "one component", 2: "two components"}.get(
        size, f"the first two of {size} components"
    )


def describe_neighbours(comparison: Comparison) -> str:
    """Say what the codes tell of the target, or nothing where that was not scored."""
    metric = next((name for name in _OF_TARGET if name in comparison.scores), None)
    if metric is None:
        return ""
    place = list(comparison.n_components).index(_coded_size(comparison))
    means = comparison.scores[metric][:, place].mean(axis=1)
    pairs = zip(comparison.reducers, means, strict=True)
    start, shown = _OF_TARGET[metric]
    return f"{start} {listed(f'{shown(mean)} in {name}' for name, mean in pairs)}."


def _coded_size(comparison: Comparison) -> int:
    return int(_some_codes(comparison).shape[1])


def _some_codes(comparison: Comparison) -> Array:
    """Return the codes of any reducer: all are of the same rows and size."""
    assert comparison.codes is not None
    return next(iter(comparison.codes.values()))


def describe_reconstructions(comparison: Comparison) -> str:
    """Describe the reconstructions, and say how much of all rows they explain."""
    means = comparison.scores["reconstruction_r2"][:, -1].mean(axis=1)
    pairs = zip(comparison.reducers, means, strict=True)
    shares = listed(f"{name} {share(mean)}" for name, mean in pairs)
    return (
        f"{len(comparison.originals)} held-out rows beside what each reducer makes of them with "
        f"{components(comparison.n_components[-1])}; of the variance of all, {shares} is explained."
    )
