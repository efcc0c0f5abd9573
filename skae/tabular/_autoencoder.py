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
from sklearn.utils.validation import _check_feature_names, check_is_fitted

from skae.estimators import BaseAutoencoder, VariationalAutoencoder
from skae.fitting import all_or_nothing
from skae.messages import check_integer
from skae.mixtures import CodeMixture, fit_code_mixture
from skae.numerics import Array, ArrayLike, RandomState
from skae.parameter_checks import checks_parameters
from skae.tables import validate_data
from skae.tabular._encoding import Encoding
from skae.tabular._frames import Cells, Container, read_table
from skae.tabular._scores import column_losses, residual_deviations

# Components of the default autoencoder, where the table has as many columns.
_MOST_COMPONENTS = 10
# Draws of which rows with given values are chosen, for each of them.
_DRAWS_PER_ROW, _LEAST_DRAWS = 50, 2000
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
            container, cells = self._read(X, reset=True)
            encoding = Encoding.of(
                container,
                cells,
                categorical=self._categorical(container),
                left_out=None if isinstance(self.drop, str) else _known(self.drop, container),
                min_frequency=self.min_frequency,
                max_categories=self.max_categories,
            )
            if not encoding.used:
                reasons = "; ".join(f"{n!r}: {why}" for n, why in encoding.left_out.items())
                raise ValueError(
                    f"No column of X is left to learn from ({reasons}). Pass drop=[] to keep those "
                    "that only seem to be names or text."
                )
            features = encoding.features(cells)
            autoencoder = self._new_autoencoder(encoding)
            autoencoder._columns = encoding.columns
            autoencoder.fit(features, sample_weight=sample_weight)
            self.autoencoder_, self._encoding = autoencoder, encoding
            self.n_components_ = autoencoder.n_components_
            self.left_out_ = dict(encoding.left_out)
            self._deviations = residual_deviations(autoencoder._model, features)
            self._mixture = _mixture_of(autoencoder, features, sample_weight)
        return self

    def _new_autoencoder(self, encoding: Encoding) -> BaseAutoencoder:
        n_components = min(_MOST_COMPONENTS, encoding.columns.n_columns)
        template = self.autoencoder or VariationalAutoencoder(n_components)
        autoencoder: BaseAutoencoder = clone(template)
        if autoencoder.random_state is None:
            seed = check_random_state(self.random_state).randint(2**31)
            autoencoder.random_state = seed
        return autoencoder

    def _categorical(self, container: Container) -> list[Hashable] | None:
        given = self.categorical_features
        if isinstance(given, str):
            return None
        listed = np.asarray(given).tolist()
        if listed and all(isinstance(value, bool) for value in listed):
            if len(listed) != len(container.names):
                raise ValueError(
                    f"categorical_features holds {len(listed)} truth values, but X has "
                    f"{len(container.names)} columns. Give one for each."
                )
            return [n for n, is_one in zip(container.names, listed, strict=True) if is_one]
        return _known(listed, container, "categorical_features")

    def _read(self, X: Any, *, reset: bool) -> tuple[Container, dict[Hashable, Cells]]:
        if not hasattr(X, "columns"):
            X = validate_data(self, X, reset=reset, dtype=None, ensure_all_finite="allow-nan")
            return read_table(X)
        container, cells = read_table(X)
        _check_feature_names(self, X, reset=reset)
        if reset:
            self.n_features_in_ = len(container.names)
            if not container.names:
                raise ValueError("X has no columns, but at least 1 is required.")
            n_rows = len(next(iter(cells.values())).is_missing)
            if n_rows == 0:
                raise ValueError("X has 0 rows, but at least 1 is required.")
        return container, cells

    def _features(self, X: Any) -> Array:
        check_is_fitted(self)
        cells = self._read(X, reset=False)[1]
        absent = [name for name in self._encoding.used if name not in cells]
        if absent:
            raise ValueError(f"X lacks the column {absent[0]!r} that fit has seen.")
        return self._encoding.features(cells)

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
        rows = self.autoencoder_.inverse_transform(np.asarray(X))
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
        features = self._features(X)
        rows = self.autoencoder_._model.reconstruct(features)
        return self._beside(X, self._encoding.table(rows))

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
        features = self._features(X)
        losses = column_losses(self.autoencoder_._model, features)
        totals: dict[Hashable, Array] = {}
        for place, (name, _) in enumerate(self._encoding.column_of_features()):
            totals[name] = totals.get(name, 0.0) + losses[:, place]
        ordered = {name: totals[name] for name in self._encoding.container.names if name in totals}
        return _frame_of_floats(X, ordered)

    @checks_parameters
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
        model = self.autoencoder_._model
        if given:
            code = self._codes_given(n_samples, given, rng)
        else:
            code = self._mixture.draw(n_samples, rng)
        rows = model.decode(code)
        made = self._encoding.table(rows, rng, self._deviations, with_missing=with_missing)
        for name, value in (given or {}).items():
            made[name] = [value] * n_samples
        return self._made(made)

    def _codes_given(
        self, n_samples: int, given: Mapping[Hashable, Any], rng: np.random.RandomState
    ) -> Array:
        """Codes drawn again by how likely they make the given values."""
        encoding, model = self._encoding, self.autoencoder_._model
        unknown = [name for name in given if name not in encoding.used]
        if unknown:
            raise ValueError(
                f"given names {unknown[0]!r}, which is no column that was learnt from. Name one of "
                f"{', '.join(map(repr, encoding.used))}."
            )
        raise_unknown_levels(encoding, given)
        code = self._mixture.draw(max(_LEAST_DRAWS, _DRAWS_PER_ROW * n_samples), rng)
        log_weight = -encoding.losses_of_values(model, code, given)
        weight = np.exp(log_weight - log_weight.max())
        return code[rng.choice(len(code), size=n_samples, p=weight / weight.sum())]

    @checks_parameters
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
        features = self._features(X)
        encoding, model = self._encoding, self.autoencoder_._model
        rng = check_random_state(random_state) if draw else None
        rows = model.reconstruct(features)
        is_hole = np.isnan(features)
        flags = slice(
            encoding.columns.first_level - len(encoding.missing), encoding.columns.first_level
        )
        for _ in range(_N_ROUNDS):
            filled = np.where(is_hole, rows, features)
            filled[:, flags] = 0.0
            rows = model.reconstruct(filled)
        table = encoding.table(rows, rng, self._deviations if draw else None)
        cells = self._read(X, reset=False)[1]
        container = self._encoding.container
        made = {}
        for name in container.names:
            column = cells[name]
            values = list(column.values)
            if name in table:
                pairs = zip(values, table[name], column.is_missing, strict=True)
                values = [new if out else old for old, new, out in pairs]
            made[name] = [_plain(v) for v in values]
        return self._made(made, X)

    def _beside(self, X: Any, made: dict[Hashable, Any]) -> Any:
        cells = self._read(X, reset=False)[1]
        whole = {
            name: made.get(name, [_plain(v) for v in list(cells[name].values)])
            for name in self._encoding.container.names
        }
        return self._made(whole, X)

    def _made(self, columns: dict[Hashable, Any], like: Any = None) -> Any:
        return self._encoding.container.made_of(columns, getattr(like, "index", None))

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


