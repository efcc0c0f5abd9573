"""The code of rows as points, coloured by a target."""

from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np

from skae.inspection._codes import (
    check_components,
    check_names_of_code,
    encode,
    names_of_code,
    widest_components,
)
from skae.inspection._drawing._legends import (
    legend_beside,
    legend_columns,
    legend_outside,
    legend_width,
)
from skae.inspection._drawing._panels import Panels, make_panels, restored_on_error
from skae.inspection._drawing._scatter import (
    draw_classes,
    draw_histogram,
    draw_values,
    marker_area,
    markerscale,
)
from skae.inspection._drawing._style import UNITS, Names, check_colormap, plain, short_name
from skae.inspection._targets import Classes, Values, read_target
from skae.numerics import Array, ArrayLike
from skae.tables import check_array, refuse_mask

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap


_MOST_COMPONENTS = 3  # three pairs of them
_SMALL_PANEL = 3.2, 3.2  # inches

TargetType = Literal["auto", "categorical", "continuous"]


class LatentSpaceDisplay:
    """Codes of rows as points, or as a histogram if one component is shown.

    Points are coloured by a target: classes differ in colour and marker, continuous values in
    colour. Use :meth:`from_estimator` to make one from rows, or the constructor for an embedding
    that is there already; all parameters are kept as attributes.

    Parameters
    ----------
    code : array-like of shape (n_samples, n_components)
        The code of each row.

    y : array-like of shape (n_samples,), default=None
        Classes, as numbers or strings, or continuous values.

    components : int or sequence of int, default=None
        Which components are drawn, counted from 0, every pair of them in a panel of its own. By
        default all of them, or the three that vary most.

    target_type : {"auto", "categorical", "continuous"}, default="auto"
        The kind of `y`. "auto" takes numbers for continuous if they are not whole or have more than
        20 different values.

    component_names : sequence of n_components str, default=None
        Names of all components of the code.

    target_name : str, default=None
        The name of `y`.

    Attributes
    ----------
    axes_ : ndarray of Axes of shape (1, n_panels)
        The panels; set by :meth:`plot`.

    ax_ : matplotlib Axes
        The panel if there is one, else the invisible axes around all of them.

    figure_ : matplotlib Figure
        The figure they are in.

    See Also
    --------
    LatentTraversalDisplay : The effect of each component on a row.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.decomposition import PCA
    >>> from skae.inspection import LatentSpaceDisplay
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> display = LatentSpaceDisplay.from_estimator(PCA(2).fit(X), X, y)
    >>> display.ax_.get_xlabel()
    'pca0 (units of the code)'
    """

    def __init__(
        self,
        code: ArrayLike,
        y: ArrayLike | None = None,
        *,
        components: int | Sequence[int] | None = None,
        target_type: TargetType = "auto",
        component_names: Names | None = None,
        target_name: str | None = None,
    ) -> None:
        self.code = code
        self.y = y
        self.components = components
        self.target_type = target_type
        self.component_names = component_names
        self.target_name = target_name

    def plot(
        self,
        ax: "Axes | None" = None,
        *,
        marker_size: float | None = None,
        alpha: float = 0.7,
        cmap: "str | Colormap" = "cividis",
        n_bins: int = 30,
    ) -> Self:
        """Draw the code.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; is divided if there are several panels. By default in a new figure.

        marker_size : float, default=None
            Area of a marker in squared points; by default smaller the more rows there are.

        alpha : float, default=0.7
            Opacity of the markers.

        cmap : str or matplotlib Colormap, default="cividis"
            Colours of continuous values.

        n_bins : int, default=30
            Bins of the histogram of a single component, the same for all classes.

        Returns
        -------
        display : LatentSpaceDisplay
            This object, with `ax_`, `axes_` and `figure_`.

        Raises
        ------
        ValueError
            If a component is out of range, `y` does not fit the code, or the colormap is not
            known.
        """
        check_colormap("cmap", cmap)
        refuse_mask(self.code, "code", "Leave these rows out.")
        code = check_array(self.code, dtype=[np.float64, np.float32], input_name="code")
        target = read_target(self.y, code, self.target_type)
        names = check_names_of_code(self.component_names, code.shape[1])
        components = self._components(code)
        pairs: list[tuple[int, int | None]] = list(combinations(components, 2))
        pairs = pairs or [(components[0], None)]
        area = marker_area(len(code)) if marker_size is None else marker_size
        points = {"s": area, "alpha": alpha, "linewidths": 0}
        with restored_on_error(ax):
            panels = self._make_panels(ax, len(pairs), target)
            for panel, (i, j) in zip(panels.axes[0], pairs, strict=True):
                handles = self._draw_panel(panel, code, i, j, target, points, cmap, n_bins)
                panel.set_xlabel(f"{plain(names[i])} ({UNITS})")
                if j is not None:
                    panel.set_ylabel(f"{plain(names[j])} ({UNITS})")
            is_bare = self.y is None or (isinstance(target, Values) and pairs[0][1] is None)
            if not is_bare:
                self._explain(panels, handles, target, is_own_figure=ax is None)
        self.ax_, self.axes_, _ = panels
        self.figure_ = panels.figure
        return self

    def _components(self, code: Array) -> list[int]:
        if self.components is None:
            return widest_components(code, _MOST_COMPONENTS)
        return check_components(self.components, code.shape[1])

    def _make_panels(self, ax: "Axes | None", n_panels: int, target: Classes | Values) -> Panels:
        if n_panels == 1:
            return make_panels(ax, 1, 1, cell=(4.5, 4.0))
        width = 0.15
        if isinstance(target, Classes):
            labels, ncols = _beside(target)
            width = legend_width(labels, title=self._target_label(), ncols=ncols)
        beside: dict[str, Any] = {
            "beside": [slice(0, 1)] * (self.y is not None),
            "beside_width": width,
        }
        return make_panels(ax, 1, n_panels, cell=_SMALL_PANEL, **beside)

    def _draw_panel(
        self,
        panel: "Axes",
        code: Array,
        i: int,
        j: int | None,
        target: Classes | Values,
        points: dict[str, Any],
        cmap: "str | Colormap",
        n_bins: int,
    ) -> Any:
        if isinstance(target, Classes):
            if j is None:
                return draw_histogram(panel, code[:, i], target.members, n_bins)
            return draw_classes(panel, code[:, [i, j]], target.members, points)
        if j is None:
            panel.set_ylabel(self._target_label())
        height = target.values if j is None else code[:, j]
        return draw_values(panel, code[:, i], height, target.values, cmap, points)

    def _explain(
        self, panels: Panels, handles: Any, target: Classes | Values, *, is_own_figure: bool
    ) -> None:
        """Explain the colours, beside the panels, or outside of a single one."""
        panel, title = panels.axes[0, -1], self._target_label()
        if isinstance(target, Values):
            place = {"cax": panels.beside[0]} if panels.beside else {"ax": panel}
            bar = panels.figure.colorbar(handles, label=title, **place)
            bar.solids.set_alpha(1)
            return
        labels, ncols = _beside(target)
        options: dict[str, Any] = {"title": title, "markerscale": markerscale(handles)}
        if panels.beside:
            legend_beside(panels.beside[0], handles, labels, ncols=ncols, **options)
        else:
            legend_outside(panel, handles, labels, is_own_figure=is_own_figure, **options)

    def _target_label(self) -> str:
        return "y" if self.target_name is None else plain(self.target_name)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: ArrayLike,
        y: ArrayLike | None = None,
        *,
        components: int | Sequence[int] | None = None,
        target_type: TargetType = "auto",
        target_name: str | None = None,
        ax: "Axes | None" = None,
        marker_size: float | None = None,
        alpha: float = 0.7,
        cmap: "str | Colormap" = "cividis",
        n_bins: int = 30,
    ) -> Self:
        """Encode rows and draw their code.

        Parameters
        ----------
        estimator : fitted estimator
            With `transform`, such as PCA, an autoencoder, or a Pipeline that ends in one.

        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            The rows.

        y : array-like of shape (n_samples,), default=None
            Classes, as numbers or strings, or continuous values.

        components : int or sequence of int, default=None
            Which components are drawn, counted from 0; by default all, or the three that vary
            most.

        target_type : {"auto", "categorical", "continuous"}, default="auto"
            The kind of `y`.

        target_name : str, default=None
            The name of `y`; by default its own, if it is a series of a dataframe.

        ax : matplotlib Axes, default=None
            Where to draw; is divided if there are several panels. By default in a new figure.

        marker_size, alpha, cmap, n_bins
            See :meth:`plot`.

        Returns
        -------
        display : LatentSpaceDisplay
            The display, drawn.

        Raises
        ------
        TypeError
            If the estimator has no `transform`.
        ValueError
            If a component is out of range, or `y` does not fit X.
        """
        code = encode(estimator, X)
        display = cls(
            code,
            y,
            components=components,
            target_type=target_type,
            component_names=names_of_code(estimator, code.shape[1]),
            target_name=getattr(y, "name", None) if target_name is None else target_name,
        )
        return display.plot(ax, marker_size=marker_size, alpha=alpha, cmap=cmap, n_bins=n_bins)


def _beside(target: Classes) -> tuple[list[str], int]:
    """Return the labels of a legend beside small panels, and its number of columns."""
    labels = [*map(short_name, target.members)]
    return labels, legend_columns(len(labels), _SMALL_PANEL[1])
