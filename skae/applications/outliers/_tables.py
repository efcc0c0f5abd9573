"""Rows of a table, as a detector reads and judges them."""

from collections.abc import Callable, Hashable, Sequence
from typing import Any, Literal

import numpy as np

from skae.applications.outliers._causes import LEAST_ODD, Hidden, laid_on_causes
from skae.applications.outliers._default import halve, table_reducer
from skae.applications.outliers._distinct import MIN_ROWS, check_distinct
from skae.applications.outliers._judges import Panel, check_likelihood
from skae.applications.outliers._plan import Plan
from skae.applications.outliers._reasons import reasons_of_tables, spreads_of_numbers
from skae.applications.outliers._screen import absurd_rows_of_table
from skae.applications.outliers._sizes import fit_reducers
from skae.applications.outliers._surprise import SurpriseScale
from skae.applications.outliers._threshold import threshold_of
from skae.folds import HeldOutFolds
from skae.numerics import Array, Bools, Integers
from skae.reducers import check_names, reducer_to_fit, thawed
from skae.states import demand
from skae.tables import in_frame_like, labels_in_fit, validate_data
from skae.tabular import (
    SeenValues,
    Survey,
    TableRows,
    around_table,
    leave_out_once,
    native_rows,
    say_why_left_out,
    surprises,
    table_rows,
)


class TableReader:
    """Reads rows of a table, and judges them by how surprising their columns are.

    Parameters
    ----------
    reducer : TableAutoencoder, or a frozen one
        Fitted or not.
    is_default : bool
        Whether it may be told how wide its code is.
    """

    def __init__(self, reducer: Any, *, is_default: bool = False) -> None:
        self.reducer, self.is_default = reducer, is_default
        # Of all rows of a fit, of which folds have but parts.
        self._survey: Survey | None = None
        self._seen: SeenValues | None = None
        self._left_out: dict[Hashable, str] = {}

    @classmethod
    def to_fit(cls, reducer: Any, plan: Plan, rng: np.random.RandomState) -> "TableReader":
        """Return one for a new reducer: a TableAutoencoder, or one around what is given."""
        if plan.scoring in ("error", "top_features"):
            raise ValueError(
                f"scoring={plan.scoring!r} is about residuals of numbers, of which X has others. "
                "Leave scoring='mahalanobis', which takes the columns of a table by how surprising "
                "each is, or pass 'likelihood'."
            )
        given = None if reducer is None else around_table(reducer)
        table = reducer_to_fit(given, table_reducer, rng)
        inside = thawed(table).autoencoder
        if plan.scoring == "likelihood" and inside is not None:
            check_likelihood(inside)
        return cls(table, is_default=reducer is None)

    def given(self, X: Any) -> Any:
        """Return a frame of pandas or polars, or an array."""
        return native_rows(X)

    def to_learn_from(self, X: Any, estimator: Any, n_folds: int) -> TableRows:
        """Return the rows of a fit."""
        rows = table_rows(X)
        if len(rows) < MIN_ROWS:
            raise ValueError(
                f"Found array with {len(rows)} sample(s) (shape={rows.shape}) while a minimum of "
                f"{MIN_ROWS} is required by {type(estimator).__name__}."
            )
        check_names(self.reducer, X)
        return rows

    def usual(self, rows: TableRows) -> Bools:
        """Return which rows can be learnt from."""
        self._survey = Survey.of(self.reducer, rows.X)
        return ~absurd_rows_of_table(self._survey.numbers())

    def judged(self, rows: TableRows) -> TableRows:
        """Return rows as a panel judges them."""
        return rows

    def panel(self, rows: TableRows, plan: Plan, rng: np.random.RandomState) -> "TablePanel":
        """Fit a panel: a reducer for every fold, to the rows of the others."""
        check_distinct(rows.keys, plan.trim)
        if self._survey is not None:
            self._seen = SeenValues.of(self._survey)
            self._left_out = leave_out_once(self.reducer, self._survey)
            self._survey = None
        if self.is_default:
            halve(self.reducer, rows.X)
        folds = HeldOutFolds(rows.keys, plan.n_folds, rng)
        tables = [others.X for others in folds.of_others(rows)]
        reducers = fit_reducers(self.reducer, tables, plan.n_jobs)
        for fitted in reducers:
            say_why_left_out(fitted, self._left_out)
        spreads = spreads_of_numbers(reducers, rows, folds)
        found = np.empty(rows.shape)
        for fold, fitted in enumerate(reducers):
            own = folds.of_rows == fold
            found[own] = surprises(fitted, rows[own].X)
        scale = SurpriseScale(found)
        judge_of = LikelihoodTableJudge if plan.scoring == "likelihood" else SurpriseJudge
        judges = [judge_of(fitted, scale) for fitted in reducers]
        return TablePanel(folds, judges, spreads, self._seen)

    def to_score(self, X: Any, estimator: Any) -> TableRows:
        """Return new rows as a panel judges them."""
        rows = table_rows(X)
        validate_data(estimator, rows.X, reset=False, skip_check_array=True)
        return rows

    def threshold(
        self,
        scores: Array,
        contamination: float | Literal["auto"],
        panel: "TablePanel",
        plan: Plan,
    ) -> float:
        """Return the anomaly score above which rows are outliers."""
        threshold = threshold_of(scores, contamination, has_few_kinds=False)
        is_evidence = contamination == "auto" and plan.scoring != "likelihood"
        # However usual less is.
        return max(threshold, LEAST_ODD) if is_evidence else threshold

    def reasons(
        self, panel: "TablePanel", rows: TableRows, n_reasons: int, estimator: Any
    ) -> list[list[str]]:
        """Return the columns of each row of which most says that they are wrong, in words."""
        laid, causes = panel.laid_evidence(rows)
        labels = _labels(rows.shape[1], estimator)
        return reasons_of_tables(panel, rows, labels, laid, n_reasons, panel.spreads, causes)

    def in_frame(self, values: Array, X: Any, estimator: Any) -> Any:
        """Return values of the columns of rows, one for each, in a frame like that of X."""
        labels = _labels(values.shape[1], estimator)
        return in_frame_like(native_rows(X), values, labels, "feature_contributions")


