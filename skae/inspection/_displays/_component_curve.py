"""Held-out scores against the number of components."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

from skae.inspection._drawing._curves import check_metric, draw_curves
from skae.inspection._drawing._style import axes_to_draw_in
from skae.numerics import ArrayLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from skae.comparison import Comparison


class ComponentCurveDisplay:
    """Held-out score of reducers against their number of components.

    It is recommended to use :meth:`from_comparison`. Points are means over folds, bars are one
    standard deviation over folds.

    Parameters
    ----------
    n_components : sequence of n_sizes int
        The numbers of components.

    scores : ndarray of shape (n_reducers, n_sizes, n_folds)
        The scores.

    names : sequence of n_reducers str
        The names of the reducers.

    metric : str, default="reconstruction_error"
        The metric of the scores: one of those of :func:`skae.compare`, or a label for the axis.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where the curves were drawn.

    figure_ : matplotlib Figure
        The figure they are in.

    See Also
    --------
    skae.compare : All metrics at once, as a table too.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.decomposition import NMF, PCA
    >>> from skae import compare
    >>> from skae.inspection import ComponentCurveDisplay
    >>> X, reducers = load_digits().data[:300], [PCA(), NMF(max_iter=500, tol=1e-2)]
    >>> comparison = compare(reducers, X, n_components=(2, 4, 8), cv=3, random_state=0)
    >>> display = ComponentCurveDisplay.from_comparison(comparison)
    >>> display.names
    ['PCA', 'NMF']
    >>> display.scores.mean(axis=2).round(1)
    array([[13.6,  9. ,  5.4],
           [15.6, 11.1,  8. ]])
    """

    def __init__(
        self,
        n_components: Sequence[int],
        scores: ArrayLike,
        names: Sequence[str],
        *,
        metric: str = "reconstruction_error",
    ) -> None:
        self.n_components = n_components
        self.scores = scores
        self.names = names
        self.metric = metric

    @classmethod
    def from_comparison(
        cls,
        comparison: "Comparison",
        *,
        metric: str | None = None,
        ax: "Axes | None" = None,
    ) -> Self:
        """Draw one metric of a comparison.

        Parameters
        ----------
        comparison : Comparison
            What :func:`skae.compare` returned.

        metric : str, default=None
            One of the keys of `comparison.scores`; by default `"reconstruction_error"`, or what is
            explained of a table that is not all numbers.

        ax : matplotlib Axes, default=None
            Where to draw; by default in a new figure.

        Returns
        -------
        display : ComponentCurveDisplay
            With the curves drawn.

        Raises
        ------
        ValueError
            If the metric was not scored.
        """
        if metric is None:
            is_table = "explained_share" in comparison.scores
            metric = "explained_share" if is_table else "reconstruction_error"
        check_metric(metric, comparison.scores)
        display = cls(
            comparison.n_components,
            comparison.scores[metric],
            comparison.reducers,
            metric=metric,
        )
        return display.plot(ax)

    def plot(self, ax: "Axes | None" = None) -> Self:
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; by default in a new figure.

        Returns
        -------
        display : ComponentCurveDisplay
            This object, with `ax_` and `figure_`.

        Raises
        ------
        ValueError
            If the scores are not those of as many reducers and sizes.
        """
        self.ax_ = axes_to_draw_in(ax)
        self.figure_ = self.ax_.figure
        draw_curves(self.ax_, self.names, self.n_components, self.scores, self.metric)
        return self
