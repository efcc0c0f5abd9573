"""The result of `compare`: a table and its curves."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from skae.comparison._judgement import words_of
from skae.comparison._recommendation import recommend
from skae.comparison._score_table import as_html, as_text
from skae.comparison._summary import summarise
from skae.inspection._displays._latent_space import LatentSpaceDisplay
from skae.inspection._drawing._curves import check_metric, draw_curves
from skae.inspection._drawing._reconstructions import draw_reconstructions
from skae.inspection._drawing._style import axes_to_draw_in, plain
from skae.messages import needs_extra
from skae.numerics import Array, Integers
from skae.tables import AbsurdCell

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


_PANEL = 3.6, 3.5  # inches
_PANELS_IN_A_ROW = 3
_ROOM_FOR_LEGEND = 1  # inches
_MOST_CLASSES = 20  # more are too many for the eye


class Comparison:
    """Held-out scores of reducers at several numbers of components.

    :func:`compare` makes it; the arrays are public for what the table and the curves do not show.
    It shows itself as a table of means and deviations over the folds, also in a notebook.

    Parameters
    ----------
    reducers : sequence of str
        The names of the reducers.

    n_components : sequence of int
        The numbers of components, ascending.

    scores : dict of str to ndarray of shape (n_reducers, n_sizes, n_folds)
        The scores by metric: `reconstruction_r2`, `reconstruction_error` in the squared units of
        the rows, `accuracy` if `y` held class labels, `trustworthiness`, `fit_seconds` and
        `transform_seconds`.

    originals : ndarray of shape (n_examples, n_features)
        A few held-out rows of the first fold.

    reconstructions : dict of str to ndarray of shape (n_examples, n_features)
        Their reconstruction by each reducer with the largest number of components.

    feature_means, feature_deviations : ndarray of shape (n_features,)
        Of all rows that were compared, in the units of which reconstructions are drawn; the
        deviation of a column that is constant is 0.

    codes : dict of str to ndarray of shape (n_held_out, n_components), default=None
        The codes of all held-out rows of the first fold, of the smallest number of components of 2
        or more that was compared, else of 1.

    labels : ndarray of shape (n_held_out,), default=None
        Their labels or targets, None if `y` was not given.

    heavy_columns : sequence of int, default=()
        Where a fifth of the columns or fewer hold 95 % of the variance of these rows: these, the
        heaviest first. The scores are nearly theirs alone, so standardise columns that differ in
        their units.

    absurd_cells : sequence of tuple, default=()
        Values that are 20 times as far from the median of their column as any other: `row`,
        `column`, `value`, `n_cells` that hold it, and the `ratio` of distances. The farthest first.

    baseline : str or None, default="PCA"
        The name of the reducer that is PCA, alone or at the end of a Pipeline: the others are
        judged against it. None where there is none.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where the curves were drawn; set by :meth:`plot`.

    figure_ : matplotlib Figure
        The figure they are in.

    See Also
    --------
    compare : Fit and score the reducers.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.decomposition import PCA, TruncatedSVD
    >>> from skae import compare
    >>> X, y = load_iris(return_X_y=True)
    >>> reducers = {"pca": PCA(), "svd": TruncatedSVD()}
    >>> comparison = compare(reducers, X, y, n_components=(1, 2), random_state=0)
    >>> comparison
    Comparison(reducers=['pca', 'svd'], n_components=[1, 2], n_folds=5)
    ...
    >>> comparison.scores["reconstruction_r2"].shape
    (2, 2, 5)
    >>> display = comparison.plot()
    >>> display.ax_.get_ylabel()
    'Reconstruction R²'
    """

    def __init__(
        self,
        reducers: Sequence[str],
        n_components: Sequence[int],
        scores: Mapping[str, Array],
        originals: Array,
        reconstructions: Mapping[str, Array],
        feature_means: Array,
        feature_deviations: Array,
        codes: Mapping[str, Array] | None = None,
        labels: Array | None = None,
        heavy_columns: Sequence[int] | Integers = (),
        absurd_cells: Sequence[AbsurdCell] = (),
        baseline: str | None = "PCA",
    ) -> None:
        self.reducers = reducers
        self.n_components = n_components
        self.scores = scores
        self.originals = originals
        self.reconstructions = reconstructions
        self.feature_means = feature_means
        self.feature_deviations = feature_deviations
        self.codes = codes
        self.labels = labels
        self.heavy_columns = heavy_columns
        self.absurd_cells = absurd_cells
        self.baseline = baseline

    def __repr__(self) -> str:
        return f"{self._title()}\n\n{as_text(self)}"

    def _repr_html_(self) -> str:
        n_folds = next(iter(self.scores.values())).shape[2]
        folds = "one fold" if n_folds == 1 else f"{n_folds} folds: mean ± deviation"
        return as_html(self, f"Comparison on rows held out of {folds}")

    def _title(self) -> str:
        n_folds = next(iter(self.scores.values())).shape[2]
        return (
            f"{type(self).__name__}(reducers={list(self.reducers)}, "
            f"n_components={list(self.n_components)}, n_folds={n_folds})"
        )

    def to_frame(self) -> Any:
        """Return the means and deviations over the folds as a table.

        Returns
        -------
        frame : pandas.DataFrame
            One row a reducer and size, with the columns `reducer`, `n_components` and, for every
            metric, `mean_<metric>` and `std_<metric>`, the standard deviation over the folds
            (divided by their number, as in `GridSearchCV.cv_results_`).
        """
        with needs_extra("compare"):
            import pandas as pd
        columns = {
            "reducer": np.repeat(np.asarray(self.reducers, dtype=object), len(self.n_components)),
            "n_components": np.tile(self.n_components, len(self.reducers)),
        }
        for metric, scores in self.scores.items():
            columns[f"mean_{metric}"] = scores.mean(axis=2).ravel()
            columns[f"std_{metric}"] = scores.std(axis=2).ravel()
        return pd.DataFrame(columns)

    def summary(self) -> str:
        """Say in plain sentences what was found.

        Returns
        -------
        text : str
            The main finding, then a line for each size if there are several. All of it can be
            read off the table.

        Raises
        ------
        ValueError
            If the scores hold no ``reconstruction_r2``.

        Examples
        --------
        >>> from sklearn.datasets import load_digits
        >>> from sklearn.decomposition import NMF, PCA
        >>> from skae import compare
        >>> X = load_digits().data[:300]
        >>> reducers = [PCA(), NMF(max_iter=500, tol=1e-2)]
        >>> comparison = compare(reducers, X, n_components=8, cv=3, random_state=0)
        >>> print(comparison.summary())
        PCA explains 71 % of the variance with 8 components, NMF 57 %.
        """
        self._check_explained()
        return "\n".join(summarise(self))

    def recommend(self) -> str:
        """Say which reducer to take with how many components, or that PCA is enough.

        A gain over PCA counts where it exceeds both the deviations over the folds and two points
        of explained variance.

        Returns
        -------
        text : str
            The advice, then what to mind, a sentence a line.

        Raises
        ------
        ValueError
            If the scores hold no ``reconstruction_r2``.

        Examples
        --------
        >>> from sklearn.datasets import load_digits
        >>> from sklearn.decomposition import NMF, PCA
        >>> from skae import compare
        >>> X = load_digits().data[:300]
        >>> reducers = [PCA(), NMF(max_iter=500, tol=1e-2)]
        >>> comparison = compare(reducers, X, n_components=8, cv=3, random_state=0)
        >>> print(comparison.recommend())
        PCA is enough on these rows: no other reducer explains more ...
        """
        self._check_explained()
        return "\n".join(recommend(self))

    def _check_explained(self) -> None:
        metric = words_of(self.scores).metric
        if metric not in self.scores:
            raise ValueError(
                f"scores holds {list(self.scores)}, but a comparison is judged by its "
                f"{metric!r}; take the Comparison that compare() returned."
            )

    def plot(self, metric: str | None = None, *, ax: "Axes | None" = None) -> Self:
        """Draw one metric against the number of components.

        Parameters
        ----------
        metric : str, default=None
            One of the keys of `scores`; by default what is explained, which is
            `"reconstruction_r2"` of numbers.

        ax : matplotlib Axes, default=None
            Where to draw; by default in a new figure.

        Returns
        -------
        comparison : Comparison
            This object, with `ax_` and `figure_`.
        """
        metric = words_of(self.scores).metric if metric is None else metric
        check_metric(metric, self.scores)
        ax = axes_to_draw_in(ax)
        draw_curves(ax, self.reducers, self.n_components, self.scores[metric], metric)
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def plot_codes(self, *, target_name: str | None = None, figure: "Figure | None" = None) -> Self:
        """Draw the codes of the held-out rows of the first fold, a panel for each reducer.

        The first two components are drawn, in colours of `labels`, see
        :class:`LatentSpaceDisplay`; of more than 20 named classes, the rarest are taken together.

        Parameters
        ----------
        target_name : str, default=None
            The title of the legend, or of the colour bar.

        figure : matplotlib Figure, default=None
            An empty figure to draw in, which gets the size that the panels need; by default a new
            one.

        Returns
        -------
        comparison : Comparison
            This object, with `figure_`.

        Raises
        ------
        ValueError
            If the comparison was made without codes.
        """
        if self.codes is None:
            raise ValueError(
                "codes=None: this Comparison holds no codes to draw; pass them to the constructor "
                "or let compare() make it."
            )
        self.figure_ = _figure_to_draw_in(figure)
        panels = _make_panels(self.figure_, len(self.reducers))
        labels = _take_rare_together(self.labels)
        for ax, name in zip(panels, self.reducers, strict=True):
            code = self.codes[name]
            components = range(min(2, code.shape[1]))
            display = LatentSpaceDisplay(
                code, labels, components=components, target_name=target_name
            )
            display.plot(ax).ax_.set_title(plain(name))
        for ax in panels[:-1]:
            _leave_explanation_to_the_last(ax)
        _make_room_for_legend(panels[-1], n_free=-len(panels) % min(_PANELS_IN_A_ROW, len(panels)))
        return self

    def plot_reconstructions(
        self, *, feature_names: Sequence[str] | None = None, figure: "Figure | None" = None
    ) -> Self:
        """Draw a few held-out rows and how each reducer reconstructs them at the largest size.

        Rows whose features could be the pixels of a square image, 8 x 8 or larger, are drawn as
        images. Others are drawn as bars, with their reconstructions as lines, in deviations from
        the mean of each feature, because features may differ in their units; a feature that is the
        same in all rows is drawn in the mean deviation of the others.

        Parameters
        ----------
        feature_names : sequence of n_features str, default=None
            Shown below bars, where there is room.

        figure : matplotlib Figure, default=None
            An empty figure to draw in, which gets the size that the rows need; by default a new
            one.

        Returns
        -------
        comparison : Comparison
            This object, with `figure_`.
        """
        self.figure_ = _figure_to_draw_in(figure)
        draw_reconstructions(self.figure_, self, feature_names)
        return self


def _figure_to_draw_in(figure: "Figure | None") -> "Figure":
    with needs_extra("compare"):
        import matplotlib.pyplot as plt
    return plt.figure() if figure is None else figure


def _make_panels(figure: "Figure", n_panels: int) -> Any:
    n_columns = min(_PANELS_IN_A_ROW, n_panels)
    n_rows = -(-n_panels // n_columns)
    figure.set_layout_engine("constrained")
    figure.set_size_inches(_ROOM_FOR_LEGEND + n_columns * _PANEL[0], n_rows * _PANEL[1])
    axes = figure.subplots(n_rows, n_columns, squeeze=False).ravel()
    for ax in axes[n_panels:]:
        ax.remove()
    return axes[:n_panels]


def _leave_explanation_to_the_last(ax: "Axes") -> None:
    """Remove a legend or colour bar: those of all panels say the same."""
    legend = ax.get_legend()
    if legend is not None:
        legend.remove()
    for points in ax.collections:
        if points.colorbar is not None:
            points.colorbar.remove()


def _make_room_for_legend(ax: Any, n_free: int) -> None:
    """Widen the figure for the legend of the last panel, which has free places at its right."""
    legend = ax.get_legend()
    if legend is None:
        return
    width = legend.get_window_extent().width / ax.figure.dpi
    missing = width - _ROOM_FOR_LEGEND
    if n_free:
        # In the layout it would push apart the panels above.
        legend.set_in_layout(False)
        missing = (width - n_free * _PANEL[0]) * _PANELS_IN_A_ROW / n_free
    own_width, height = ax.figure.get_size_inches()
    ax.figure.set_size_inches(own_width + max(0, missing), height)


def _take_rare_together(labels: Array | None) -> Array | None:
    if labels is None or labels.dtype.kind in "iuf":
        return labels
    classes, counts = np.unique(labels, return_counts=True)
    if len(classes) <= _MOST_CLASSES:
        return labels
    common = classes[np.argsort(-counts, kind="stable")[: _MOST_CLASSES - 1]]
    return np.where(np.isin(labels, common), labels.astype(object), "others")
