"""Rows, their reconstruction, and the difference."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

from skae.inspection._drawing._row_format import Kind, row_format
from skae.inspection._drawing._strips import Strips, draw_strips
from skae.inspection._drawing._style import Names
from skae.inspection._rows import display_options, spread_rows
from skae.numerics import ArrayLike, Integers
from skae.reducers import (
    Reducer,
    check_same_length,
    check_same_shape,
    leave_padding_out,
    reconstruct,
    select,
)
from skae.tabular import as_numbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap


class ReconstructionDisplay:
    """A few rows beside their reconstruction.

    Rows are drawn as images, as series or as bars; differences are reconstruction minus original,
    on a scale of their own that is symmetric about zero. Use :meth:`from_estimator` or
    :meth:`from_predictions` to make one; all parameters are kept as attributes.

    Parameters
    ----------
    originals : array-like of shape (n_rows, n_features)
        The rows.

    reconstructions : array-like of shape (n_rows, n_features)
        Their reconstruction, in the same units.

    sample_shape : tuple of int, default=None
        The shape of a row before it is flattened: (height, width), (height, width, 1) or
        (height, width, 3) for images, (timesteps, features) for series. By default it is a square
        image where the number of features is a square of 64 or more.

    kind : {"auto", "image", "series", "bars"}, default="auto"
        The form that rows are drawn in. "auto" goes by `sample_shape`; two axes, which may be
        either, are an image if both are 8 or more.

    feature_names : sequence of str, default=None
        Names of the columns for bars, shown where there is room; of the features of a timestep for
        series.

    feature_means, feature_deviations : array-like of shape (n_features,), default=None
        If given, bars show deviations from these means in these standard deviations, as features
        may differ in their units. Features without deviation are counted in that of the others.

    row_numbers : sequence of n_rows int, default=None
        Where the rows stand in their table.

    Attributes
    ----------
    axes_ : ndarray of Axes
        The panels: of shape (3, n_rows) for images, (n_rows, 3) for series and (n_rows, 2) for
        bars, where original and reconstruction share one. Set by :meth:`plot`.

    ax_ : matplotlib Axes
        The invisible axes around them.

    figure_ : matplotlib Figure
        The figure they are in.

    See Also
    --------
    DenoisingDisplay : Noisy rows, the restored ones, and the clean rows.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.decomposition import PCA
    >>> from skae.inspection import ReconstructionDisplay
    >>> X, _ = load_digits(return_X_y=True)
    >>> display = ReconstructionDisplay.from_estimator(PCA(8).fit(X), X, n_rows=4)
    >>> display.axes_.shape
    (3, 4)
    """

    def __init__(
        self,
        originals: ArrayLike,
        reconstructions: ArrayLike,
        *,
        sample_shape: Sequence[int] | None = None,
        kind: Kind = "auto",
        feature_names: Names | None = None,
        feature_means: ArrayLike | None = None,
        feature_deviations: ArrayLike | None = None,
        row_numbers: Sequence[int] | Integers | None = None,
    ) -> None:
        self.originals = originals
        self.reconstructions = reconstructions
        self.sample_shape = sample_shape
        self.kind = kind
        self.feature_names = feature_names
        self.feature_means = feature_means
        self.feature_deviations = feature_deviations
        self.row_numbers = row_numbers

    def plot(
        self,
        ax: "Axes | None" = None,
        *,
        cmap: "str | Colormap" = "gray_r",
        difference_cmap: "str | Colormap" = "cividis_r",
    ) -> Self:
        """Draw the rows.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Is divided into the panels; by default in a new figure.

        cmap : str or matplotlib Colormap, default="gray_r"
            Colours of the values of grey images.

        difference_cmap : str or matplotlib Colormap, default="cividis_r"
            Colours of the differences of images; by default darker, in print without colours too,
            where the reconstruction is above the original.

        Returns
        -------
        display : ReconstructionDisplay
            This object, with `ax_`, `axes_` and `figure_`.

        Raises
        ------
        ValueError
            If the arrays differ in shape, or `sample_shape` does not fit their columns.
        """
        rows = check_same_shape(
            {"originals": self.originals, "reconstructions": self.reconstructions}
        )
        originals, reconstructions = rows.values()
        strips = Strips(
            {"original": originals, "reconstruction": reconstructions},
            "original",
            reconstructions - originals,
            row_format(originals.shape[1], self.sample_shape, self.kind),
            self.row_numbers,
            self.feature_names,
            self.feature_means,
            self.feature_deviations,
            cmap,
            difference_cmap,
        )
        self.ax_, self.axes_, _ = panels = draw_strips(ax, strips)
        self.figure_ = panels.figure
        return self

    @classmethod
    def from_estimator(
        cls,
        estimator: Reducer,
        X: ArrayLike,
        *,
        n_rows: int = 8,
        sample_shape: Sequence[int] | None = None,
        kind: Kind = "auto",
        feature_names: Names | None = None,
        standardize: bool = True,
        ax: "Axes | None" = None,
        cmap: "str | Colormap" = "gray_r",
        difference_cmap: "str | Colormap" = "cividis_r",
    ) -> Self:
        """Reconstruct a few rows and draw them.

        Parameters
        ----------
        estimator : fitted estimator
            With `transform` and `inverse_transform`, such as PCA, an autoencoder, or a Pipeline of
            such estimators.

        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows, held out if possible; an estimator that takes them in their own shape may be
            given them so.

        n_rows : int, default=8
            How many rows are drawn, spread evenly over X.

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

        cmap, difference_cmap : str or matplotlib Colormap
            See :meth:`plot`.

        Returns
        -------
        display : ReconstructionDisplay
            The display, drawn.

        Raises
        ------
        TypeError
            If the estimator cannot reconstruct.
        ValueError
            If `sample_shape` does not fit the rows.
        """
        estimator, X = as_numbers(estimator, X)
        positions = spread_rows(X, n_rows)
        shown = select(X, positions)
        reconstructed = reconstruct(estimator, shown)
        options = display_options(
            X,
            shown,
            estimator,
            sample_shape=sample_shape,
            kind=kind,
            feature_names=feature_names,
            standardize=standardize,
        )
        rows = leave_padding_out(estimator, shown, reconstructed)
        display = cls(*rows, row_numbers=positions, **options)
        return display.plot(ax, cmap=cmap, difference_cmap=difference_cmap)

    @classmethod
    def from_predictions(
        cls,
        X: ArrayLike,
        X_reconstructed: ArrayLike,
        *,
        n_rows: int = 8,
        sample_shape: Sequence[int] | None = None,
        kind: Kind = "auto",
        feature_names: Names | None = None,
        standardize: bool = True,
        ax: "Axes | None" = None,
        cmap: "str | Colormap" = "gray_r",
        difference_cmap: "str | Colormap" = "cividis_r",
    ) -> Self:
        """Draw a few rows and their reconstruction.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            The rows.

        X_reconstructed : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Their reconstruction, in the same units.

        n_rows : int, default=8
            How many rows are drawn, spread evenly over X.

        sample_shape : tuple of int, default=None
            The shape of a row; by default the shape of the rows of X, if they are not flat.

        kind : {"auto", "image", "series", "bars"}, default="auto"
            The form that rows are drawn in.

        feature_names : sequence of str, default=None
            By default the names of the columns of a dataframe.

        standardize : bool, default=True
            Whether bars show deviations from the mean of X in standard deviations of X.

        ax : matplotlib Axes, default=None
            Is divided into the panels; by default in a new figure.

        cmap, difference_cmap : str or matplotlib Colormap
            See :meth:`plot`.

        Returns
        -------
        display : ReconstructionDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If the two differ in shape, or `sample_shape` does not fit them.
        """
        check_same_length({"X": X, "X_reconstructed": X_reconstructed})
        positions = spread_rows(X, n_rows)
        shown = select(X, positions)
        options = display_options(
            X,
            shown,
            sample_shape=sample_shape,
            kind=kind,
            feature_names=feature_names,
            standardize=standardize,
        )
        display = cls(shown, select(X_reconstructed, positions), row_numbers=positions, **options)
        return display.plot(ax, cmap=cmap, difference_cmap=difference_cmap)
