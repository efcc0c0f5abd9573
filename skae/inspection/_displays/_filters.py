"""Directions in which the components of a code move a row."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skae.inspection._drawing._filters import draw_filters
from skae.inspection._drawing._row_format import Kind, row_format
from skae.messages import check_integer
from skae.numerics import Array, ArrayLike
from skae.reducers import as_rows, before_last_step, last_step, thawed

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap


class FiltersDisplay:
    """The filters of a linear decoder: what one unit of each component adds to a row.

    Each is drawn on a scale of its own that is symmetric about zero: grey is zero, where filters
    are images. Use :meth:`from_estimator` to make one; all parameters are kept as attributes.

    Parameters
    ----------
    filters : array-like of shape (n_filters, n_features)
        The filters, in the order in which they are drawn.

    uses : array-like of shape (n_filters,), default=None
        How much each is used, shown above it.

    components : sequence of n_filters int, default=None
        The component that each filter is of.

    sample_shape : tuple of int, default=None
        The shape of a filter before it is flattened: (height, width), (height, width, 1) or
        (height, width, 3) for images, (timesteps, features) for series. By default it is a square
        image where the number of features is a square of 64 or more.

    kind : {"auto", "image", "series", "bars"}, default="auto"
        The form that filters are drawn in. "auto" goes by `sample_shape`.

    Attributes
    ----------
    axes_ : ndarray of Axes
        The panels, as many rows as columns for images. Set by :meth:`plot`.

    ax_ : matplotlib Axes
        The invisible axes around them.

    figure_ : matplotlib Figure
        The figure they are in.

    See Also
    --------
    LatentTraversalDisplay : What the components of any autoencoder change.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skae import SparseAutoencoder
    >>> from skae.inspection import FiltersDisplay
    >>> X, _ = load_digits(return_X_y=True)
    >>> sparse = SparseAutoencoder(64, sparsity="batch_topk", max_iter=5, random_state=0).fit(X)
    >>> display = FiltersDisplay.from_estimator(sparse, X, n_filters=16)
    >>> display.axes_.shape
    (4, 4)
    """

    def __init__(
        self,
        filters: ArrayLike,
        *,
        uses: ArrayLike | None = None,
        components: Sequence[int] | None = None,
        sample_shape: Sequence[int] | None = None,
        kind: Kind = "auto",
    ) -> None:
        self.filters = filters
        self.uses = uses
        self.components = components
        self.sample_shape = sample_shape
        self.kind = kind

    def plot(self, ax: "Axes | None" = None, *, cmap: "str | Colormap" = "gray") -> Self:
        """Draw the filters.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Is divided into the panels; by default in a new figure.

        cmap : str or matplotlib Colormap, default="gray"
            Colours of the values of grey images.

        Returns
        -------
        display : FiltersDisplay
            This object, with `ax_`, `axes_` and `figure_`.

        Raises
        ------
        ValueError
            If the arrays differ in length, filters are not finite, `uses` are no shares, or
            `sample_shape` does not fit the filters.
        """
        filters = as_rows(self.filters, "filters")
        for name in ("uses", "components"):
            values = getattr(self, name)
            if values is None:
                continue
            if isinstance(values, str) or np.ndim(values) == 0:
                raise ValueError(
                    f"{name}={values!r} should be a sequence of one value for each of the "
                    f"{len(filters)} filters; pass such a list, or None."
                )
            if len(values) != len(filters):
                raise ValueError(
                    f"{name} holds {len(values)} values, but there are {len(filters)} filters; "
                    "pass one for each, or None."
                )
        if not np.isfinite(filters).all():
            raise ValueError(
                f"filters hold {np.sum(~np.isfinite(filters))} values that are NaN or infinite, "
                "but numbers were expected; pass components_ of an estimator that is fitted."
            )
        largest = np.max(np.abs(filters))
        if largest > _LARGEST:
            raise ValueError(
                f"filters hold values of {largest:.3g}, but axes reach {_LARGEST:g}; divide "
                "filters by a constant first."
            )
        form = row_format(filters.shape[1], self.sample_shape, self.kind)
        panels = draw_filters(ax, filters, self._titles(), form, cmap)
        self.ax_, self.axes_, self.figure_ = panels.ax, panels.axes, panels.figure
        return self

    def _titles(self) -> list[str] | None:
        if self.uses is None:
            return None if self.components is None else [str(i) for i in self.components]
        percents = [100 * use for use in _checked_shares(self.uses)]
        # Two digits of 100 are 1e+02.
        return [f"{percent:.0f} %" if percent >= 10 else f"{percent:.2g} %" for percent in percents]

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: ArrayLike | None = None,
        *,
        n_filters: int | None = None,
        sample_shape: Sequence[int] | None = None,
        kind: Kind = "auto",
        ax: "Axes | None" = None,
        cmap: "str | Colormap" = "gray",
    ) -> Self:
        """Draw the filters of an estimator, those used most first.

        Parameters
        ----------
        estimator : fitted estimator
            With `components_` in the units of the rows, such as a SparseAutoencoder without hidden
            layers, PCA or DictionaryLearning; or a Pipeline or a search that ends in one, whose
            filters are in the units of the rows that its last step reads.

        X : array-like of shape (n_samples, n_features), default=None
            Rows by whose codes the filters are sorted: by how much each adds to them, the mean
            absolute value of its code times the norm of the filter. Shown is the share of the rows
            in which it is not zero. By default filters are in the order of the components.

        n_filters : int, default=None
            How many are drawn; by default all, up to 100.

        sample_shape : tuple of int, default=None
            The shape of a row; by default the estimator's parameter of this name, if it has one.

        kind : {"auto", "image", "series", "bars"}, default="auto"
            The form that filters are drawn in.

        ax : matplotlib Axes, default=None
            Is divided into the panels; by default in a new figure.

        cmap : str or matplotlib Colormap, default="gray"
            See :meth:`plot`.

        Returns
        -------
        display : FiltersDisplay
            The display, drawn.

        Raises
        ------
        TypeError
            If the estimator has no `components_`.
        ValueError
            If `sample_shape` does not fit the filters, or `n_filters` is more than there are.
        """
        check_is_fitted(estimator)
        if X is not None:
            X = before_last_step(estimator, X)
        estimator = thawed(last_step(estimator))
        if not hasattr(estimator, "components_"):
            raise TypeError(
                f"{type(estimator).__name__} has no components_: its filters are not the same for "
                "every row. Pass an estimator with a linear decoder, such as SparseAutoencoder("
                "sparsity='batch_topk'), or draw LatentTraversalDisplay."
            )
        filters = np.asarray(estimator.components_)
        n_filters = min(len(filters), _MOST) if n_filters is None else n_filters
        if check_integer("n_filters", n_filters) > len(filters):
            raise ValueError(
                f"n_filters={n_filters} filters cannot be drawn of {len(filters)}; pass at most as "
                "many as components_ has rows."
            )
        order, uses = np.arange(len(filters)), None
        if X is not None:
            code = np.asarray(estimator.transform(X))
            order = np.argsort(-_amounts(code, filters), kind="stable")
            uses = np.mean(code != 0, axis=0)[order[:n_filters]]
        order = order[:n_filters]
        if sample_shape is None:
            sample_shape = getattr(estimator, "sample_shape", None)
        display = cls(
            filters[order],
            uses=uses,
            components=order.tolist(),
            sample_shape=sample_shape,
            kind=kind,
        )
        return display.plot(ax, cmap=cmap)


_MOST = 100
# matplotlib takes the difference of the ends of an axis, and more.
_LARGEST = 1e300


def _checked_shares(uses: ArrayLike) -> Array:
    shares = np.asarray(uses)
    is_number = shares.ndim == 1 and shares.dtype.kind in "biuf"
    # NaN is neither.
    if not is_number or not np.all((shares >= 0) & (shares <= 1)):
        raise ValueError(
            f"uses={uses!r} should be the shares of rows in which filters are used, from 0 to 1; "
            "pass one for each filter, or None."
        )
    return shares


def _amounts(code: Array, filters: Array) -> Array:
    amounts: Array = np.mean(np.abs(code), axis=0) * np.linalg.norm(filters, axis=1)
    return amounts
