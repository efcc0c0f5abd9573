"""Noisy rows, the rows that an estimator restores, and the clean rows."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

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


class DenoisingDisplay:
    """A few noisy rows beside the restored ones, and the clean rows if they are known.

    All are drawn on one scale, as images, as series or as bars. Use :meth:`from_estimator` or
    :meth:`from_predictions` to make one; all parameters are kept as attributes.

    Parameters
    ----------
    noisy : array-like of shape (n_rows, n_features)
        The rows as they came.

    restored : array-like of shape (n_rows, n_features)
        The same without their noise, as far as an estimator could tell.

    clean : array-like of shape (n_rows, n_features), default=None
        The same rows without noise.

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
        The panels. With three versions of the rows, or two without `clean`: of shape
        (n_versions, n_rows) for images, (n_rows, n_versions) for series and (n_rows, 1) for bars,
        where all share one. Set by :meth:`plot`.

    ax_ : matplotlib Axes
        The invisible axes around them.

    figure_ : matplotlib Figure
        The figure they are in.

    See Also
    --------
    ReconstructionDisplay : Rows, their reconstruction, and the difference.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.decomposition import PCA
    >>> from skae.inspection import DenoisingDisplay
    >>> X, _ = load_digits(return_X_y=True)
    >>> X_noisy = X + np.random.default_rng(0).normal(0, 4, X.shape)
    >>> display = DenoisingDisplay.from_estimator(PCA(16).fit(X), X_noisy, X, n_rows=5)
    >>> [ax.get_ylabel() for ax in display.axes_[:, 0]]
    ['noisy', 'restored', 'clean']
    """

    def __init__(
        self,
        noisy: ArrayLike,
        restored: ArrayLike,
        clean: ArrayLike | None = None,
        *,
        sample_shape: Sequence[int] | None = None,
        kind: Kind = "auto",
        feature_names: Names | None = None,
        feature_means: ArrayLike | None = None,
        feature_deviations: ArrayLike | None = None,
        row_numbers: Sequence[int] | Integers | None = None,
    ) -> None:
        self.noisy = noisy
        self.restored = restored
        self.clean = clean
        self.sample_shape = sample_shape
        self.kind = kind
        self.feature_names = feature_names
        self.feature_means = feature_means
        self.feature_deviations = feature_deviations
        self.row_numbers = row_numbers

    def plot(self, ax: "Axes | None" = None, *, cmap: "str | Colormap" = "gray_r") -> Self:
        """Draw the rows.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Is divided into the panels; by default in a new figure.

        cmap : str or matplotlib Colormap, default="gray_r"
            Colours of the values of grey images.

        Returns
        -------
        display : DenoisingDisplay
            This object, with `ax_`, `axes_` and `figure_`.

        Raises
        ------
        ValueError
            If the arrays differ in shape, or `sample_shape` does not fit their columns.
        """
        versions = {"noisy": self.noisy, "restored": self.restored}
        if self.clean is not None:
            versions["clean"] = self.clean
        versions = check_same_shape(versions)
        strips = Strips(
            versions,
            "restored" if self.clean is None else "clean",
            None,
            row_format(versions["noisy"].shape[1], self.sample_shape, self.kind),
            self.row_numbers,
            self.feature_names,
            self.feature_means,
            self.feature_deviations,
            cmap,
            None,
        )
        self.ax_, self.axes_, _ = panels = draw_strips(ax, strips)
        self.figure_ = panels.figure
        return self

    @classmethod
    def from_estimator(
        cls,
        estimator: Reducer,
        X_noisy: ArrayLike,
        X_clean: ArrayLike | None = None,
        *,
        n_rows: int = 8,
        sample_shape: Sequence[int] | None = None,
        kind: Kind = "auto",
        feature_names: Names | None = None,
        standardize: bool = True,
        ax: "Axes | None" = None,
        cmap: "str | Colormap" = "gray_r",
    ) -> Self:
        """Restore a few noisy rows and draw them.

        Parameters
        ----------
        estimator : fitted estimator
            With `reconstruct`, or with `transform` and `inverse_transform`, such as a denoising
            autoencoder, PCA, or a Pipeline of such estimators.

        X_noisy : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Noisy rows, held out if possible.

        X_clean : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features), \
                default=None
            The same rows without noise.

        n_rows : int, default=8
            How many rows are drawn, spread evenly over the table.

        sample_shape : tuple of int, default=None
            The shape of a row; by default the estimator's parameter of this name, if it has one.

        kind : {"auto", "image", "series", "bars"}, default="auto"
            The form that rows are drawn in. An estimator's `sample_shape` of two axes is a series.

        feature_names : sequence of str, default=None
            By default the names of the columns of a dataframe.

        standardize : bool, default=True
            Whether bars show deviations from the mean in standard deviations, those of the clean
            rows if they are given.

        ax : matplotlib Axes, default=None
            Is divided into the panels; by default in a new figure.

        cmap : str or matplotlib Colormap, default="gray_r"
            Colours of the values of grey images.

        Returns
        -------
        display : DenoisingDisplay
            The display, drawn.

        Raises
        ------
        TypeError
            If the estimator cannot reconstruct.
        ValueError
            If clean and noisy rows differ in shape, or `sample_shape` does not fit them.
        """
        _check_lengths(X_noisy=X_noisy, X_clean=X_clean)
        if X_clean is not None:
            _, X_clean = as_numbers(estimator, X_clean)
        estimator, X_noisy = as_numbers(estimator, X_noisy)
        positions = spread_rows(X_noisy, n_rows)
        noisy = select(X_noisy, positions)
        restored, clean = reconstruct(estimator, noisy), _select_or_none(X_clean, positions)
        options = display_options(
            X_noisy if X_clean is None else X_clean,
            noisy,
            estimator,
            sample_shape=sample_shape,
            kind=kind,
            feature_names=feature_names,
            standardize=standardize,
        )
        rows = leave_padding_out(estimator, noisy, restored, clean)
        return cls(*rows, row_numbers=positions, **options).plot(ax, cmap=cmap)

    @classmethod
    def from_predictions(
        cls,
        X_noisy: ArrayLike,
        X_restored: ArrayLike,
        X_clean: ArrayLike | None = None,
        *,
        n_rows: int = 8,
        sample_shape: Sequence[int] | None = None,
        kind: Kind = "auto",
        feature_names: Names | None = None,
        standardize: bool = True,
        ax: "Axes | None" = None,
        cmap: "str | Colormap" = "gray_r",
    ) -> Self:
        """Draw a few noisy rows and the restored ones.

        Parameters
        ----------
        X_noisy : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Noisy rows.

        X_restored : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            The restored rows.

        X_clean : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features), \
                default=None
            The same rows without noise.

        n_rows : int, default=8
            How many rows are drawn, spread evenly over the table.

        sample_shape : tuple of int, default=None
            The shape of a row; by default the shape of the rows of X_noisy, if they are not flat.

        kind : {"auto", "image", "series", "bars"}, default="auto"
            The form that rows are drawn in.

        feature_names : sequence of str, default=None
            By default the names of the columns of a dataframe.

        standardize : bool, default=True
            Whether bars show deviations from the mean in standard deviations, those of the clean
            rows if they are given.

        ax : matplotlib Axes, default=None
            Is divided into the panels; by default in a new figure.

        cmap : str or matplotlib Colormap, default="gray_r"
            Colours of the values of grey images.

        Returns
        -------
        display : DenoisingDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If the tables differ in shape, or `sample_shape` does not fit them.
        """
        _check_lengths(X_noisy=X_noisy, X_restored=X_restored, X_clean=X_clean)
        positions = spread_rows(X_noisy, n_rows)
        noisy, restored = select(X_noisy, positions), select(X_restored, positions)
        options = display_options(
            X_noisy if X_clean is None else X_clean,
            noisy,
            sample_shape=sample_shape,
            kind=kind,
            feature_names=feature_names,
            standardize=standardize,
        )
        clean = _select_or_none(X_clean, positions)
        return cls(noisy, restored, clean, row_numbers=positions, **options).plot(ax, cmap=cmap)


def _check_lengths(**tables: ArrayLike | None) -> None:
    check_same_length({name: X for name, X in tables.items() if X is not None})


def _select_or_none(X: ArrayLike | None, positions: Integers) -> Any:
    return None if X is None else select(X, positions)
