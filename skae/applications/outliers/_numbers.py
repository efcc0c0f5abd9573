"""Rows of numbers, as a detector reads and judges them."""

from collections.abc import Hashable
from typing import Any, Literal

import numpy as np
from scipy.sparse import issparse

from skae.applications.outliers._default import reducer_for, set_length
from skae.applications.outliers._distinct import MIN_ROWS, check_distinct
from skae.applications.outliers._judges import (
    Panel,
    error_panel,
    likelihood_panel,
    mahalanobis_panel,
    top_features_panel,
)
from skae.applications.outliers._padding import padded_panel
from skae.applications.outliers._plan import Plan
from skae.applications.outliers._reasons import reasons_of_numbers
from skae.applications.outliers._rounding import in_double_precision
from skae.applications.outliers._screen import absurd_rows
from skae.applications.outliers._sizes import fit_reducers
from skae.applications.outliers._threshold import threshold_of
from skae.folds import HeldOutFolds
from skae.numerics import Array, ArrayLike, Bools
from skae.reducers import (
    allows_nan,
    check_names,
    given_rows,
    padding_value,
    without_known_padding,
)
from skae.tables import (
    check_array,
    check_magnitude,
    in_frame_like,
    labels_in_fit,
    validate_data,
)

_LARGEST, _SMALLEST = 1e70, 1e-70  # distances are squared, and squared again
_CHECKED: dict[str, Any] = {"accept_sparse": "csr", "dtype": [np.float64, np.float32]}


class NumbersReader:
    """Reads rows of numbers for a reducer, and judges them by what it leaves of them.

    Parameters
    ----------
    reducer : estimator
        Fitted or not.
    is_default : bool
        Whether it may be told how long to train.
    """

    def __init__(self, reducer: Any, *, is_default: bool = False) -> None:
        self.reducer, self.is_default = reducer, is_default

    @classmethod
    def to_fit(cls, reducer: Any, plan: Plan, rng: np.random.RandomState) -> "NumbersReader":
        """Return one for a new reducer like the one given, or for None the default one."""
        return cls(reducer_for(reducer, plan.scoring, rng), is_default=reducer is None)

    def given(self, X: ArrayLike) -> ArrayLike:
        """Return rows flat, and none of them masked."""
        return given_rows(self.reducer, X)

    def to_learn_from(self, X: ArrayLike, estimator: Any, n_folds: int) -> Array:
        """Return the rows of a fit as an array."""
        checked = check_array(
            X,
            ensure_min_samples=MIN_ROWS,
            estimator=estimator,
            input_name="X",
            ensure_all_finite="allow-nan" if allows_nan(self.reducer) else True,
            **_CHECKED,
        )
        rows: Array = _dense(checked)
        check_magnitude(rows, _LARGEST, _SMALLEST)
        check_names(self.reducer, X)
        if self.is_default:
            set_length(self.reducer, len(rows), n_folds)
        return rows

    def usual(self, rows: Array) -> Bools:
        """Return which rows can be learnt from."""
        return ~absurd_rows(without_known_padding(self.reducer, rows))

    def judged(self, rows: Array) -> Array:
        """Return rows as a panel judges them."""
        return in_double_precision(self.reducer, rows)

    def panel(self, X: Array, plan: Plan, rng: np.random.RandomState) -> Panel[Array]:
        """Fit a panel: a reducer for every fold, to the rows of the others."""
        check_distinct(X, plan.trim)
        folds = HeldOutFolds(X, plan.n_folds, rng)
        precision, X = float(np.finfo(X.dtype).eps), self.judged(X)
        reducers = fit_reducers(self.reducer, folds.of_others(X), plan.n_jobs)
        if padding_value(self.reducer) is not None:
            return padded_panel(reducers, X, folds, plan.scoring, plan.top_fraction)
        if plan.scoring == "likelihood":
            return likelihood_panel(reducers, X, folds)
        if plan.scoring == "top_features":
            return top_features_panel(reducers, X, folds, precision, plan.top_fraction)
        panel = error_panel if plan.scoring == "error" else mahalanobis_panel
        return panel(reducers, X, folds, precision)

    def to_score(self, X: ArrayLike, estimator: Any) -> Array:
        """Return new rows as a panel judges them."""
        X = self.given(X)
        finite = "allow-nan" if allows_nan(self.reducer) else True
        checked = validate_data(estimator, X, reset=False, ensure_all_finite=finite, **_CHECKED)
        rows: Array = _dense(checked)
        check_magnitude(rows, _LARGEST)
        return self.judged(rows)

    def threshold(
        self, scores: Array, contamination: float | Literal["auto"], panel: Panel[Array], plan: Plan
    ) -> float:
        """Return the anomaly score above which rows are outliers."""
        # Log-likelihoods have no zero, and so no ratios.
        has_few_kinds = panel.folds.has_few_kinds and plan.scoring != "likelihood"
        return threshold_of(scores, contamination, has_few_kinds)

    def reasons(
        self, panel: Panel[Array], rows: Array, n_reasons: int, estimator: Any
    ) -> list[list[str]]:
        """Return the columns that add most to the score of each row, in words."""
        contributions, labels = panel.contributions(rows), _labels(rows, estimator)
        return reasons_of_numbers(panel, rows, labels, contributions, n_reasons)

    def in_frame(self, values: Array, X: Any, estimator: Any) -> Any:
        """Return values of the columns of rows, one for each, in a frame like that of X."""
        return in_frame_like(X, values, _labels(values, estimator), "feature_contributions")


def _labels(rows: Array, estimator: Any) -> list[Hashable]:
    return labels_in_fit(estimator) or [f"x{i}" for i in range(rows.shape[1])]


def _dense(X: ArrayLike) -> Any:
    return X.toarray() if issparse(X) else X
