"""The distribution of an estimator's codes, kept as a mixture in plain, small arrays."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from skae.mixtures._mixture import fit_smooth
from skae.mixtures._size import QUICK
from skae.mixtures._values import find_values
from skae.numerics import Array, Integers, one_thread
from skae.states import demand, demand_numbers

_SEED = 0
# Rows whose codes are looked at, at most.
_MOST_ROWS = 5000


@dataclass(eq=False)
class CodeMixture:
    """Normal distributions and single values, each with a weight.

    Attributes
    ----------
    weights : ndarray of shape (n_parts,), float64
    means : ndarray of shape (n_parts, n_components), float32
    factors : ndarray of shape (n_normal, n_components * (n_components + 1) / 2), float32
        Lower triangles of Cholesky factors of the covariances of the first parts. The other parts
        are single values.
    """

    weights: Array
    means: Array
    factors: Array

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        for name in ("weights", "means", "factors"):
            demand(name in state, f"a mixture of codes without {name}")
        weights, means = state["weights"], state["means"]
        demand_numbers("the weights of a mixture", weights, (None,))
        demand(np.all(weights >= 0) and np.isclose(weights.sum(), 1), "shares that do not sum to 1")
        demand_numbers("the means of a mixture", means, (len(weights), None))
        n_columns = means.shape[1]
        n_values = n_columns * (n_columns + 1) // 2
        demand_numbers("the factors of a mixture", state["factors"], (None, n_values))
        demand(len(state["factors"]) <= len(weights), "more covariances than parts")
        vars(self).update(state)

    def draw(self, n_samples: int, rng: np.random.RandomState) -> Array:
        """Codes in random order.

        Parameters
        ----------
        n_samples : int
        rng : numpy.random.RandomState

        Returns
        -------
        codes : ndarray of shape (n_samples, n_components), float64
        """
        n_columns = self.means.shape[1]
        part_of = rng.choice(len(self.weights), size=n_samples, p=self.weights)
        codes = self.means[part_of].astype(np.float64)
        noise = rng.standard_normal(codes.shape)
        factor = np.zeros((n_columns, n_columns))
        for part in np.unique(part_of[part_of < len(self.factors)]):
            factor[np.tril_indices(n_columns)] = self.factors[part]
            is_here = part_of == part
            # Row by row, so that a code's bits hang on its part and noise alone. (These are other
            # ones where more rows are drawn: the first ten of twenty are not those of ten.)
            codes[is_here] += np.einsum("ij,kj->ik", noise[is_here], factor)
        return codes


def rows_to_look_at(
    n_rows: int, sample_weight: Array | None = None
) -> tuple[Integers, Array | None]:
    """Rows whose codes say how those of all are distributed, and how much each of these counts.

    Parameters
    ----------
    n_rows : int
    sample_weight : ndarray of shape (n_rows,), optional
        Where there are many rows, they are drawn by it.

    Returns
    -------
    rows : ndarray of shape (n_looked_at,)
        Rising; none of weight 0.
    sample_weight : ndarray of shape (n_looked_at,) or None
        None where all count the same.
    """
    counted = np.arange(n_rows)
    if sample_weight is not None:
        counted = np.flatnonzero(sample_weight)
        sample_weight = sample_weight[counted]
    if len(counted) > _MOST_ROWS:
        share = None if sample_weight is None else sample_weight / sample_weight.sum()
        some = np.random.RandomState(0).choice(len(counted), _MOST_ROWS, replace=False, p=share)
        return np.sort(counted[some]), None
    return counted, sample_weight


def fit_code_mixture(
    code: Array, deviations: Array | None = None, sample_weight: Array | None = None
) -> CodeMixture:
    """The mixture of an estimator's codes, found with little effort.

    Parameters
    ----------
    code : ndarray of shape (n_samples, n_components)
    deviations : ndarray of the same shape, optional
        Of each code, where it is a distribution: they widen the parts that it belongs to.
    sample_weight : ndarray of shape (n_samples,), optional
        How much each code counts in the weights of the parts.

    Returns
    -------
    mixture : CodeMixture
    """
    code = np.asarray(code, dtype=np.float64)
    weight = np.ones(len(code)) if sample_weight is None else np.asarray(sample_weight, np.float64)
    values = find_values(code)
    single = code[values.first[values.is_repeated]].astype(np.float32)
    totals = np.bincount(values.of_row, weight)[values.is_repeated]
    with one_thread():
        smooth = fit_smooth(code, values, QUICK, _SEED)
        if smooth is None:
            n_columns = code.shape[1]
            none = np.empty((0, n_columns * (n_columns + 1) // 2), np.float32)
            return CodeMixture(totals / totals.sum(), single, none)
        is_smooth = ~values.is_repeated[values.of_row]
        belonging = smooth.predict_proba(code[is_smooth]) * weight[is_smooth, np.newaxis]
        covariances = smooth.covariances_.copy()
        if deviations is not None:
            within = belonging.T @ deviations[is_smooth] ** 2
            within /= np.maximum(belonging.sum(axis=0), np.finfo(float).tiny)[:, np.newaxis]
            covariances += within[:, np.newaxis] * np.eye(code.shape[1])
        factors = np.linalg.cholesky(covariances)[:, *np.tril_indices(code.shape[1])]
    weights = np.concatenate([belonging.sum(axis=0), totals])
    means = np.concatenate([smooth.means_.astype(np.float32), single])
    return CodeMixture(weights / weights.sum(), means, factors.astype(np.float32))