def _labels(n_columns: int, estimator: Any) -> list[Hashable]:
    return labels_in_fit(estimator) or [f"x{i}" for i in range(n_columns)]


class TablePanel(Panel[TableRows]):
    """A judge for every fold of the rows of a table.

    Parameters
    ----------
    folds : HeldOutFolds
    judges : list of judges
    spreads : dict
        How far numbers lie from what other columns suggest, by the place of their column.
    seen : SeenValues or None
        What the rows of the fit held. What they never held says the same to all judges.
    """

    # Panels of version 0.1.0 know nothing of it.
    seen: SeenValues | None = None

    def __init__(
        self,
        folds: HeldOutFolds,
        judges: Sequence[Any],
        spreads: dict[int, float],
        seen: SeenValues | None,
    ) -> None:
        super().__init__(folds, judges)
        self.spreads, self.seen = spreads, seen

    def held_out_in(self, X: TableRows) -> Integers:
        """Return the fold that each row was held out in; ``NEW`` for rows that no fold knows."""
        return self.folds.find(X.keys)

    def scores(self, X: TableRows) -> Array:
        """Return the anomaly score of each row; higher is more abnormal."""
        scores: Array = super().scores(X) + self.novelty(X).sum(axis=1)
        return scores

    def contributions(self, X: TableRows) -> Array:
        """Return what each column adds to the anomaly score of its row."""
        added: Array = super().contributions(X) + self.novelty(X)
        if isinstance(self.judges[0], LikelihoodTableJudge):
            return added
        odd = np.flatnonzero(added.sum(axis=1) >= LEAST_ODD)
        laid, causes = self.laid_evidence(X[odd])
        has_causes = np.array(sorted(causes), dtype=int)
        added[odd[has_causes]] = laid[has_causes]
        return added

    def evidence(self, X: TableRows) -> Array:
        """Return the evidence of each column that its value is wrong, whatever rows score."""
        of_judges = self.judged(X, np.zeros(X.shape), lambda judge: judge.evidence)
        return of_judges + self.novelty(X)

    def laid_evidence(self, X: TableRows) -> tuple[Array, dict[int, Hidden]]:
        """Return evidence, that of odd rows laid on the columns that explain it, and which."""

        def without(places: Integers, hidden: Hidden) -> Array:
            rows = X[places]
            left = self.judged(rows, np.zeros(rows.shape), lambda judge: _mending(judge, hidden))
            left += self.novelty(rows)
            left[:, list(hidden)] = 0.0
            return left

        return laid_on_causes(self.evidence(X), without)

    def novelty(self, X: TableRows) -> Array:
        """Return how surprising each value is as one that no row of the fit had; 0 for others."""
        return np.zeros(X.shape) if self.seen is None else self.seen.surprises(X.X)

    def check_stored(self, reducers: Any) -> None:
        """Refuse a panel that a file has not left whole."""
        super().check_stored(reducers)
        demand(self.seen is None or isinstance(self.seen, SeenValues), "values that nobody saw")
        if self.seen is not None:
            self.seen.check_stored(reducers[0].n_features_in_)


def _mending(judge: Any, hidden: Hidden) -> Callable[[TableRows], Array]:
    """Return what gives evidence of rows of which some columns are as the others suggest.

    A hole would surprise by itself, and codes are worse for it.
    """

    def evidence(rows: TableRows) -> Array:
        made = judge.reducer.impute(rows.without(*hidden))
        of_others: Array = judge.evidence(rows.filled(hidden, made))
        return of_others

    return evidence


class SurpriseJudge:
    """A TableAutoencoder to which the columns of a row may be surprising.

    Parameters
    ----------
    reducer : fitted TableAutoencoder
    scale : SurpriseScale
    """

    def __init__(self, reducer: Any, scale: SurpriseScale) -> None:
        self.reducer, self.scale = reducer, scale

    def evidence(self, rows: TableRows) -> Array:
        """Return the evidence of each column that its value is wrong."""
        return self.scale.evidence(surprises(self.reducer, rows.X))

    def contributions(self, rows: TableRows) -> Array:
        """Return what each column adds to the score of its row."""
        return self.evidence(rows)

    def scores(self, rows: TableRows) -> Array:
        """Return the anomaly score of each row; higher is more abnormal."""
        scores: Array = self.contributions(rows).sum(axis=1)
        return scores


class LikelihoodTableJudge(SurpriseJudge):
    """A TableAutoencoder with a log-likelihood.

    Columns of ordinary rows add to a likelihood too, so that reasons are evidence here as well.
    """

    def scores(self, rows: TableRows) -> Array:
        """Return the negative log-likelihood of each row."""
        return -np.asarray(self.reducer.score_samples(rows.X), dtype=np.float64)

    def contributions(self, rows: TableRows) -> Array:
        """Return how surprising each column is, and an even share of what else makes the score."""
        own = surprises(self.reducer, rows.X)
        rest = self.scores(rows) - own.sum(axis=1)
        shared: Array = own + rest[:, np.newaxis] / own.shape[1]
        return shared
