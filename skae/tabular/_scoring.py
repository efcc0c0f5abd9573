"""What a fitted autoencoder of tables can be asked: codes, tables, scores."""

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from skae.estimators import BaseAutoencoder
from skae.fitting import check_code, check_weights
from skae.mixtures import CodeMixture
from skae.numerics import Array, ArrayLike
from skae.tables import in_frame_like
from skae.tabular._encoding import Encoding
from skae.tabular._frames import filled
from skae.tabular._input import Table, checked_table
from skae.tabular._scores import UsualErrors, column_losses


class TableScoringMixin(ClassNamePrefixFeaturesOutMixin, TransformerMixin):  # type: ignore[misc]
    """Codes of tables, tables of codes, and scores; ``fit`` comes with the estimator."""

    autoencoder_: BaseAutoencoder
    n_components_: int
    _encoding: Encoding
    # How wrong the rows of ``fit`` came out, and how their codes are distributed.
    _usual: UsualErrors
    _mixture: CodeMixture

    def _table(self, X: Any) -> Table:
        check_is_fitted(self)
        return checked_table(self, X, self._encoding.container.names)

    def _over_rows(self, table: Table, function: Callable[[Array], Array]) -> Array:
        """A function of rows of features, of a few of them at a time."""
        parts = [function(features) for features in self._encoding.blocks(table.cells)]
        return np.concatenate(parts)

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
        return self._over_rows(self._table(X), self.autoencoder_._model.encode).astype(np.float64)

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
        model = self.autoencoder_._model
        blocks = self._encoding.blocks(table.cells)
        made = joined(self._encoding.table(model.reconstruct(rows)) for rows in blocks)
        container = self._encoding.container
        is_alike = container.library == table.container.library
        columns = {}
        for name in container.names:
            if name in self._encoding.used:
                columns[name] = container.column(name, made[name])
            elif is_alike:
                columns[name] = imputed(table, name, made.get(name))
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
            known of the row, in the units of the columns; of numbers far from normal, in those of
            their normal scores. Else the negative mean loss over its known columns, in shares of
            what predicting means and frequencies would lose.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If the estimator was not fitted.
        ValueError
            If columns are not those of ``fit``, or hold values of another type or infinite ones.
        """
        return self._over_rows(self._table(X), self._scores)

    def _scores(self, features: Array) -> Array:
        scores: Array = self.autoencoder_.score_samples(features)
        if self.autoencoder_._model.network.has_noise:
            # Densities in the units of the columns.
            log_units = self._encoding.log_units
            scores = scores - np.isfinite(features[:, : len(log_units)]) @ log_units
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
            Above 0 where a column is more surprising than it usually was in ``fit``: the other way
            round than ``score_samples``, in the units of that, less the mean of each column, as
            some columns surprise in every row. A column that had missing values in ``fit``
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
        losses = self._over_rows(table, self._surprises)
        totals: dict[Hashable, Array] = {}
        for place, name in enumerate(self._encoding.owners):
            totals[name] = totals.get(name, 0.0) + losses[:, place]
        ordered = {name: totals[name] for name in self._encoding.container.names if name in totals}
        scores = np.column_stack(list(ordered.values()))
        if table.container.library is None:
            return scores
        return in_frame_like(table.X, scores, list(ordered), "column_scores")

    def _surprises(self, features: Array) -> Array:
        losses, present = column_losses(self.autoencoder_._model, features)
        surprises: Array = losses - present * self._usual.losses
        return surprises

    def _made(self, columns: Mapping[Hashable, Array]) -> Any:
        container = self._encoding.container
        return container.joined({n: container.column(n, v) for n, v in columns.items()})

    @property
    def _n_features_out(self) -> int:
        return self.n_components_


def joined(parts: Iterable[Mapping[Hashable, Array]]) -> dict[Hashable, Array]:
    """Columns of some tables, one under the other."""
    tables = list(parts)
    return {name: np.concatenate([made[name] for made in tables]) for name in tables[0]}


def imputed(table: Table, name: Hashable, made: Array | None) -> Any:
    """A column as it came, but for its holes where there is anything to fill them with."""
    column, is_missing = table.column(name), table.cells[name].is_missing
    if made is None or not is_missing.any():
        return column
    return filled(column, is_missing, table.container.column(name, made))
