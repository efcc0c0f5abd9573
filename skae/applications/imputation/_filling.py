"""What a fitted imputer does: fill rows, and name the columns that it returns."""

from typing import Any

import numpy as np
from sklearn.base import TransformerMixin
from sklearn.impute import SimpleImputer
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted

from skae.applications._limits import Limits
from skae.applications.imputation._missing import MissingMarkerMixin, nothing_known
from skae.applications.imputation._rounds import Rounds
from skae.applications.imputation._tables import filled_table, is_of_tables
from skae.numerics import Array, ArrayLike, Bools
from skae.reducers import TrainableReducer, find_padding_before_fit, without_padding
from skae.tables import check_magnitude, validate_data

# A reducer squares differences of values.
LARGEST = 1e150


class FillingMixin(MissingMarkerMixin, TransformerMixin):
    """Fills rows by what ``fit`` learnt; ``fit`` comes with the estimator."""

    reducer: TrainableReducer | None
    keep_empty_features: bool
    reducers_: list[Any]
    initial_imputer_: SimpleImputer
    indicator_: Any
    # What was missing, which columns are filled and which of those in rounds, and how.
    _mask: Any
    _is_filled: Bools
    _iterated: Bools | slice
    _rounds: Rounds
    # Imputers saved by an older version have none.
    _limits: Limits | None = None

    def transform(self, X: ArrayLike) -> Any:
        """Fill the missing values of rows.

        Parameters
        ----------
        X : array-like or frame of shape (n_samples, n_features)
            Rows in the units of those in ``fit``; any of their values may be missing.

        Returns
        -------
        X_filled : ndarray of shape (n_samples, n_features_out)
            In the dtype of X, float32 or float64; without the columns that ``fit`` knows no value
            of, unless ``keep_empty_features``, and with those of the indicator after. A table, if
            that in ``fit`` was one: as it came, but for its holes.
        """
        check_is_fitted(self)
        if is_of_tables(self.reducers_):
            return filled_table(self, X)
        reducer = self.reducers_[0] if self.reducers_ else self.reducer
        X = self._given(X, reducer)
        X = validate_data(self, X, reset=False, **self._checked(reducer))
        check_magnitude(X, LARGEST)
        is_padding = find_padding_before_fit(reducer, X)
        filled = self.initial_imputer_.transform(without_padding(X, is_padding, self._marker))
        known = without_padding(X, is_padding, self._no_marker)
        is_missing = self._mask.transform(known)
        if is_padding is not None:
            filled = np.where(is_padding, X, filled)
        before, gaps = filled.copy(), is_missing[:, self._is_filled]
        filled[:, self._iterated] = self._rounds.filled(
            filled[:, self._iterated], nothing_known(gaps, is_padding)
        )
        is_guess = is_missing[:, self._is_filled | self.keep_empty_features]
        limited = filled if self._limits is None else self._limits.apply(filled)
        filled = np.where(is_guess, limited, before)
        if self.indicator_ is None:
            return filled
        return np.hstack([filled, self.indicator_.transform(known)])

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> Array:
        """Return the names of the columns that ``transform`` returns.

        Parameters
        ----------
        input_features : array-like of str, optional
            Names of the columns in ``fit``; by default ``feature_names_in_``, or x0, x1 and so on.

        Returns
        -------
        names : ndarray of str
            Those of the columns kept, then those of the indicator.
        """
        check_is_fitted(self)
        names: Array = _check_feature_names_in(self, input_features)
        if is_of_tables(self.reducers_):
            return names
        parts = [self.initial_imputer_, *([] if self.indicator_ is None else [self.indicator_])]
        return np.concatenate([part.get_feature_names_out(names) for part in parts])
