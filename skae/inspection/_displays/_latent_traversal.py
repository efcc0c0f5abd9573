"""Rows decoded from codes of which one or two components are varied at a time."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from scipy.sparse import issparse

from skae.inspection._codes import (
    as_array,
    check_components,
    check_names_of_code,
    encode,
    names_of_code,
    widest_components,
)
from skae.inspection._drawing._row_format import Kind, row_format
from skae.inspection._drawing._style import Names
from skae.inspection._drawing._traversals import Traversal, draw_traversal
from skae.inspection._rows import display_options
from skae.messages import check_integer
from skae.numerics import Array, ArrayLike
from skae.reducers import Reducer, as_rows, check_invertible, refuse_classes, select
from skae.tables import refuse_mask
from skae.tabular import as_numbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap


_MOST_COMPONENTS = 5


class LatentTraversalDisplay:
    """Decoded rows along components of the code, one strip a component, or a grid of two.

    The other components stay at those of a reference. Use :meth:`from_estimator` to make one; all
    parameters are kept as attributes.

    Parameters
    ----------
    values : array-like of shape (n_strips, n_values)
        The values that each component takes, in units of the code; two strips for a grid.

    reconstructions : array-like of shape (n_strips, n_values, n_features)
        The row decoded at each of them. For a grid, of shape (n_values, n_values, n_features), the
        first axis for the first component.

    components : sequence of n_strips int, default=None
        Which components these are, counted from 0; by default the first ones.

    is_grid : bool, default=False
        Whether two components are varied together.

    component_names : sequence of n_strips str, default=None
        Their names.

    sample_shape : tuple of int, default=None
        The shape of a row before it is flattened; see :class:`ReconstructionDisplay`.

    kind : {"auto", "image", "series", "bars"}, default="auto"
        The form that rows are drawn in.

    feature_names : sequence of str, default=None
        Names of the columns for bars, of the features of a timestep for series.

    feature_means, feature_deviations : array-like of shape (n_features,), default=None
        If given, bars show deviations from these means in these standard deviations. Features
        without deviation are counted in that of the others.

    value_range : tuple of two float, default=None
        The values at the ends of the colours of images; by default the lowest and the highest.

    Attributes
    ----------
    axes_ : ndarray of Axes
        The panels, of shape (n_strips, n_values) or (n_values, n_values); of shape (n_strips, 1)
        for strips of bars, or of series of one feature, where all values share one panel. Rows of
        a grid go up with the second component. Set by :meth:`plot`.

    ax_ : matplotlib Axes
        The invisible axes around them.

    figure_ : matplotlib Figure
        The figure they are in.

    See Also
    --------
    LatentSpaceDisplay : Where rows lie in the code.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.decomposition import PCA
    >>> from skae.inspection import LatentTraversalDisplay
    >>> X, _ = load_digits(return_X_y=True)
    >>> pca = PCA(8).fit(X)
    >>> LatentTraversalDisplay.from_estimator(pca, X, components=(0, 1)).axes_.shape
    (2, 7)
    >>> LatentTraversalDisplay.from_estimator(pca, X, grid=(0, 1), n_values=5).axes_.shape
    (5, 5)
    """

    def __init__(
        self,
        values: ArrayLike,
        reconstructions: ArrayLike,
        *,
        components: int | Sequence[int] | None = None,
        is_grid: bool = False,
        component_names: Names | None = None,
        sample_shape: Sequence[int] | None = None,
        kind: Kind = "auto",
        feature_names: Names | None = None,
        feature_means: ArrayLike | None = None,
        feature_deviations: ArrayLike | None = None,
        value_range: tuple[float, float] | None = None,
    ) -> None:
        self.values = values
        self.reconstructions = reconstructions
        self.components = components
        self.is_grid = is_grid
        self.component_names = component_names
        self.sample_shape = sample_shape
        self.kind = kind
        self.feature_names = feature_names
        self.feature_means = feature_means
        self.feature_deviations = feature_deviations
        self.value_range = value_range

    def plot(
        self,
        ax: "Axes | None" = None,
        *,
        cmap: "str | Colormap" = "gray_r",
        curve_cmap: "str | Colormap" = "cividis",
    ) -> Self:
        """Draw the decoded rows.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Is divided into the panels; by default in a new figure.

        cmap : str or matplotlib Colormap, default="gray_r"
            Colours of the values of grey images.

        curve_cmap : str or matplotlib Colormap, default="cividis"
            Colours of rows that share a panel, from the lowest value of the component up.

        Returns
        -------
        display : LatentTraversalDisplay
            This object, with `ax_`, `axes_` and `figure_`.

        Raises
        ------
        ValueError
            If the arrays do not fit each other, or `sample_shape` does not fit the rows.
        """
        values, rows = self._checked()
        traversal = Traversal(
            values,
            rows,
            self._names(len(values)),
            self.is_grid,
            row_format(rows.shape[-1], self.sample_shape, self.kind),
            self.feature_names,
            self.feature_means,
            self.feature_deviations,
            self.value_range,
            cmap,
            curve_cmap,
        )
        self.ax_, self.axes_, _ = panels = draw_traversal(ax, traversal)
        self.figure_ = panels.figure
        return self

    def _checked(self) -> tuple[Array, Array]:
        for name in ("values", "reconstructions"):
            refuse_mask(getattr(self, name), name, "Pass rows of which every value is known.")
        values, rows = np.asarray(self.values), np.asarray(self.reconstructions)
        n_values = values.shape[-1] if values.ndim == 2 else "n_values"
        expected = (n_values, n_values) if self.is_grid else values.shape
        if values.ndim != 2 or (self.is_grid and len(values) != 2):
            raise ValueError(
                f"values has shape {values.shape}, but "
                f"{'(2, n_values)' if self.is_grid else '(n_strips, n_values)'} was expected; pass "
                "the values of each component in a row of their own."
            )
        if rows.ndim != 3 or rows.shape[:2] != expected:
            raise ValueError(
                f"reconstructions has shape {rows.shape}, but ({expected[0]}, {expected[1]}, "
                "n_features) was expected; pass a flat row for each value."
            )
        return values, rows

    def _names(self, n_strips: int) -> list[str]:
        if self.component_names is not None or self.components is None:
            return check_names_of_code(self.component_names, n_strips)
        components = np.atleast_1d(self.components)
        if len(components) != n_strips:
            raise ValueError(
                f"components={self.components!r} are {len(components)}, but values has {n_strips} "
                "rows, one for each component; pass as many, or None."
            )
        return [f"component {k}" for k in components]

    @classmethod
    def from_estimator(
        cls,
        estimator: Reducer,
        X: ArrayLike,
        *,
        components: int | Sequence[int] | None = None,
        grid: Sequence[int] | None = None,
        n_values: int = 7,
        quantiles: Sequence[float] = (0.05, 0.95),
        reference: int | None = None,
        sample_shape: Sequence[int] | None = None,
        kind: Kind = "auto",
        feature_names: Names | None = None,
        standardize: bool = True,
        ax: "Axes | None" = None,
        cmap: "str | Colormap" = "gray_r",
        curve_cmap: "str | Colormap" = "cividis",
    ) -> Self:
        """Vary components of the code over their values in rows, and decode.

        Parameters
        ----------
        estimator : fitted estimator
            With `transform` and `inverse_transform`, such as PCA, an autoencoder, or a Pipeline of
            such estimators.

        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            The rows whose code says which values occur.

        components : int or sequence of int, default=None
            Which components are varied, one after another, counted from 0; by default the five
            that vary most, or all there are.

        grid : tuple of two int, default=None
            Two components to vary together instead.

        n_values : int, default=7
            How many values each component takes.

        quantiles : tuple of two float, default=(0.05, 0.95)
            The quantiles of the component in the code of X at which they begin and end; the others
            are quantiles evenly between.

        reference : int, default=None
            The row of X whose code the other components have; by default they have their means.

        sample_shape : tuple of int, default=None
            The shape of a row; by default the estimator's parameter of this name, if it has one.

        kind : {"auto", "image", "series", "bars"}, default="auto"
            The form that rows are drawn in. An estimator's `sample_shape` of two axes is a series.

        feature_names : sequence of str, default=None
            By default the names of the columns of a dataframe.

        standardize : bool, default=True
            Whether bars show deviations from the mean of X in standard deviations of X.

        ax : matplotlib Axes, default=None
            Is divided into the panels; by default in a new figure.

        cmap, curve_cmap : str or matplotlib Colormap
            See :meth:`plot`.

        Returns
        -------
        display : LatentTraversalDisplay
            The display, drawn.

        Raises
        ------
        TypeError
            If the estimator cannot reconstruct.
        ValueError
            If a component, a quantile or the reference is out of range.
        """
        estimator, X = as_numbers(estimator, X)
        check_invertible(estimator)
        refuse_classes(estimator, "LatentTraversalDisplay", "Pass estimator.given(y) of a class.")
        check_integer("n_values", n_values, 2)
        _check_quantiles(quantiles)
        flat = X.tocsr() if issparse(X) else as_rows(X, "X")
        options = display_options(
            X,
            select(flat, [0]),
            estimator,
            sample_shape=sample_shape,
            kind=kind,
            feature_names=feature_names,
            standardize=standardize,
        )
        code = encode(estimator, X)
        chosen = _chosen_components(components, grid, code)
        lowest, highest = quantiles
        shares = np.linspace(lowest, highest, n_values)
        values = np.quantile(code[:, chosen], shares, axis=0).T.astype(code.dtype)
        start = _reference_code(reference, code)
        codes = (_strip_codes if grid is None else _grid_codes)(start, chosen, values)
        rows = as_array(estimator.inverse_transform(codes.reshape(-1, code.shape[1])))
        names = check_names_of_code(names_of_code(estimator, code.shape[1]), code.shape[1])
        display = cls(
            values,
            as_rows(rows, "reconstructions").reshape(*codes.shape[:2], -1),
            components=chosen,
            is_grid=grid is not None,
            component_names=[names[k] for k in chosen],
            value_range=_value_range(flat),
            **options,
        )
        return display.plot(ax, cmap=cmap, curve_cmap=curve_cmap)


def _value_range(rows: Any) -> tuple[float, float]:
    """Return the lowest and the highest value; zeros of sparse rows count too."""
    if issparse(rows):
        return float(rows.nanmin()), float(rows.nanmax())
    return float(np.nanmin(rows)), float(np.nanmax(rows))


def _chosen_components(
    components: int | Sequence[int] | None, grid: Sequence[int] | None, code: Array
) -> list[int]:
    if grid is None:
        if components is None:
            return widest_components(code, _MOST_COMPONENTS)
        return check_components(components, code.shape[1])
    if components is not None:
        raise ValueError(
            f"components={components!r} and grid={grid!r} are both given; strips of components and "
            "a grid of two are different displays, pass one of them."
        )
    chosen = check_components(grid, code.shape[1], "grid")
    if len(chosen) != 2:
        raise ValueError(f"grid={grid!r} must be two components, such as (0, 1).")
    return chosen


def _check_quantiles(quantiles: Sequence[float]) -> None:
    shares = np.asarray(quantiles)
    if shares.shape != (2,) or not 0 <= shares[0] < shares[1] <= 1:
        raise ValueError(
            f"quantiles={quantiles!r} must be two ascending numbers from 0 to 1, such as "
            "(0.05, 0.95)."
        )


def _reference_code(reference: int | None, code: Array) -> Array:
    if reference is None:
        mean: Array = code.mean(axis=0)
        return mean
    check_integer("reference", reference, 0)
    if reference >= len(code):
        raise ValueError(
            f"reference={reference} is no row of X, which has {len(code)} rows; pass at most "
            f"{len(code) - 1}, or None for the mean code."
        )
    chosen: Array = code[reference]
    return chosen


def _strip_codes(start: Array, components: list[int], values: Array) -> Array:
    codes = np.tile(start, (*values.shape, 1))
    for strip, component, steps in zip(codes, components, values, strict=True):
        strip[:, component] = steps
    return codes


def _grid_codes(start: Array, components: list[int], values: Array) -> Array:
    codes = np.tile(start, (values.shape[1], values.shape[1], 1))
    codes[:, :, components[0]] = values[0][:, np.newaxis]
    codes[:, :, components[1]] = values[1]
    return codes