def raise_unknown_levels(encoding: Encoding, given: Mapping[Hashable, Any]) -> None:
    """Refuse values of categories that the rows of the fit had not."""
    for name, value in given.items():
        column = encoding.flags.get(name) or encoding.categories.get(name)
        if column is not None and value not in (*column.levels, *column.pooled):
            raise ValueError(
                f"given asks for {name!r} = {value!r}, which no row of fit had. Its levels are "
                f"{', '.join(map(repr, column.levels[:10]))}."
            )


def _known(
    given: Sequence[Hashable], container: Container, parameter: str = "drop"
) -> list[Hashable]:
    listed = np.asarray(given, dtype=object).tolist()
    unknown = [name for name in listed if name not in container.names]
    if unknown:
        raise ValueError(
            f"{parameter} names {unknown[0]!r}, which is no column of X. Its columns are "
            f"{', '.join(map(repr, container.names[:20]))}."
        )
    return list(listed)


def _mixture_of(
    autoencoder: BaseAutoencoder, features: Array, sample_weight: ArrayLike | None
) -> CodeMixture:
    found: CodeMixture | None = getattr(autoencoder, "_code_mixture", None)
    if found is not None:
        return found
    weight = None if sample_weight is None else np.asarray(sample_weight, np.float64)
    return fit_code_mixture(autoencoder._model.encode(features), None, weight)


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and np.isnan(value) else value


def _frame_of_floats(X: Any, columns: Mapping[Hashable, Array]) -> Any:
    if not hasattr(X, "columns"):
        return np.column_stack(list(columns.values()))
    if hasattr(X, "iloc"):
        import pandas as pd

        return pd.DataFrame(dict(columns), index=X.index)
    import polars as pl

    return pl.DataFrame({str(name): values for name, values in columns.items()})
