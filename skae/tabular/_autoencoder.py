"""An autoencoder around the columns of a table."""

from collections.abc import Hashable, Mapping, Sequence
from numbers import Integral
from typing import Any, ClassVar, Literal, Self

import numpy as np
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    clone,
)
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skae.estimators import BaseAutoencoder, VariationalAutoencoder
from skae.fitting import all_or_nothing, check_code, check_weights
from skae.messages import check_integer
from skae.mixtures import CodeMixture, fit_code_mixture, rows_to_look_at
from skae.numerics import Array, ArrayLike, RandomState
from skae.parameter_checks import checks_parameters
from skae.tables import in_frame_like
from skae.tabular._cells import Cells
from skae.tabular._encoding import Encoding
from skae.tabular._frames import Container, filled
from skae.tabular._input import (
    Table,
    check_template,
    checked_table,
    given_cells,
    known_names,
    no_column_left,
)
from skae.tabular._scores import column_losses, in_blocks, residual_deviations

# Components of the default autoencoder, where the table has as many columns.
_MOST_COMPONENTS = 10
# Draws of which rows with given values are chosen, for each of them.
_DRAWS_PER_ROW, _LEAST_DRAWS, _MOST_DRAWS = 50, 2000, 200_000
# Times that holes are filled with what the row with the last filling gives.
_N_ROUNDS = 5


