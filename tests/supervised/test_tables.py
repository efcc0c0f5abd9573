"""Frames with text, categories, dates and missing values."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.model_selection import GridSearchCV

from skae import (
    Autoencoder,
    AutoencoderClassifier,
    AutoencoderRegressor,
    TableAutoencoder,
    VariationalAutoencoder,
)

from .shared import FROZEN, SMALL

N = 120
pytestmark = pytest.mark.filterwarnings("ignore::skae.exceptions.StartKeptWarning")


def homes():
    """A kind and an area that follow from the number of rooms, of which some are not known."""
    rng = np.random.default_rng(0)
    rooms = rng.integers(1, 9, N)
    frame = pd.DataFrame(
        {
            "area": 20.0 * rooms + rng.normal(size=N),
            "kind": np.where(rooms > 4, "house", "flat"),
            "built": pd.Timestamp("1990-01-01") + pd.to_timedelta(365 * rooms, "D"),
        }
    )
    frame.loc[::10, "area"] = np.nan
    frame.loc[::7, "kind"] = None
    return frame, rooms


X, ROOMS = homes()
IS_LARGE = np.where(ROOMS > 4, "large", "small")


def classifier(autoencoder=None, **parameters):
    if autoencoder is None and "from_pretrained" not in parameters:
        autoencoder = Autoencoder(2, **SMALL)
    return AutoencoderClassifier(autoencoder, **{"max_iter": 10, "random_state": 0, **parameters})


@pytest.fixture(scope="module")
def fitted():
    """A fit that is not to be changed."""
    return classifier().fit(X, IS_LARGE)


def test_classes_are_predicted_from_a_table(fitted):
    probabilities = fitted.predict_proba(X)
    assert fitted.score(X, IS_LARGE) > 0.95
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0)
    assert isinstance(fitted.autoencoder_, TableAutoencoder)
    assert fitted.autoencoder_.reconstruct(X).dtypes.equals(X.dtypes)


@pytest.mark.slow
@pytest.mark.parametrize("inner", [VariationalAutoencoder(2, **SMALL), None])
def test_other_autoencoders(inner):
    parameters = {"autoencoder": inner, "max_iter": 5, "random_state": 0}
    fitted = AutoencoderClassifier(**parameters).fit(X, IS_LARGE)
    assert fitted.score(X, IS_LARGE) > 0.9


def test_few_labels_are_spread():
    labels = np.where(np.arange(N) % 6 == 0, IS_LARGE, None)
    fitted = classifier().fit(X, labels)
    assert np.mean(fitted.transduction_ == IS_LARGE) > 0.9


def test_numbers_are_predicted_from_a_table():
    regressor = AutoencoderRegressor(Autoencoder(2, **SMALL), max_iter=10, random_state=0)
    assert regressor.fit(X, ROOMS).score(X, ROOMS) > 0.95


def test_polars_is_pandas_to_the_bit(fitted):
    of_pandas = fitted.predict_proba(X)
    other = pl.from_pandas(X)
    np.testing.assert_array_equal(classifier().fit(other, IS_LARGE).predict_proba(other), of_pandas)


def test_a_pickle_says_the_same(fitted):
    copied = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(copied.predict_proba(X), fitted.predict_proba(X))


def test_columns_are_checked(fitted):
    assert fitted.n_features_in_ == 3
    assert list(fitted.feature_names_in_) == list(X.columns)
    with pytest.raises(ValueError, match="feature names should match"):
        fitted.predict(X.rename(columns={"area": "size"}))


@pytest.mark.slow
def test_a_search_over_tables():
    search = GridSearchCV(classifier(max_iter=2), {"autoencoder__n_components": [1, 2]}, cv=2)
    assert search.fit(X, IS_LARGE).best_score_ > 0.9


@pytest.mark.slow
def test_a_table_autoencoder_is_used_as_it_is():
    table = TableAutoencoder(Autoencoder(2, **SMALL), drop=["built"])
    fitted = classifier(table).fit(X, IS_LARGE)
    assert fitted.autoencoder_.left_out_ == {"built": "as asked"}


def test_a_table_autoencoder_that_was_fitted_before():
    table = TableAutoencoder(Autoencoder(2, **SMALL), random_state=0).fit(X)
    before = table.transform(X)
    fitted = classifier(from_pretrained=table, fine_tune=False, **FROZEN).fit(X, IS_LARGE)
    np.testing.assert_array_equal(fitted.autoencoder_.transform(X), before)
    tuned = classifier(from_pretrained=table).fit(X, IS_LARGE)
    assert not np.array_equal(tuned.autoencoder_.transform(X), before)
    np.testing.assert_array_equal(table.transform(X), before)


def test_what_follows_from_the_weights_is_learnt_anew(fitted):
    tuned = fitted.autoencoder_
    # Scores are beyond what is usual, so that in the mean a column is as surprising as it was.
    np.testing.assert_allclose(tuned.column_scores(X).mean(), 0.0, atol=0.05)
