"""Draw curves of scores against `n_components`; arrays in, axes out."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from skae.inspection._drawing._style import plain, styles, tidy
from skae.numerics import Array, ArrayLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes


METRICS = {
    "reconstruction_r2": "Reconstruction R²",
    "reconstruction_error": "Reconstruction error (squared units of X)",
    "accuracy": "Nearest-neighbour accuracy",
    "trustworthiness": "Trustworthiness",
    "explained_share": "Share explained, mean of columns",
    "number_r2": "R² of numbers, mean",
    "category_gain": "Mistakes avoided in categories",
    "category_log_loss": "Log-loss of categories (nats)",
    "target_auroc": "AUROC of the target",
    "target_r2": "R² of the target",
    "fit_seconds": "Fit time (s)",
    "transform_seconds": "Transform time (ms)",
}
_FACTORS = {"transform_seconds": 1000}


def check_metric(metric: str, scored: Iterable[str]) -> None:
    """Raise ValueError unless the metric is one of those scored."""
    if metric not in scored:
        raise ValueError(f"metric={metric!r} was not scored; choose from {list(scored)}.")


def draw_curves(
    ax: "Axes", names: Sequence[str], sizes: Sequence[int], scores: ArrayLike, metric: str
) -> None:
    """Draw the mean of each row of `scores` over its folds, with bars of one deviation.

    Parameters
    ----------
    ax : matplotlib Axes
        Where to draw.

    names : sequence of n_reducers strings
        The labels.

    sizes : sequence of n_sizes int
        The numbers of components.

    scores : ndarray of shape (n_reducers, n_sizes, n_folds)
        The scores.

    metric : str
        The name of the scores: one of `METRICS`, or any label.
    """
    scores = _checked(scores, names, sizes) * _FACTORS.get(metric, 1)
    means, deviations = scores.mean(axis=2), scores.std(axis=2)
    # With all reducers at the same place their bars would hide each other.
    shifts = [1 + 0.03 * (i - (len(names) - 1) / 2) for i in range(len(names))]
    bars = []
    for name, mean, deviation, shift, style in zip(
        names, means, deviations, shifts, styles(), strict=False
    ):
        places = [size * shift for size in sizes]
        look = {"label": plain(name), "capsize": 3, "markersize": 5, **style}
        bars.append(ax.errorbar(places, mean, deviation, **look))
    _label(ax, sizes, metric)
    # Labels are passed, as matplotlib itself leaves names out that begin with "_".
    title = f"mean ± deviation of {scores.shape[2]} folds"
    ax.legend(bars, [*map(plain, names)], frameon=False, title=title, alignment="left")


def _checked(scores: ArrayLike, names: Sequence[str], sizes: Sequence[int]) -> Array:
    values = np.asarray(scores, dtype=float)
    expected = len(names), len(sizes)
    if values.ndim != 3 or values.shape[:2] != expected:
        raise ValueError(
            f"scores has shape {values.shape}, but ({expected[0]}, {expected[1]}, n_folds) was "
            "expected, with a row for each name and a column for each number of components."
        )
    return values


def _label(ax: "Axes", sizes: Sequence[int], metric: str) -> None:
    ax.set_xscale("log", base=2)
    ax.set_xticks(sizes, [str(size) for size in sizes])
    ax.set_xticks([], minor=True)
    ax.set_xlabel("Number of components")
    ax.set_ylabel(METRICS.get(metric, metric))
    if metric.endswith("_seconds"):
        _scale_times(ax)
    else:
        # Shares near 1 are told as they are, not as what is above .9999.
        ax.ticklabel_format(axis="y", useOffset=False)
    if metric == "reconstruction_error":
        ax.set_ylim(bottom=0)
    ax.grid(axis="y", alpha=0.3)
    tidy(ax)


def _scale_times(ax: "Axes") -> None:
    """Use a logarithmic axis of whole decades: models differ by factors, noise does not matter."""
    ax.set_yscale("log", nonpositive="clip")
    low, high = np.log10(ax.get_ylim())
    ax.set_ylim(10 ** np.floor(low), 10 ** np.ceil(high))
    ax.yaxis.set_major_formatter("{x:g}")
    ax.tick_params(axis="y", which="minor", labelleft=False)
