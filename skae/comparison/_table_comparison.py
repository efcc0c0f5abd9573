"""The result of `compare` on a table that is not all numbers."""

from collections.abc import Hashable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from skae.comparison._comparison import Comparison
from skae.comparison._table_words import MEANING, best_of, describe_left_out, describe_table
from skae.inspection._drawing._columns import draw_columns, height_of_columns
from skae.inspection._drawing._style import axes_to_draw_in
from skae.messages import needs_extra
from skae.numerics import Array
from skae.tables import AbsurdCell

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class TableComparison(Comparison):
    """Held-out scores of reducers of tables, also column by column.

    :func:`compare` makes it of frames with text, categories, dates or missing values. Of a column
    it says what share is explained: of numbers, the share of their variance (R²); of categories,
    the share of mistakes that are avoided of those made by always guessing the most frequent level.
    Of all columns it is the mean, in which a column counts 0 if it is guessed worse than that.

    Parameters
    ----------
    reducers : sequence of str
        The names of the reducers.

    n_components : sequence of int
        The numbers of components, ascending.

    scores : dict of str to ndarray of shape (n_reducers, n_sizes, n_folds)
        The scores by metric: `explained_share` of all columns; `number_r2` and `category_gain`,
        which are that of numbers and of categories, where there are both; `category_log_loss` in
        nats; `target_auroc` or `target_r2` of a linear model on codes, if `y` was given;
        `fit_seconds` and `transform_seconds`.

    columns : sequence
        The labels of the columns that are scored.

    kinds : sequence of {"number", "date", "span", "category"}
        What each is learnt as; a span is one of time.

    column_scores : dict of str to ndarray of shape (n_reducers, n_sizes, n_folds, n_columns)
        What is `explained` of each column, which is below 0 where it is guessed worse than by a
        constant; `accuracy` and `log_loss` of categories. NaN where nothing can be told, as of a
        column that does not vary in a fold.

    left_out : dict
        Labels of the columns that are neither learnt nor scored, and why.

    originals : frame or ndarray of shape (n_examples, n_columns)
        A few held-out rows of the first fold.

    reconstructions : dict of str to frame or ndarray
        Their reconstruction by each reducer with the largest number of components.

    codes : dict of str to ndarray of shape (n_held_out, n_components), default=None
        The codes of held-out rows of the first fold, of those with a target if there is one.

    labels : ndarray of shape (n_held_out,), default=None
        Their targets, None if `y` was not given.

    absurd_cells : sequence of tuple, default=()
        See `Comparison`; `column` is the place in the table that was compared.

    baseline : str or None, default="FAMD"
        The name of the reducer that is factor analysis of mixed data, None where there is none.

    n_samples, n_train, n_held_out : int
        Rows of the table, and those of the largest fold that reducers learnt and were scored on.

    See Also
    --------
    compare : Fit and score the reducers.
    Comparison : The same of numbers.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from sklearn.decomposition import PCA
    >>> from skae import compare
    >>> size = np.random.default_rng(0).normal(size=60)
    >>> frame = pd.DataFrame(
    ...     {"size": size, "weight": 3 * size + 1, "kind": np.where(size > 0, "large", "small")}
    ... )
    >>> comparison = compare(PCA(), frame, n_components=(1, 2), cv=2, random_state=0)
    >>> comparison.scores["explained_share"].shape
    (1, 2, 2)
    >>> table = comparison.to_column_frame()
    >>> table.loc[table["n_components"] == 2, ["column", "mean_explained"]].round(2)
       column  mean_explained
    3    size             1.0
    4  weight             1.0
    5    kind             1.0
    """

    def __init__(
        self,
        reducers: Sequence[str],
        n_components: Sequence[int],
        scores: Mapping[str, Array],
        *,
        columns: Sequence[Hashable],
        kinds: Sequence[str],
        column_scores: Mapping[str, Array],
        left_out: Mapping[Hashable, str],
        originals: Any,
        reconstructions: Mapping[str, Any],
        codes: Mapping[str, Array] | None = None,
        labels: Array | None = None,
        absurd_cells: Sequence[AbsurdCell] = (),
        baseline: str | None = "FAMD",
        n_samples: int,
        n_train: int,
        n_held_out: int,
    ) -> None:
        nothing = np.empty(0)
        super().__init__(
            reducers,
            n_components,
            scores,
            originals,
            reconstructions,
            feature_means=nothing,
            feature_deviations=nothing,
            codes=codes,
            labels=labels,
            absurd_cells=absurd_cells,
            baseline=baseline,
        )
        self.columns = columns
        self.kinds = kinds
        self.column_scores = column_scores
        self.left_out = left_out
        self.n_samples = n_samples
        self.n_train = n_train
        self.n_held_out = n_held_out

    @property
    def is_number(self) -> list[bool]:
        """Whether each of the columns is one of numbers, dates or spans, rather than categories."""
        return [kind != "category" for kind in self.kinds]

    def __repr__(self) -> str:
        return "\n".join([super().__repr__(), "", *self._notes()])

    def _repr_html_(self) -> str:
        return super()._repr_html_() + "".join(f"\n<p>{escape(text)}</p>" for text in self._notes())

    def _notes(self) -> list[str]:
        return [MEANING, *describe_left_out(self)]

    def mean_of_columns(self, metric: str = "explained") -> Array:
        """Return the mean over folds of a score of each column.

        Parameters
        ----------
        metric : str, default="explained"
            One of the keys of `column_scores`.

        Returns
        -------
        means : ndarray of shape (n_reducers, n_sizes, n_columns)
            Over the folds in which something can be told; NaN where there is none.
        """
        return _over_folds(self.column_scores[metric])[0]

    def to_column_frame(self) -> Any:
        """Return the means and deviations over the folds of each column's scores as a table.

        Returns
        -------
        frame : pandas.DataFrame
            One row a reducer, size and column, with the columns `reducer`, `n_components`,
            `column`, `kind` ("number", "date", "span" or "category") and, for every metric,
            `mean_<metric>` and `std_<metric>`.
        """
        with needs_extra("compare"):
            import pandas as pd
        n_reducers, n_sizes, n_columns = (
            len(self.reducers),
            len(self.n_components),
            len(self.columns),
        )
        kinds = np.asarray(self.kinds, dtype=object)
        table = {
            "reducer": np.repeat(np.asarray(self.reducers, object), n_sizes * n_columns),
            "n_components": np.tile(np.repeat(self.n_components, n_columns), n_reducers),
            "column": list(self.columns) * (n_reducers * n_sizes),
            "kind": np.tile(kinds, n_reducers * n_sizes),
        }
        for metric, scores in self.column_scores.items():
            means, deviations = _over_folds(scores)
            table[f"mean_{metric}"], table[f"std_{metric}"] = means.ravel(), deviations.ravel()
        return pd.DataFrame(table)

    def summary(self) -> str:
        """Say in plain sentences what was found, also of the columns.

        Returns
        -------
        text : str
            As of numbers, then what is meant by explained, which columns are hard, which were left
            out and why, and which rows were used if these are not all.

        Raises
        ------
        ValueError
            If the scores hold no ``explained_share``.
        """
        return "\n".join([super().summary(), *describe_table(self)])

    def plot_columns(
        self, *, n_components: int | None = None, n_columns: int = 40, ax: "Axes | None" = None
    ) -> Self:
        """Draw what each reducer explains of each column, the hardest column first.

        Parameters
        ----------
        n_components : int, default=None
            One of the numbers that were compared; by default the largest.

        n_columns : int, default=40
            At most so many columns are drawn: the hardest ones.

        ax : matplotlib Axes, default=None
            Where to draw; by default in a new figure.

        Returns
        -------
        comparison : TableComparison
            This object, with `ax_` and `figure_`.

        Raises
        ------
        ValueError
            If `n_components` was not compared.
        """
        sizes = list(self.n_components)
        size = sizes[-1] if n_components is None else n_components
        if size not in sizes:
            raise ValueError(f"n_components={size!r} was not compared; choose from {sizes}.")
        shares = self.mean_of_columns()[:, sizes.index(size)]
        hardest = np.argsort(best_of(shares), kind="stable")[:n_columns]
        is_new = ax is None
        ax = axes_to_draw_in(ax)
        if is_new and (figure := ax.get_figure(root=True)) is not None:
            figure.set_size_inches(6.4, height_of_columns(len(hardest)))
        names = [str(self.columns[place]) for place in hardest]
        draw_columns(ax, self.reducers, names, shares[:, hardest])
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def plot_reconstructions(
        self, *, feature_names: Sequence[str] | None = None, figure: "Figure | None" = None
    ) -> Self:
        """Refuse: values of a table with categories have no common axis.

        Raises
        ------
        ValueError
            Always.
        """
        raise ValueError(
            "Rows of a table that is not all numbers cannot be drawn; look at `originals` and "
            "`reconstructions`, which are tables, or draw what is explained with plot_columns()."
        )


def _over_folds(scores: Array) -> tuple[Array, Array]:
    """Return means and deviations over folds, NaN where no fold tells anything."""
    is_known = ~np.isnan(scores)
    n_known = is_known.sum(axis=2)
    counts = np.where(n_known > 0, n_known, np.nan)
    filled = np.where(is_known, scores, 0.0)
    means = filled.sum(axis=2) / counts
    squares = np.where(is_known, (filled - means[:, :, None]) ** 2, 0.0)
    return means, np.sqrt(squares.sum(axis=2) / counts)
