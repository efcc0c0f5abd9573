"""What codes tell about a target that reducers have not seen."""

from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import r2_score, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_consistent_length, column_or_1d

from skae.inspection._target_checks import refuse_masked_target
from skae.numerics import Array, Bools, Integers
from skae.tabular._cells import NUMERIC, Cells, cells_of_array, cells_of_series

# A class has so many rows on average.
_LEAST_PER_CLASS = 3
# So many rows with a target are enough to learn from few components.
_MOST_ROWS = 5000


@dataclass(frozen=True)
class Target:
    """A value or a class for each row.

    Attributes
    ----------
    values : ndarray
        Floats, or names of classes.
    is_known : ndarray of bool
        False where there is none.
    has_classes : bool
    """

    values: Array
    is_known: Bools
    has_classes: bool

    @property
    def metric(self) -> str:
        """The name of its score."""
        return "target_auroc" if self.has_classes else "target_r2"

    def score(self, train: tuple[Integers, Array], test: tuple[Integers, Array]) -> float:
        """Score a linear model of codes on rows held out.

        Parameters
        ----------
        train, test : tuple of rows and their codes

        Returns
        -------
        score : float
            Area under the ROC curve, the mean over classes of each against all others, or the
            share of variance of a continuous target that ridge regression explains.
        """
        (y, code), (y_test, code_test) = self._known(*train), self._known(*test)
        few = np.unique(np.linspace(0, len(y) - 1, min(len(y), _MOST_ROWS)).astype(int))
        y, code = y[few], code[few]
        if len(y) == 0 or len(y_test) == 0 or np.all(y == y[0]):
            return 0.5 if self.has_classes else 0.0
        if not self.has_classes:
            ridge = make_pipeline(StandardScaler(), Ridge()).fit(code, y)
            return float(r2_score(y_test, ridge.predict(code_test))) if len(y_test) > 1 else 0.0
        classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
        chances = classifier.fit(code, y).predict_proba(code_test)
        areas = [
            roc_auc_score(y_test == one, chances[:, place])
            for place, one in enumerate(classifier.classes_)
            if 0 < np.count_nonzero(y_test == one) < len(y_test)
        ]
        return float(np.mean(areas)) if areas else 0.5

    def _known(self, rows: Integers, code: Array) -> tuple[Array, Array]:
        is_known = self.is_known[rows]
        return self.values[rows][is_known], code[is_known]


def read_target(y: Any, X: Any) -> Target:
    """Return the target of the rows of X.

    Raises
    ------
    ValueError
        If it has another length, no value, one value alone, or names of too many classes.
    """
    refuse_masked_target(y)
    cells = _cells(y)
    check_consistent_length(X, cells.values)
    is_known = ~cells.is_missing
    known = cells.values[is_known]
    if cells.kind == "unknown":
        raise ValueError(
            f"y holds {known[0]!r}, which is neither a number nor the name of a class."
        )
    n_values = len(np.unique(known))
    if n_values < 2:
        shown = "no value" if len(known) == 0 else f"{_first(cells, is_known)!r} alone"
        raise ValueError(
            f"y holds {shown}, so there is nothing to tell from codes. Leave y out, or pass a "
            "column of two values or more."
        )
    is_few = n_values <= len(known) / _LEAST_PER_CLASS
    if cells.kind in NUMERIC:
        is_whole = cells.kind == "number" and not np.any(known != np.round(known))
        if not is_whole or not is_few:
            return Target(cells.values, is_known, has_classes=False)
        whole = np.where(is_known, cells.values, 0.0).astype(np.int64)
        return Target(whole, is_known, has_classes=True)
    if not is_few:
        raise ValueError(
            f"y holds text, such as {_first(cells, is_known)!r}, of {n_values} different values "
            f"in {len(known)} rows, too many for classes. Make numbers of it, or leave it out."
        )
    names = np.array([str(level) for level in [*cells.levels, ""]], dtype=object)
    return Target(names[cells.values], is_known, has_classes=True)


def _first(cells: Cells, is_known: Bools) -> object:
    return cells.plain()[is_known].tolist()[0]


def _cells(y: Any) -> Cells:
    if hasattr(y, "iloc") and getattr(y, "ndim", 1) == 2 and y.shape[1] == 1:
        y = y.iloc[:, 0]
    series = nw.from_native(y, series_only=True, pass_through=True)
    if isinstance(series, nw.Series):
        return cells_of_series(series)
    given = np.asarray(y, dtype=object) if isinstance(y, list | tuple) else np.asarray(y)
    column = column_or_1d(given)
    if column.dtype.kind in "mM":
        column = column.astype(f"{column.dtype.kind}8[us]")
        floats = np.where(np.isnat(column), np.nan, column.astype(np.int64).astype(float))
        return Cells("date", floats, np.isnat(column))
    return cells_of_array(column)
