"""The distribution of the reconstruction errors of rows."""

from itertools import cycle
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from sklearn.utils import check_array

from skae.inspection._drawing._legends import legend_outside
from skae.inspection._drawing._style import axes_to_draw_in, plain, short_name, styles, tidy
from skae.inspection._target_checks import check_labels
from skae.inspection._targets import check_n_classes
from skae.numerics import Array, ArrayLike
from skae.reducers import last_step, leave_padding_out, reconstruct, row_errors, squared_errors
from skae.tables import refuse_mask
from skae.tabular import reads_tables

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D


_ERROR = "Mean squared error of a row (squared units of X)"
_LOSS = "Negative score of a row"
_KINDS = ("histogram", "ecdf")
_HATCHES = ("", "///", "...", "\\\\\\", "xxx", "---", "+++")
_MOST_INSIDE = 8  # entries of a legend that curves leave room for
_FEWEST_BINS, _MOST_BINS = 20, 50
# Errors below this share of the largest are rounding, whose many decades would leave no room for
# the others.
_LOWEST = 1e-12


class ReconstructionErrorDisplay:
    """Distribution of the reconstruction error of each row, with a threshold.

    It is recommended to use :meth:`from_estimator` or :meth:`from_predictions`.

    Parameters
    ----------
    errors : array-like of shape (n_samples,)
        The errors, or any scores of which high ones are abnormal.

    threshold : float, default=None
        Rows above it are abnormal.

    y : array-like of shape (n_samples,), default=None
        Class labels, which are drawn apart.

    error_name : str, default=None
        The name of the errors, with their unit, for the axis.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,) or None
        The labels that were drawn, sorted.

    shares_above_ : ndarray of shape (n_classes,) or None
        Share of the rows of each class above the threshold; of all rows without `y`.

    threshold_line_ : matplotlib Line2D or None
        The line at the threshold.

    ax_ : matplotlib Axes
        Where the distribution was drawn.

    figure_ : matplotlib Figure
        The figure it is in.

    See Also
    --------
    FeatureContributionDisplay : The features that make up the error of a row.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.decomposition import PCA
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skae import ReconstructionOutlierDetector
    >>> from skae.inspection import ReconstructionErrorDisplay
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> detector = make_pipeline(
    ...     StandardScaler(), ReconstructionOutlierDetector(PCA(10), random_state=0)
    ... )
    >>> _ = detector.fit(X[:400][y[:400] == 1])
    >>> display = ReconstructionErrorDisplay.from_estimator(detector, X[400:], y[400:])
    >>> display.shares_above_.round(2)
    array([0.69, 0.02])
    """

    def __init__(
        self,
        errors: ArrayLike,
        *,
        threshold: float | None = None,
        y: ArrayLike | None = None,
        error_name: str | None = None,
    ) -> None:
        self.errors = errors
        self.threshold = threshold
        self.y = y
        self.error_name = error_name

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: ArrayLike,
        y: ArrayLike | None = None,
        *,
        threshold: float | None = None,
        kind: Literal["histogram", "ecdf"] = "histogram",
        log_scale: bool | Literal["auto"] = "auto",
        ax: "Axes | None" = None,
    ) -> Self:
        """Draw the errors that a fitted estimator makes on rows.

        Parameters
        ----------
        estimator : estimator
            Fitted, with `transform` and `inverse_transform`: an autoencoder, PCA, a Pipeline. Or
            an outlier detector with `score_samples` and `offset_`, such as
            ReconstructionOutlierDetector, or a Pipeline that ends in one: its anomaly scores
            ``-score_samples(X)`` and its threshold ``-offset_`` are drawn.

        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            The rows.

        y : array-like of shape (n_samples,), default=None
            Class labels, which are drawn apart.

        threshold : float, default=None
            Rows above it are abnormal; a detector's own by default.

        kind : {"histogram", "ecdf"}, default="histogram"
            See :meth:`plot`.

        log_scale : bool or "auto", default="auto"
            See :meth:`plot`.

        ax : matplotlib Axes, default=None
            Where to draw; by default in a new figure.

        Returns
        -------
        display : ReconstructionErrorDisplay
            With the distribution drawn.

        Raises
        ------
        TypeError
            If the estimator can neither reconstruct rows nor detect outliers.
        ValueError
            If rows or labels cannot be used, or as :meth:`plot` does.
        """
        refuse_mask(X, "X")
        detector = last_step(estimator)
        if hasattr(detector, "offset_") and hasattr(estimator, "score_samples"):
            errors = -estimator.score_samples(X)
            threshold = -detector.offset_ if threshold is None else threshold
            name = _score_name(detector)
        elif reads_tables(detector):
            errors, name = -estimator.score_samples(X), _LOSS
        else:
            rows = leave_padding_out(estimator, X, reconstruct(estimator, X))
            errors, name = row_errors(squared_errors(*rows)), _ERROR
        display = cls(errors, threshold=threshold, y=y, error_name=name)
        return display.plot(ax, kind=kind, log_scale=log_scale)

    @classmethod
    def from_predictions(
        cls,
        X: ArrayLike,
        X_reconstructed: ArrayLike,
        y: ArrayLike | None = None,
        *,
        threshold: float | None = None,
        kind: Literal["histogram", "ecdf"] = "histogram",
        log_scale: bool | Literal["auto"] = "auto",
        ax: "Axes | None" = None,
    ) -> Self:
        """Draw the errors of reconstructed rows.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            The rows.

        X_reconstructed : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Their reconstruction, in the same units.

        y : array-like of shape (n_samples,), default=None
            Class labels, which are drawn apart.

        threshold : float, default=None
            Rows above it are abnormal.

        kind : {"histogram", "ecdf"}, default="histogram"
            See :meth:`plot`.

        log_scale : bool or "auto", default="auto"
            See :meth:`plot`.

        ax : matplotlib Axes, default=None
            Where to draw; by default in a new figure.

        Returns
        -------
        display : ReconstructionErrorDisplay
            With the distribution drawn.

        Raises
        ------
        ValueError
            If rows or labels cannot be used, or as :meth:`plot` does.
        """
        errors = row_errors(squared_errors(X, X_reconstructed))
        display = cls(errors, threshold=threshold, y=y, error_name=_ERROR)
        return display.plot(ax, kind=kind, log_scale=log_scale)

    def plot(
        self,
        ax: "Axes | None" = None,
        *,
        kind: Literal["histogram", "ecdf"] = "histogram",
        log_scale: bool | Literal["auto"] = "auto",
    ) -> Self:
        """Draw the distribution.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; by default in a new figure.

        kind : {"histogram", "ecdf"}, default="histogram"
            A histogram shows the share of each class's rows in each bin, so that classes of
            different sizes can be compared; an empirical distribution function the share of them
            up to each error, which is clearer for many classes.

        log_scale : bool or "auto", default="auto"
            Whether the errors have a logarithmic axis. ``"auto"`` takes one where all are above 0
            and the largest is more than ten times the median. Its lowest error is a millionth of a
            millionth of the largest: lower ones are rounding, and drawn there.

        Returns
        -------
        display : ReconstructionErrorDisplay
            This object, with the attributes that end in ``_``.

        Raises
        ------
        ValueError
            If `kind` is another, if there are not as many labels as errors, if labels are missing,
            continuous or more than can be told apart, or if errors of 0 or less have no place on a
            logarithmic axis.
        """
        if kind not in _KINDS:
            raise ValueError(f"kind={kind!r} must be one of {_KINDS}.")
        refuse_mask(self.errors, "errors", "Leave these rows out.")
        errors = check_array(self.errors, ensure_2d=False, dtype=float, input_name="errors")
        if errors.ndim != 1:
            raise ValueError(
                f"errors has shape {errors.shape}, but (n_samples,) was expected; pass one number "
                "for each row."
            )
        is_log = _is_log(log_scale, errors)
        self.classes_, groups = _groups(errors, self.y)
        self.shares_above_ = self._shares_above(groups)
        if is_log:
            groups = [np.maximum(group, _LOWEST * errors.max()) for group in groups]
        is_own_figure, ax = ax is None, axes_to_draw_in(ax)
        draw = _draw_histogram if kind == "histogram" else _draw_ecdf
        handles = draw(ax, groups, self._labels(), is_log)
        self.threshold_line_ = self._draw_threshold(ax)
        self._label(ax, kind, is_log)
        self._explain(ax, handles, is_own_figure)
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _shares_above(self, groups: list[Array]) -> Array | None:
        if self.threshold is None:
            return None
        return np.array([np.mean(group > self.threshold) for group in groups])

    def _labels(self) -> list[str]:
        names = ["all rows"] if self.classes_ is None else map(short_name, self.classes_)
        shares = self.shares_above_
        if shares is None:
            return list(names)
        return [
            f"{name}: {100 * share:.1f} % above" for name, share in zip(names, shares, strict=True)
        ]

    def _draw_threshold(self, ax: "Axes") -> "Line2D | None":
        if self.threshold is None:
            return None
        label = f"threshold {self.threshold:.3g}"
        return ax.axvline(self.threshold, color="black", linewidth=1.5, label=label)

    def _label(self, ax: "Axes", kind: Literal["histogram", "ecdf"], is_log: bool) -> None:
        if is_log:
            ax.set_xscale("log")
        ax.set_xlabel("Reconstruction error" if self.error_name is None else self.error_name)
        rows = "rows" if self.classes_ is None else "each class's rows"
        ax.set_ylabel(f"Share of {rows}{'' if kind == 'histogram' else ' up to this error'}")
        ax.yaxis.set_major_formatter(lambda share, place: f"{100 * share:g} %")
        ax.set_ylim(bottom=0)
        ax.grid(axis="y", alpha=0.3)
        tidy(ax)

    def _explain(self, ax: "Axes", handles: list[Any], is_own_figure: bool) -> None:
        if self.classes_ is None and self.threshold is None:
            return
        # Labels are passed, as matplotlib itself leaves names out that begin with "_".
        labels = self._labels()
        if self.threshold_line_ is not None:
            handles = [*handles, self.threshold_line_]
            labels.append(str(self.threshold_line_.get_label()))
        if len(labels) > _MOST_INSIDE:
            legend_outside(ax, handles, labels, is_own_figure=is_own_figure)
        else:
            ax.legend(handles, labels, frameon=False, fontsize="small")


