"""The reducer of a detector that is given none."""

from typing import Any

import numpy as np

from skae import Autoencoder, VariationalAutoencoder
from skae.applications.outliers._judges import check_likelihood
from skae.reducers import reducer_to_fit
from skae.tabular import TableAutoencoder, set_width

# Of the variance; and how long a fold is trained. Nothing is held out of a fold: what a reducer
# leaves of ordinary rows is judged by rows of the others anyway, so that it needs no judge, only to
# stop before it learns single rows by heart, which takes few epochs where rows are few.
_SHARE, _STEPS, _MOST_EPOCHS = 0.5, 1000, 50
_FEW_BATCHES, _EPOCHS_OF_FEW = 10, 30
# Steps of all folds from which their program is compiled by XLA, as it is for those of one fit.
_LONG = 500
# Of tables: a code as wide as the table copies numbers, and with them those that are odd.
_MOST_COMPONENTS, _BETA = 10, 0.3


def reducer_for(given: Any, scoring: str, rng: np.random.RandomState) -> Any:
    """Return an unfitted reducer like the one given, or for None the default one.

    Raises
    ------
    TypeError
        If it has no log-likelihood where ``scoring`` needs it.
    """
    is_likelihood = scoring == "likelihood"
    cls = VariationalAutoencoder if is_likelihood else Autoencoder
    # For any number of rows; ``set_length`` comes after them.
    options: dict[str, Any] = {
        "n_components": _SHARE,
        "learning_rate": "cosine",
        "early_stopping": False,
    }
    reducer = reducer_to_fit(given, lambda: cls(**options), rng)
    if is_likelihood:
        check_likelihood(reducer)
    return reducer


def set_length(reducer: Autoencoder | VariationalAutoencoder, n_rows: int, n_folds: int) -> None:
    """Set how long a default reducer trains on so many rows without one of so many folds."""
    n_batches = -(-round(n_rows * (1 - 1 / n_folds)) // reducer.batch_size)
    most = _EPOCHS_OF_FEW if n_batches < _FEW_BATCHES else _MOST_EPOCHS
    n_epochs = min(most, max(1, round(_STEPS / max(1, n_batches))))
    # XLA pays for the folds together where it would not for one of them.
    is_long = n_folds * n_epochs * n_batches > _LONG
    reducer.set_params(max_iter=n_epochs, jit_compile=True if is_long else "auto")


def table_reducer() -> TableAutoencoder:
    """Return an unfitted reducer of a table; ``halve`` comes after it."""
    return TableAutoencoder(VariationalAutoencoder(1, beta=_BETA))


def halve(reducer: TableAutoencoder, X: Any) -> None:
    """Give a default reducer half as many components as it uses columns of a table."""
    set_width(reducer, X, 0.5, _MOST_COMPONENTS)
