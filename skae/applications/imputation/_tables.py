"""Tables with text, categories and dates, whose holes a TableAutoencoder fills."""

from collections.abc import Sequence
from typing import Any

from sklearn.utils import check_random_state

from skae import VariationalAutoencoder
from skae.messages import warn
from skae.reducers import check_names, fit_reducer, reducer_to_fit, telling_once_of_pca
from skae.tables import has_holes, is_missing, validate_data
from skae.tabular import TableAutoencoder, around_table, native_rows, reads_tables, set_width

# Components of the default reducer, or as many as columns.
_MOST_COMPONENTS = 10
# Parameters of numbers that are filled in rounds, and what a table has instead.
_OF_NUMBERS = {
    "max_iter": ("auto",),
    "tol": (1e-3,),
    "initial_strategy": ("mean",),
    "fill_value": (None,),
    # Numbers of a table keep to these anyway.
    "min_value": (None, "observed"),
    "max_value": (None, "observed"),
    "grid": (None, "integers"),
    "add_indicator": (False,),
    "keep_empty_features": (False,),
}


def is_of_tables(reducers: Sequence[Any]) -> bool:
    """Whether fitted reducers fill tables."""
    return bool(reducers) and reads_tables(reducers[0])


def fit_table(imputer: Any, X: Any) -> None:
    """Fit an imputer to a table.

    Raises
    ------
    ValueError
        If parameters of it are about numbers alone, or its reducer raises.
    """
    for name, taken in _OF_NUMBERS.items():
        value = getattr(imputer, name)
        if not any(_is_same(value, known) for known in taken):
            raise ValueError(
                f"{name}={value!r} is for rows of numbers alone, but X has text, categories or "
                f"dates, whose holes a TableAutoencoder fills. Leave {name}={taken[0]!r}."
            )
    if not is_missing(imputer.missing_values):
        raise ValueError(
            f"missing_values={imputer.missing_values!r} is for rows of numbers alone, but X has "
            "text, categories or dates. Put None or NaN where a value is missing."
        )
    rng = check_random_state(imputer.random_state)
    given = imputer.reducer
    # A code as wide as the table, its default, copies columns instead of telling them apart.
    reducer = TableAutoencoder(VariationalAutoencoder(1)) if given is None else around_table(given)
    table = reducer_to_fit(reducer, TableAutoencoder, rng)
    X = native_rows(X)
    check_names(table, X)
    if given is None:
        set_width(table, X, 1.0, _MOST_COMPONENTS)
    with telling_once_of_pca():
        fit_reducer(table, X)
    # This comes last, so that a fit that raises leaves the imputer as it was.
    validate_data(imputer, X, skip_check_array=True)
    imputer.reducers_, imputer.n_iter_, imputer.indicator_ = [table], 1, None
    imputer.n_components_ = table.n_components_ if imputer.reducer is None else None


def _is_same(value: Any, known: Any) -> bool:
    """Whether a parameter, which may be an array, is a plain value."""
    return type(value) is type(known) and bool(value == known)


def filled_table(imputer: Any, X: Any) -> Any:
    """Return a table with its holes filled, by a fitted imputer."""
    X = native_rows(X)
    validate_data(imputer, X, reset=False, skip_check_array=True)
    table = imputer.reducers_[0]
    filled = table.impute(X)
    left = {name: why for name, why in table.left_out_.items() if _has_holes(filled, name)}
    if left:
        reasons = "; ".join(f"{name!r}: {why}" for name, why in left.items())
        warn(
            f"Holes stay in columns that are left out ({reasons}), as nothing is known to fill "
            "them by. Drop these columns, or fill them otherwise."
        )
    return filled


def _has_holes(X: Any, name: Any) -> bool:
    """Whether a value of one column is missing."""
    if hasattr(X, "columns"):
        return has_holes(X[[name]])
    return any(map(is_missing, X[:, name]))
