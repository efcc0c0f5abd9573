"""Values that a fitted autoencoder of tables makes: new rows, and what fills holes."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from skae.messages import check_integer
from skae.numerics import Array, RandomState
from skae.tabular._cells import Cells
from skae.tabular._input import given_cells
from skae.tabular._scores import BLOCK
from skae.tabular._scoring import TableScoringMixin, imputed, joined

# Draws of which rows with given values are chosen, for each of them.
_DRAWS_PER_ROW, _LEAST_DRAWS, _MOST_DRAWS = 50, 2000, 200_000
# Times that holes are filled with what the row with the last filling gives.
_N_ROUNDS = 5


class TableDrawingMixin(TableScoringMixin):
    """Draws of new rows and of missing values."""

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
        made = joined(
            encoding.table(
                model.decode(code[start : start + BLOCK]),
                rng,
                self._usual.deviations,
                with_missing=with_missing,
            )
            for start in range(0, n_samples, BLOCK)
        )
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
        rng = check_random_state(random_state) if draw else None
        deviations = self._usual.deviations if draw else None
        made = joined(
            self._encoding.table(self._rows_of_filled(features), rng, deviations)
            for features in self._encoding.blocks(table.cells)
        )
        columns = {name: imputed(table, name, made.get(name)) for name in table.cells}
        return table.container.joined(columns, table.index)

    def _rows_of_filled(self, features: Array) -> Array:
        """Rows of features that agree with what fills their own holes."""
        columns, model = self._encoding.columns, self.autoencoder_._model
        is_hole = np.isnan(features)
        flags = slice(columns.first_level - len(self._encoding.missing), columns.first_level)
        rows = self._encoding.within_range(model.reconstruct(features))
        for _ in range(_N_ROUNDS):
            filled_rows = np.where(is_hole, rows, features)
            filled_rows[:, flags] = 0.0
            rows = self._encoding.within_range(model.reconstruct(filled_rows))
        return rows