def _score_name(detector: object) -> str:
    scoring = getattr(detector, "scoring", None)
    return "Anomaly score" if scoring is None else f"Anomaly score ({plain(scoring)})"


def _groups(errors: Array, y: ArrayLike | None) -> tuple[Array | None, list[Array]]:
    """Split the errors by class."""
    if y is None:
        return None, [errors]
    y = check_labels(y, errors, "a distribution for each class")
    classes = np.unique(y)
    check_n_classes(len(classes), "or leave y out")
    return classes, [errors[y == label] for label in classes]


def _is_log(log_scale: bool | Literal["auto"], errors: Array) -> bool:
    if log_scale == "auto":
        return bool(errors.min() > 0 and errors.max() > 10 * np.median(errors))
    if log_scale and errors.min() <= 0:
        raise ValueError(
            f"log_scale=True, but errors go down to {errors.min():.3g}, which has no place on a "
            "logarithmic axis; leave log_scale out."
        )
    return bool(log_scale)


def _draw_histogram(ax: "Axes", groups: list[Array], labels: list[str], is_log: bool) -> list[Any]:
    """Draw the histogram of each group; return the entries of a legend."""
    edges, handles = _bin_edges(np.concatenate(groups), is_log), []
    for group, label, style, hatch in zip(groups, labels, styles(), cycle(_HATCHES), strict=False):
        shares = np.histogram(group, edges)[0] / len(group)
        line: dict[str, Any] = {"linestyle": style["linestyle"], "linewidth": 1.5}
        area: dict[str, Any] = {
            "facecolor": (style["color"], 0.15),
            "edgecolor": (style["color"], 0.5),
        }
        handles.append(
            ax.stairs(shares, edges, fill=True, label=label, hatch=hatch, **area, **line)
        )
        # Outlines are drawn in full colour, over the fills of all classes.
        ax.stairs(shares, edges, color=style["color"], zorder=2, **line)
    return handles


def _bin_edges(errors: Array, is_log: bool) -> Array:
    n_bins = int(np.clip(np.sqrt(len(errors)), _FEWEST_BINS, _MOST_BINS))
    if is_log:
        # Its ends are the errors themselves, where exp(log) would round one out of the last bin.
        return np.geomspace(errors.min(), errors.max(), n_bins + 1)
    return np.histogram_bin_edges(errors, n_bins)


def _draw_ecdf(ax: "Axes", groups: list[Array], labels: list[str], is_log: bool) -> list[Any]:
    """Draw the distribution function of each group; return the entries of a legend."""
    return [
        ax.ecdf(group, label=label, color=style["color"], linestyle=style["linestyle"])
        for group, label, style in zip(groups, labels, styles(), strict=False)
    ]
