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

    For whoever has such a table and wants codes, new rows, holes filled or strange rows found
    without encoding columns by hand. Each column is learnt as what it is: numbers by their squared
    error, categories by the likelihood of their levels, and whether a value is missing as a flag of
    its own. Training starts at factor analysis of mixed data [1]_, which is to such tables what
    PCA is to numbers.

    Parameters
    ----------
    autoencoder : autoencoder of skae or None, default=None
        Which objective, code width and training; it is cloned. Its network has to be dense. None
        means ``VariationalAutoencoder`` with 10 components, or as many as there are columns (and
        flags of missing values), if they are fewer.

    categorical_features : "from_dtype" or array-like of labels or of bool, default="from_dtype"
        The columns of categories, by their labels (positions for an array) or by a mask.
        ``"from_dtype"`` takes text, categories, truth values and other objects for such. Others
        have to be numbers, dates or spans of time.

    drop : "auto" or array-like of labels, default="auto"
        Columns to leave out. ``"auto"`` leaves out what cannot help: columns of text of which most
        values differ, such as names and free text, and whole numbers that number the rows. What
        is empty or constant is left out whatever is given, and so are lists and other values that
        cannot be told apart. ``left_out_`` says which, and why.

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
        Labels of the columns that are not used (of an array, their places), and why.
    n_features_in_ : int
        Number of columns of the table.
    feature_names_in_ : ndarray of str
        Their names, where all are strings.

    See Also
    --------
    VariationalAutoencoder : The default objective, for numbers alone.
    LatentSampler : New rows of numbers from any reducer.
    ReconstructionImputer : Imputation of numbers by any reducer.

    Notes
    -----
    Columns are taken by their place. Where labels are known, those of later tables must be the
    same, in the same order, as scikit-learn asks for names.

    Levels that ``fit`` has not seen count as one of the pool, or as missing where there is none.
    Numbers are drawn and imputed within the range of the rows in ``fit``, and as whole as they
    were there. Numbers far from normal are learnt by their normal scores.

    Limits: numbers are computed in single precision, so that integers beyond 2**24 and moments are
    reconstructed roughly, and dates have no seasons: a moment is one number. Times of day, periods
    and dates that are mere Python objects count as categories. Text is never read, only told apart.
    The autoencoder inside, ``autoencoder_``, sees features and not the table; it has no Keras
    models and cannot be compressed. Estimators for rows of numbers, such as ``LatentSampler``, take
    no ``TableAutoencoder``.

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
            At least two rows, with or without missing values.
        y : object, ignored
            Accepted so that pipelines can pass it.
        sample_weight : array-like of shape (n_samples,), optional
            How much each row counts: in the units, in the start and in the loss. What levels,
            ranges and missing values columns have is read off all rows whose weight is not 0.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        TypeError
            If X is a lazy frame, or one of another library.
        ValueError
            If no column is left to learn from, two have one name, or one holds infinite values, if
            a parameter is out of range or names columns that X lacks, if the autoencoder is one
            that cannot learn columns, or if training diverged. The estimator is then as it was
            before.
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
        """Code of each row; of a distribution, its mean.

        Parameters
        ----------
        X : DataFrame of pandas or polars, or array-like, of shape (n_samples, n_columns)
            The columns of the table in ``fit``, in their order.

        Returns
        -------
        code : ndarray of shape (n_samples, n_components_), float64
            The frame that ``set_output`` asks for.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If the estimator was not fitted.
        ValueError
            If columns are not those of ``fit``, or hold values of another type or infinite ones.
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
            Of shape (n_samples, n_columns): of the kind, the columns and the types of that in
            ``fit``, without columns that were left out, unless they are constant. Numbers may lie
            outside the range of ``fit``.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If the estimator was not fitted.
        ValueError
            If codes are not finite, or of another width.
        """
        check_is_fitted(self)
        rows = self.autoencoder_._model.decode(check_code(np.asarray(X), self.n_components_))
        return self._made(self._encoding.table(rows))

    def reconstruct(self, X: Any) -> Any:
        """Rows encoded and decoded again; columns that were left out come back as they are.

        Parameters
        ----------
        X : DataFrame of pandas or polars, or array-like, of shape (n_samples, n_columns)
            The columns of the table in ``fit``, in their order.

        Returns
        -------
        table : frame or ndarray of shape (n_samples, n_columns)
            Of the kind and the types of that in ``fit``, with the index of X. Without holes: what
            is missing is reconstructed too. Columns that were left out keep theirs, unless they
            are constant.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If the estimator was not fitted.
        ValueError
            If columns are not those of ``fit``, or hold values of another type or infinite ones.
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
        """How normal each row is; higher is more normal.

        Parameters
        ----------
        X : DataFrame of pandas or polars, or array-like, of shape (n_samples, n_columns)
            The columns of the table in ``fit``, in their order.

        Returns
        -------
        scores : ndarray of shape (n_samples,), float64
            With a variational autoencoder, a lower bound of the log density in nats of what is
            known of the row. Else the negative mean loss over its known columns, in shares of what
            predicting means and frequencies would lose.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If the estimator was not fitted.
        ValueError
            If columns are not those of ``fit``, or hold values of another type or infinite ones.
        """
        scores: Array = self.autoencoder_.score_samples(self._features(X))
        return scores

    def score(self, X: Any, y: object = None, sample_weight: ArrayLike | None = None) -> float:
        """Mean of ``score_samples``.

        Parameters
        ----------
        X : DataFrame of pandas or polars, or array-like, of shape (n_samples, n_columns)
            The columns of the table in ``fit``, in their order.
        y : object, ignored
            Accepted so that searches can pass it.
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the mean.

        Returns
        -------
        score : float
            Higher is better.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If the estimator was not fitted.
        ValueError
            If columns are not those of ``fit``, or hold values of another type or infinite ones.
        """
        scores = self.score_samples(X)
        return float(np.average(scores, weights=check_weights(sample_weight, scores[:, None])))

    def column_scores(self, X: Any) -> Any:
        """How surprising each column of each row is, given its code.

        Parameters
        ----------
        X : DataFrame of pandas or polars, or array-like, of shape (n_samples, n_columns)
            The columns of the table in ``fit``, in their order.

        Returns
        -------
        scores : frame or ndarray of shape (n_samples, n_used_columns)
            Higher is more surprising, the other way round than ``score_samples``; in the units of
            that, but without the divergence of codes. A column that had missing values in ``fit``
            also counts by how surprising it is that its value is there, or is not. A frame if X is
            one, with its index.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If the estimator was not fitted.
        ValueError
            If columns are not those of ``fit``, or hold values of another type or infinite ones.
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
            How many rows.
        random_state : int, RandomState instance or None, default=None
            Of the draws.
        given : dict, optional
            Values that the rows are to have, by column: ``{"status": "bad"}``. None for a value
            that is to be missing. Other columns are drawn as likely as they are beside these:
            codes are drawn, and drawn again by how likely they make what is given. Of values that
            hardly any row has, many rows may then share a code.
        with_missing : bool, default=True
            Whether values are missing as often as in ``fit``.

        Returns
        -------
        table : frame or ndarray
            As of ``inverse_transform``, with numbers in the range of ``fit`` and as whole as they
            were there.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If the estimator was not fitted.
        ValueError
            If ``n_samples`` is not an integer of 1 or more, or ``given`` names a column that was
            not learnt from, or a value that it cannot have.
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
        X : DataFrame of pandas or polars, or array-like, of shape (n_samples, n_columns)
            The columns of the table in ``fit``, in their order.
        draw : bool, default=False
            Whether values are drawn by their likelihood, instead of the most likely ones.
        random_state : int, RandomState instance or None, default=None
            Of the draws.

        Returns
        -------
        table : frame or ndarray of shape (n_samples, n_columns)
            Of the kind, the types and the index of X. Holes of columns that were left out stay,
            unless the column is constant.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If the estimator was not fitted.
        ValueError
            If columns are not those of ``fit``, or hold values of another type or infinite ones.
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
