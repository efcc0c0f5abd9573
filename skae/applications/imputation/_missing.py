"""Missing values: how they are marked, and filled before the first round."""

from typing import Any, Literal

import numpy as np
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.utils.validation import FLOAT_DTYPES

from skae.messages import warn
from skae.numerics import Array, ArrayLike, Bools
from skae.reducers import allows_nan, in_one_axis
from skae.tables import filled_where_masked, is_missing as is_missing_value, with_nan_for_na

Strategy = Literal["mean", "median", "most_frequent", "constant"]


def new_initial_imputer(
    marker: Any, strategy: Strategy, fill_value: Any, *, keep_empty_features: bool
) -> Any:
    """Return an imputer that fills by a statistic of each column, and returns arrays."""
    imputer = SimpleImputer(
        missing_values=marker,
        strategy=strategy,
        fill_value=fill_value,
        keep_empty_features=keep_empty_features,
    )
    return imputer.set_output(transform="default")


def new_mask(marker: Any, features: str) -> Any:
    """Return a transformer that says which values are missing, as arrays."""
    mask = MissingIndicator(missing_values=marker, features=features, error_on_new=False)
    return mask.set_output(transform="default")


def nothing_known(is_missing: Bools, is_padding: Bools | None) -> Bools:
    """Mark what is missing, and the padding of rows that hold nothing else."""
    if is_padding is None:
        return is_missing
    return is_missing | (is_missing | is_padding).all(axis=1, keepdims=True)


def units_of_known(filled: Array, gaps: Bools) -> Array:
    """Return the deviation of the known values of each column; 1 for a constant column."""
    known = np.ma.masked_array(filled.astype(np.float64), gaps)
    deviation = np.ma.getdata(known.std(axis=0))
    # The deviation of a constant column may be above zero, as its mean is rounded.
    varies = np.ma.filled(known.max(axis=0) > known.min(axis=0), False)
    return np.where(varies & (deviation > 0), deviation, 1.0)


def warn_of_empty(is_empty: Bools, shape: tuple[int, ...] | None) -> None:
    """Say that columns of which nothing is known stay, as rows have a shape."""
    warn(
        f"No row of fit knows a value of the columns {np.flatnonzero(is_empty)}. They stay, as "
        f"the reducer takes rows of sample_shape={shape}, and are filled with 0, or with "
        "fill_value for initial_strategy='constant'. Set keep_empty_features=True if that is "
        "meant.",
    )


class MissingMarkerMixin:
    """Reads what ``missing_values`` marks, of rows in any form."""

    missing_values: Any

    def _given(self, X: ArrayLike, reducer: object) -> ArrayLike:
        """Return flat rows, in which NaN or the marker stands for all that is missing."""
        X = filled_where_masked(X, self._marker)
        return in_one_axis(reducer, with_nan_for_na(X) if self._allows_nan else X)

    @property
    def _marker(self) -> Any:
        """The value that stands for a missing one in an array of floats."""
        return np.nan if is_missing_value(self.missing_values) else self.missing_values

    @property
    def _no_marker(self) -> float:
        """A value that does not stand for a missing one."""
        return 1.0 if self._marker == 0 else 0.0

    @property
    def _allows_nan(self) -> bool:
        return bool(self._marker != self._marker)  # NaN alone differs from itself

    def _checked(self, reducer: object) -> dict[str, Any]:
        takes_nan = self._allows_nan or allows_nan(reducer)
        return {
            "dtype": FLOAT_DTYPES,
            "order": "C",  # the last bits of products depend on it
            "ensure_all_finite": "allow-nan" if takes_nan else True,
        }
