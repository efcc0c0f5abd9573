"""Held-out scores against the number of components."""

from skae.inspection._comparison import compare
from skae.inspection._drawing._curves import METRICS, check_metric, draw_curves
from skae.inspection._drawing._style import axes_to_draw_in
from skae.inspection._labels import check_labels
from skae.inspection._reducers import beside_pca, name_reducers


class ComponentCurveDisplay:
    """Held-out score of reducers against their number of components.

    It is recommended to use :meth:`from_estimator` or :meth:`from_comparison`. Points are means
    over folds, bars are one standard deviation over folds.

    Parameters
    ----------
    n_components : sequence of n_sizes int
        The numbers of components.

    scores : ndarray of shape (n_reducers, n_sizes, n_folds)
        The scores.

    names : sequence of n_reducers str
        The names of the reducers.

    metric : str, default="reconstruction_error"
        What the scores are: one of the metrics of :func:`skae.compare`, or a label for the axis.

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
    >>> from sklearn.decomposition import NMF
    >>> from skae.inspection import ComponentCurveDisplay
    >>> X = load_digits().data[:300]
    >>> display = ComponentCurveDisplay.from_estimator(
    ...     NMF(max_iter=500, tol=1e-2), X, n_components=(2, 4, 8), cv=3, random_state=0
    ... )
    >>> display.names
    ['PCA', 'NMF']
    >>> display.scores.mean(axis=2).round(1)
    array([[13.6,  9. ,  5.4],
           [15.6, 11.1,  8. ]])
    """

    def __init__(self, n_components, scores, names, *, metric="reconstruction_error"):
        self.n_components = n_components
        self.scores = scores
        self.names = names
        self.metric = metric

    @classmethod
    def from_estimator(
        cls,
        estimators,
        X,
        y=None,
        *,
        n_components=(2, 4, 8, 16),
        cv=5,
        metric="reconstruction_error",
        with_pca=True,
        random_state=None,
        ax=None,
    ):
        """Fit reducers at several sizes on the same folds, and draw one metric.

        Parameters
        ----------
        estimators : estimator, list of estimators, or dict of str to estimator
            Reducers, fitted or not; clones of them are fitted. See :func:`skae.compare`.

        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            The rows.

        y : array-like of shape (n_samples,), default=None
            Class labels, for ``metric="accuracy"``.

        n_components : int or sequence of int, default=(2, 4, 8, 16)
            The sizes.

        cv : int or splitter, default=5
            The number of shuffled folds, or a splitter, or an iterable of pairs of training and
            held-out indices.

        metric : str, default="reconstruction_error"
            One of the metrics of :func:`skae.compare`.

        with_pca : bool, default=True
            Whether PCA stands beside them; beside a Pipeline, PCA in the same Pipeline. Where it is
            among them already, it is not added.

        random_state : int, RandomState instance or None, default=None
            Fixes the folds and every `random_state` of every reducer.

        ax : matplotlib Axes, default=None
            Where to draw; by default in a new figure.

        Returns
        -------
        display : ComponentCurveDisplay
            With the curves drawn.

        Raises
        ------
        TypeError
            If an estimator cannot reconstruct or has no `n_components`.
        ValueError
            If the metric is not one, or if a size, the folds or the labels cannot be used; always
            before the first fit.
        """
        check_metric(metric, METRICS)
        if metric == "accuracy":
            _check_classes(y, X)
        reducers = name_reducers(estimators)
        reducers = beside_pca(reducers) if with_pca else reducers
        comparison = compare(
            reducers, X, y, n_components=n_components, cv=cv, random_state=random_state
        )
        return cls.from_comparison(comparison, metric=metric, ax=ax)

    @classmethod
    def from_comparison(cls, comparison, *, metric="reconstruction_error", ax=None):
        """Draw one metric of a comparison.

        Parameters
        ----------
        comparison : Comparison
            What :func:`skae.compare` returned.

        metric : str, default="reconstruction_error"
            One of the keys of `comparison.scores`.

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
        check_metric(metric, comparison.scores)
        display = cls(
            comparison.n_components,
            comparison.scores[metric],
            comparison.reducers,
            metric=metric,
        )
        return display.plot(ax)

    def plot(self, ax=None):
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


def _check_classes(y, X):
    if y is None:
        raise ValueError(
            "metric='accuracy' is that of a classifier of y, but y is None; pass class labels or "
            "choose another metric."
        )
    check_labels(y, X, "a nearest-neighbour classifier")