class TableAutoencoder(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Autoencoder of tables as people have them: numbers, text, categories, dates and holes.

    Each column is learnt as what it is: numbers by their squared error, categories by the
    likelihood of their levels, and whether a value is missing as a flag of its own. Training
    starts at factor analysis of mixed data [1]_, which is to such tables what PCA is to numbers.

    Parameters
    ----------
    autoencoder : autoencoder of skae or None, default=None
        Which objective, network and size; it is cloned. None means ``VariationalAutoencoder`` with
        10 components, or as many as there are columns, if they are fewer.

    categorical_features : "from_dtype" or array-like of labels or of bool, default="from_dtype"
        The columns of categories, by their labels (positions for an array) or by a mask.
        ``"from_dtype"`` takes text, categories, truth values and other objects for such. Others
        have to be numbers, dates or spans of time.

    drop : "auto" or array-like of labels, default="auto"
        Columns to leave out. ``"auto"`` leaves out what cannot help: columns of text of which most
        values differ, such as names and free text, and whole numbers that number the rows. What
        is empty or constant is left out whatever is given. ``left_out_`` says which, and why.

    min_frequency : int, default=5
        Levels of a category that fewer rows have are pooled.

    max_categories : int, default=100
        A category has at most so many levels of its own, the most frequent ones; the others are
        pooled.

    random_state : int, RandomState instance or None, default=None
        Given to the autoencoder where its own is None.

    Attributes
    ----------
    autoencoder_ : estimator
        The fitted autoencoder of the features.
    n_components_ : int
        Width of the code.
    left_out_ : dict
        Labels of the columns that are not used, and why.
    n_features_in_ : int
        Columns of the table.
    feature_names_in_ : ndarray of str
        Their names, where all are strings.

    See Also
    --------
    VariationalAutoencoder : The default objective, for numbers alone.

    Notes
    -----
    Levels that ``fit`` has not seen count as one of the pool, or as missing where there is none.
    Numbers are drawn and imputed within the range of the rows in ``fit``, and as whole as they
    were there.

    References
    ----------
    .. [1] Pagès, J. (2004). Analyse factorielle de données mixtes. Revue de statistique appliquée
       52(4), 93-111.

    Examples
    --------
    >>> import pandas as pd
    >>> from skae import TableAutoencoder
    >>> size = [1.0, 1.2, 5.1, 5.3, 1.1, 4.9] * 10
    >>> kind = ["large" if value > 3 else "small" for value in size]
    >>> frame = pd.DataFrame({"size": size, "kind": kind})
    >>> table = TableAutoencoder(random_state=0).fit(frame)
    >>> table.reconstruct(frame[:3])["kind"].tolist()
    ['small', 'small', 'large']
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "autoencoder": [BaseAutoencoder, None],
        "categorical_features": [StrOptions({"from_dtype"}), "array-like"],
        "drop": [StrOptions({"auto"}), "array-like"],
        "min_frequency": [Interval(Integral, 1, None, closed="left")],
        "max_categories": [Interval(Integral, 2, None, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        autoencoder: BaseAutoencoder | None = None,
        *,
        categorical_features: Literal["from_dtype"] | Sequence[Any] = "from_dtype",
        drop: Literal["auto"] | Sequence[Hashable] = "auto",
        min_frequency: int = 5,
        max_categories: int = 100,
        random_state: RandomState = None,
    ) -> None:
        self.autoencoder = autoencoder
        self.categorical_features = categorical_features
        self.drop = drop
        self.min_frequency = min_frequency
        self.max_categories = max_categories
        self.random_state = random_state

    @checks_parameters
    def fit(self, X: Any, y: object = None, sample_weight: ArrayLike | None = None) -> Self:
        """Learn the columns of a table, and to encode and reconstruct its rows.

        Parameters
        ----------
        X : DataFrame of pandas or polars, or array-like, of shape (n_samples, n_columns)
        y : object, ignored
            Accepted so that pipelines can pass it.
        sample_weight : array-like of shape (n_samples,), optional
            How much each row counts.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If no column is left to learn from, or two have one name. The estimator is then as it
            was before.
        """
        with all_or_nothing(self):
            self._fit(X, sample_weight)
        return self

    def _fit(self, X: Any, sample_weight: ArrayLike | None) -> None:
        check_template(self.autoencoder)
        _, container, cells = table = checked_table(self, X, None)
        weight = check_weights(sample_weight, np.empty((table.n_rows, 0)))
        counted = np.arange(table.n_rows) if weight is None else np.flatnonzero(weight)
        encoding = Encoding.of(
            container,
            {name: column.at(counted) for name, column in cells.items()},
            categorical=self._categorical(container),
            left_out=self._left_out(container),
            min_frequency=self.min_frequency,
            max_categories=self.max_categories,
        )
        if not encoding.used:
            raise no_column_left(encoding.left_out)
        features = encoding.features({name: cells[name] for name in encoding.used})
        autoencoder = self._new_autoencoder(encoding)
        autoencoder._columns = encoding.columns
        autoencoder.fit(features, sample_weight=weight)
        self.autoencoder_, self._encoding = autoencoder, encoding
        self.n_components_ = autoencoder.n_components_
        self.left_out_ = dict(encoding.left_out)
        self._deviations = residual_deviations(autoencoder._model, features, weight)
        self._mixture = _mixture_of(autoencoder, features, weight)

    def _new_autoencoder(self, encoding: Encoding) -> BaseAutoencoder:
        n_components = min(_MOST_COMPONENTS, encoding.columns.n_columns)
        given = self.autoencoder
        template = VariationalAutoencoder(n_components) if given is None else given
        autoencoder: BaseAutoencoder = clone(template)
        if autoencoder.random_state is None:
            seed = check_random_state(self.random_state).randint(2**31)
            autoencoder.random_state = seed
        return autoencoder

    def _left_out(self, container: Container) -> list[Hashable] | None:
        given = self.drop
        return None if isinstance(given, str) else known_names(given, container, "drop")

    def _categorical(self, container: Container) -> list[Hashable] | None:
        given = self.categorical_features
        if isinstance(given, str):
            return None
        listed = list(given)
        if listed and all(isinstance(value, bool | np.bool_) for value in listed):
            if len(listed) != len(container.names):
                raise ValueError(
                    f"categorical_features holds {len(listed)} truth values, but X has "
                    f"{len(container.names)} columns. Give one for each."
                )
            return [n for n, is_one in zip(container.names, listed, strict=True) if is_one]
        return known_names(listed, container, "categorical_features")

    def _table(self, X: Any) -> Table:
        check_is_fitted(self)
        return checked_table(self, X, self._encoding.container.names)

    def _features(self, X: Any) -> Array:
        table = self._table(X)
        return self._encoding.features(table.cells)

    def transform(self, X: Any) -> Array:
        """Code of each row.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_columns)

        Returns
        -------
        code : ndarray of shape (n_samples, n_components_)
        """
        features = self._features(X)
        code: Array = self.autoencoder_._model.encode(features)
        return code

    def inverse_transform(self, X: ArrayLike) -> Any:
        """The table that codes stand for: numbers, and the most likely levels.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_components_)
            Codes.

        Returns
        -------
        table : frame or ndarray
            Of the kind, the columns and the types of that in ``fit``, without columns that were
            left out, unless they are constant.
        """
        check_is_fitted(self)
        rows = self.autoencoder_._model.decode(check_code(np.asarray(X), self.n_components_))
        return self._made(self._encoding.table(rows))

    def reconstruct(self, X: Any) -> Any:
        """Rows encoded and decoded again; columns that were left out come back as they are.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_columns)

        Returns
        -------
        table : frame or ndarray of shape (n_samples, n_columns)
            Without holes: what is missing is reconstructed too.
        """
        table = self._table(X)
        rows = self.autoencoder_._model.reconstruct(self._encoding.features(table.cells))
        made = self._encoding.table(rows)
        container = self._encoding.container
        is_alike = container.library == table.container.library
        columns = {}
        for name in container.names:
            if name in self._encoding.used:
                columns[name] = container.column(name, made[name])
            elif is_alike:
                columns[name] = _imputed(table, name, made.get(name))
            else:
                columns[name] = container.column(name, table.cells[name].plain())
        return container.joined(columns, table.index)

    def score_samples(self, X: Any) -> Array:
        """How normal each row is: its log-likelihood in nats, or the negative loss.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_columns)

        Returns
        -------
        scores : ndarray of shape (n_samples,), float64
        """
        scores: Array = self.autoencoder_.score_samples(self._features(X))
        return scores

    def score(self, X: Any, y: object = None, sample_weight: ArrayLike | None = None) -> float:
        """Mean of ``score_samples``.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_columns)
        y : object, ignored
            Accepted so that searches can pass it.
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the mean.

        Returns
        -------
        score : float
            Higher is better.
        """
        scores = self.score_samples(X)
        return float(np.average(scores, weights=check_weights(sample_weight, scores[:, None])))

    def column_scores(self, X: Any) -> Any:
        """How surprising each column of each row is, given its code.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_columns)

        Returns
        -------
        scores : frame or ndarray of shape (n_samples, n_used_columns)
            Nats; a column that lacks its value counts by how surprising that is.
        """
        table = self._table(X)
        features = self._encoding.features(table.cells)
        losses = column_losses(self.autoencoder_._model, features)
        totals: dict[Hashable, Array] = {}
        for place, (name, _) in enumerate(self._encoding.column_of_features()):
            totals[name] = totals.get(name, 0.0) + losses[:, place]
        ordered = {name: totals[name] for name in self._encoding.container.names if name in totals}
        scores = np.column_stack(list(ordered.values()))
        if table.container.library is None:
            return scores
        return in_frame_like(table.X, scores, list(ordered), "column_scores")

    def sample(
        self,
        n_samples: int = 1,
        random_state: RandomState = None,
        *,
        given: Mapping[Hashable, Any] | None = None,
        with_missing: bool = True,
    ) -> Any:
        """New rows, as frequent as the rows of ``fit`` are.

        Parameters
        ----------
        n_samples : int, default=1
        random_state : int, RandomState instance or None, default=None
            Of the draws.
        given : dict, optional
            Values that the rows are to have, by column: ``{"status": "bad"}``.
        with_missing : bool, default=True
            Whether values are missing as often as in ``fit``.

        Returns
        -------
        table : frame or ndarray
            As of ``inverse_transform``.
        """
        check_is_fitted(self)
        n_samples = check_integer("n_samples", n_samples)
        rng = check_random_state(random_state)
        encoding, model = self._encoding, self.autoencoder_._model
        cells = given_cells(encoding, given or {})
        code = self._codes_given(n_samples, cells, rng)
        rows = model.decode(code)
        made = encoding.table(rows, rng, self._deviations, with_missing=with_missing)
        made |= {name: cell.plain().repeat(n_samples) for name, cell in cells.items()}
        return self._made(made)

    def _codes_given(
        self, n_samples: int, given: Mapping[Hashable, Cells], rng: np.random.RandomState
    ) -> Array:
        """Codes, drawn again by how likely they make values that are given."""
        if not given:
            return self._mixture.draw(n_samples, rng)
        n_drawn = min(max(_LEAST_DRAWS, _DRAWS_PER_ROW * n_samples), max(_MOST_DRAWS, n_samples))
        code = self._mixture.draw(n_drawn, rng)
        log_weight = -self._encoding.losses_of_values(self.autoencoder_._model, code, given)
        weight = np.exp(log_weight - log_weight.max())
        return code[rng.choice(len(code), size=n_samples, p=weight / weight.sum())]

    def impute(self, X: Any, *, draw: bool = False, random_state: RandomState = None) -> Any:
        """The table with its holes filled, and nothing else changed.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_columns)
        draw : bool, default=False
            Whether values are drawn by their likelihood, instead of the most likely ones.
        random_state : int, RandomState instance or None, default=None
            Of the draws.

        Returns
        -------
        table : frame or ndarray of shape (n_samples, n_columns)
            Holes of columns that were left out stay, unless the column is constant.
        """
        table = self._table(X)
        rows = in_blocks(self._rows_of_filled, self._encoding.features(table.cells))
        rng = check_random_state(random_state) if draw else None
        made = self._encoding.table(rows, rng, self._deviations if draw else None)
        columns = {name: _imputed(table, name, made.get(name)) for name in table.cells}
        return table.container.joined(columns, table.index)

    def _rows_of_filled(self, features: Array) -> Array:
        """Rows of features that agree with what fills their own holes."""
        columns, model = self._encoding.columns, self.autoencoder_._model
        is_hole = np.isnan(features)
        flags = slice(columns.first_level - len(self._encoding.missing), columns.first_level)
        rows = model.reconstruct(features)
        for _ in range(_N_ROUNDS):
            filled_rows = np.where(is_hole, rows, features)
            filled_rows[:, flags] = 0.0
            rows = model.reconstruct(filled_rows)
        return rows

    def _made(self, columns: Mapping[Hashable, Array]) -> Any:
        container = self._encoding.container
        return container.joined({n: container.column(n, v) for n, v in columns.items()})

    @property
    def _n_features_out(self) -> int:
        return self.n_components_

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        tags.transformer_tags.preserves_dtype = ["float64"]
        return tags


def _imputed(table: Table, name: Hashable, made: Array | None) -> Any:
    """A column as it came, but for its holes where there is anything to fill them with."""
    column, is_missing = table.column(name), table.cells[name].is_missing
    if made is None or not is_missing.any():
        return column
    return filled(column, is_missing, table.container.column(name, made))


def _mixture_of(
    autoencoder: BaseAutoencoder, features: Array, sample_weight: Array | None
) -> CodeMixture:
    found: CodeMixture | None = getattr(autoencoder, "_code_mixture", None)
    if found is not None:
        return found
    rows, weight = rows_to_look_at(len(features), sample_weight)
    return fit_code_mixture(autoencoder._model.encode(features[rows]), None, weight)
