"""Values that a fitted autoencoder of tables makes: new rows, and what fills holes."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from skae.messages import check_integer
from skae.numerics import Array, RandomState
from skae.tabular._cells import Cells
from skae.tabular._filling import HoleErrors
from skae.tabular._input import given_cells
from skae.tabular._scores import BLOCK
from skae.tabular._scoring import TableScoringMixin, imputed, joined
from skae.tabular._sharpness import sharpened, sharpened_rows

# Draws of which rows with given values are chosen, for each of them.
_DRAWS_PER_ROW, _LEAST_DRAWS, _MOST_DRAWS = 50, 2000, 200_000


class TableDrawingMixin(TableScoringMixin):
    """Draws of new rows and of missing values."""

    # How far off values are that fill hidden cells.
    _holes: HoleErrors

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
            Whether values are missing about as often as in ``fit``, in columns that lacked at least
            one in two hundred there.

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
        cells = given_cells(self._encoding, given or {})
        made = self._drawn(self._codes_given(n_samples, cells, rng), rng, with_missing=with_missing)
        made |= {name: cell.plain().repeat(n_samples) for name, cell in cells.items()}
        return self._made(made)

    def _drawn(
        self, code: Array, rng: np.random.RandomState, *, with_missing: bool = True
    ) -> dict[Hashable, Array]:
        """Values of the columns of rows that have these codes."""
        model, usual = self.autoencoder_._model, self._usual
        return joined(
            self._encoding.table(
                sharpened(model, code[start : start + BLOCK], usual.sharpness),
                rng,
                usual.deviations,
                with_missing=with_missing,
            )
            for start in range(0, len(code), BLOCK)
        )

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
            Whether values are drawn, instead of the mean of a number and the most likely level:
            as far off from what is expected as known values of the fit are when their cells are
            hidden. Holes of one row are drawn one by one.
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
        encoding, model = self._encoding, self.autoencoder_._model
        made = joined(
            self._filling(*self._holes.rows(model, encoding, features), rng)
            for features in encoding.blocks(table.cells)
        )
        columns = {name: imputed(table, name, made.get(name)) for name in table.cells}
        return table.container.joined(columns, table.index)

    def _filling(
        self, rows: Array, numbers: Array, rng: np.random.RandomState | None
    ) -> dict[Hashable, Array]:
        encoding, holes = self._encoding, self._holes
        if rng is None:
            return encoding.table(rows, numbers=numbers)
        drawn = sharpened_rows(encoding.columns, rows, holes.sharpness)
        return encoding.table(drawn, rng, holes.deviations)
