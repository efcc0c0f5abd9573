"""How long the default imputer's fits train, and which go on from each other."""

import numpy as np
import pytest

from skae import ReconstructionImputer
from skae.applications.imputation._default import default_reducer


def fitted(n_rows, n_columns, max_iter):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_rows, 1)) @ rng.normal(size=(1, n_columns))
    X += 0.01 * rng.normal(size=X.shape)
    holed = np.where(rng.random(X.shape) < 0.1, np.nan, X)
    return ReconstructionImputer(max_iter=max_iter, random_state=0).fit(holed)


@pytest.mark.slow
def test_rounds_go_on_from_each_other_where_rows_are_many():
    first, second = (reducer[-1] for reducer in fitted(60, 4, 2).reducers_)
    assert (first.warm_start, second.warm_start) == (False, True)
    assert not (first.early_stopping)
    assert not (second.early_stopping)
    assert first.random_state != second.random_state


@pytest.mark.parametrize(("n_rows", "max_iter"), [(15, 2), (60, 1)])
def test_few_rows_and_a_single_round_hold_rows_out(n_rows, max_iter):
    for reducer in fitted(n_rows, 4, max_iter).reducers_:
        assert reducer[-1].early_stopping
        assert not reducer[-1].warm_start


@pytest.mark.parametrize(("n_rows", "n_epochs"), [(10, 50), (2000, 16), (8000, 8)])
def test_epochs_hold_steps_that_grow_like_the_root_of_the_rows(n_rows, n_epochs):
    reducer = default_reducer(2, n_rows, is_alone=False)
    assert reducer[-1].max_iter == n_epochs


def test_a_column_of_one_value_is_filled_with_it():
    rows = np.random.default_rng(0).normal(size=(60, 4))
    rows[:, 1] = -0.003
    holes = np.random.default_rng(1).uniform(size=rows.shape) < 0.2
    filled = ReconstructionImputer(random_state=0).fit_transform(np.where(holes, np.nan, rows))
    assert np.all(filled[:, 1] == -0.003)
