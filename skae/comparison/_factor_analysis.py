"""Factor analysis of mixed data: what PCA is to numbers, for tables with categories."""

from collections.abc import Hashable, Mapping
from dataclasses import replace
from typing import Any, Self

import numpy as np
from sklearn.base import clone
from sklearn.decomposition import PCA

from skae.comparison._table_roles import Roles
from skae.inspection._codes import as_array
from skae.numerics import Array
from skae.tabular._cells import Cells
from skae.tabular._columns import CategoryColumn, NumberColumn, moments
from skae.tabular._encoding import Encoding
from skae.tabular._frames import native_table, read_table

# Of predicted shares, so much is replaced by the frequencies of the levels.
_PULLS = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
_MOST_ROWS_OF_PULLS = 5000


class FactorAnalysis:
    """PCA of numbers and levels in the units of Pagès [1]_, read back into columns.

    Numbers are divided by their deviations; ones and zeros for the levels of a category are centred
    and divided by the roots of their frequencies. What is missing counts as the mean.

    Parameters
    ----------
    pca : PCA
        With its number of components.
    roles : Roles

    Attributes
    ----------
    encoding : Encoding
        How columns became features, from ``fit`` on.

    References
    ----------
    .. [1] Pagès, J. (2004). Analyse factorielle de données mixtes. Revue de statistique appliquée
       52(4), 93-111.
    """

    encoding: Encoding

    def __init__(self, pca: PCA, roles: Roles) -> None:
        self._pca, self._roles = clone(pca), roles

    def fit(self, X: Any) -> Self:
        """Learn the axes of some rows."""
        container, cells = read_table(native_table(X))
        encoding = self._roles.encoding(container, cells)
        # Neither ranks nor flags of what is missing are part of the method, and it explains less of
        # the columns with them.
        plain = {name: _plain(column, cells[name]) for name, column in encoding.numbers.items()}
        self.encoding = replace(encoding, numbers=plain, missing=[])
        features = self._features(cells)
        self._mean, self._scale = _units(features, self.encoding.columns.first_level)
        if self._pca.svd_solver == "auto":
            # Of many features it would draw axes at random, which are not quite the best.
            self._pca.set_params(svd_solver="covariance_eigh")
        most = min(features.shape)  # rows of one fold may lack levels
        self._pca.set_params(n_components=min(self._pca.n_components, most))
        code = self._pca.fit_transform(self._scaled(features))
        few = slice(_MOST_ROWS_OF_PULLS)
        self._pulls = self._measure_pulls(features[few], self.decode(as_array(code)[few]))
        return self

    def _scaled(self, features: Array) -> Array:
        return np.nan_to_num((features - self._mean) / self._scale)

    def transform(self, X: Any) -> Array:
        """Components of some rows."""
        _, cells = read_table(native_table(X))
        return as_array(self._pca.transform(self._scaled(self._features(cells))))

    def _features(self, cells: Mapping[Hashable, Cells]) -> Array:
        return self.encoding.features(cells).astype(np.float64)

    def decode(self, code: Array) -> Array:
        """Rows of features: numbers, and shares of levels, which may be below 0 and above 1."""
        rows: Array = as_array(self._pca.inverse_transform(code)) * self._scale + self._mean
        return rows

    def probabilities(self, rows: Array) -> Array:
        """Rows whose shares are probabilities.

        Negative shares become 0. What is left is drawn towards the frequencies of the levels, in
        each column as far as suits the rows of the fit, so that what seems impossible is not.
        """
        rows = rows.copy()
        for name, column, place in _places(self.encoding):
            pull = self._pulls[name]
            shares = _pulled(column, rows[:, place], self._mean[place], pull)
            rows[:, place] = shares[:, 1:] if column.is_flag else shares
        return rows

    def _measure_pulls(self, features: Array, rows: Array) -> dict[Hashable, float]:
        pulls = {}
        for name, column, place in _places(self.encoding):
            truth = column.probabilities(features[:, place])
            known = truth[~np.isnan(truth[:, 0])]
            made, mean = rows[~np.isnan(truth[:, 0])][:, place], self._mean[place]
            losses = [
                -np.log(np.sum(known * _pulled(column, made, mean, pull), axis=1)).sum()
                for pull in _PULLS
            ]
            pulls[name] = _PULLS[int(np.argmin(losses))]
        return pulls


def _plain(column: NumberColumn, cells: Cells) -> NumberColumn:
    """The same column with its values in deviations as features, and not the scores of ranks."""
    centre, unit = moments(cells.values[~cells.is_missing])
    return replace(column, centre=centre, unit=unit, scores=None)


def _units(features: Array, first_level: int) -> tuple[Array, Array]:
    mean = np.nanmean(features, axis=0)
    scale = np.nanstd(features, axis=0)
    scale[first_level:] = np.sqrt(mean[first_level:])
    return mean, np.where(scale > 0, scale, 1.0)


def _places(encoding: Encoding) -> list[tuple[Hashable, CategoryColumn, slice]]:
    """Columns of categories, and the places of their features."""
    first = len(encoding.numbers)
    flags = [
        (name, column, slice(place, place + 1))
        for place, (name, column) in enumerate(encoding.flags.items(), first)
    ]
    levels = zip(encoding.categories.items(), encoding.columns.level_slices, strict=True)
    return flags + [(name, column, place) for (name, column), place in levels]


def _pulled(column: CategoryColumn, shares: Array, mean: Array, pull: float) -> Array:
    """Probabilities of all levels; shape (n, n_levels)."""
    positive = np.maximum(column.probabilities(shares), 0.0)
    total = positive.sum(axis=1, keepdims=True)
    frequencies = column.probabilities(mean[None])
    # Without any level above 0, nothing is known but the frequencies.
    made = np.where(total > 0, positive / np.where(total > 0, total, 1.0), frequencies)
    pulled: Array = (1 - pull) * made + pull * frequencies
    return pulled
