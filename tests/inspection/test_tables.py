"""Tables with text, categories, dates and missing values, drawn and diagnosed as features."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skae import Autoencoder, TableAutoencoder, VariationalAutoencoder, diagnose
from skae.inspection import (
    DenoisingDisplay,
    LatentSpaceDisplay,
    LatentTraversalDisplay,
    LossCurveDisplay,
    ReconstructionDisplay,
    ReconstructionErrorDisplay,
)

N = 60
QUICK = {"hidden_layer_sizes": 4, "max_iter": 2, "early_stopping": False, "random_state": 0}
FEATURES = ["rooms", "built", "garden = False", "kind = flat", "kind = house", "kind = barn"]
pytestmark = pytest.mark.filterwarnings("ignore::skae.exceptions.StartKeptWarning")


def homes():
    rooms = np.random.default_rng(0).integers(1, 9, N)
    frame = pd.DataFrame(
        {
            "rooms": rooms.astype(float),
            "kind": np.select([rooms > 5, rooms > 3], ["house", "barn"], "flat"),
            "garden": rooms > 4,
            "built": pd.Timestamp("1990-01-01") + pd.to_timedelta(365 * rooms, "D"),
        }
    )
    frame.loc[3, "rooms"] = np.nan
    return frame


X = homes()


@pytest.fixture(scope="module")
def table():
    return TableAutoencoder(Autoencoder(2, **QUICK)).fit(X)


@pytest.fixture(autouse=True)
def _no_figures_left():
    yield
    plt.close("all")


@pytest.mark.slow
def test_rows_are_features_with_names(table):
    display = ReconstructionDisplay.from_estimator(table, X, n_rows=N)
    names = list(display.feature_names)
    assert sorted(names) == sorted(FEATURES)
    shown = pd.DataFrame(display.originals, columns=names)
    np.testing.assert_array_equal(shown["kind = barn"], X["kind"] == "barn")
    np.testing.assert_array_equal(shown["garden = False"], ~X["garden"])
    made = pd.DataFrame(display.reconstructions, columns=names)
    levels = made[[name for name in names if name.startswith("kind")]]
    expected = table.reconstruct(X)["kind"]
    assert (levels.idxmax(axis=1).str.removeprefix("kind = ") == expected).all()


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_what_draws_rows_takes_tables(table, library):
    frame = X if library == "pandas" else pl.from_pandas(X)
    ReconstructionDisplay.from_estimator(table, frame, n_rows=2)
    DenoisingDisplay.from_estimator(table, frame, frame, n_rows=2)
    traversal = LatentTraversalDisplay.from_estimator(table, frame, n_values=3)
    assert traversal.reconstructions.shape == (2, 3, len(FEATURES))


def test_what_draws_codes_and_losses_takes_tables(table):
    display = LatentSpaceDisplay.from_estimator(table, X, y=X["kind"])
    np.testing.assert_array_equal(display.code, table.transform(X))
    LossCurveDisplay.from_estimator(table)


def test_errors_are_the_negative_scores_of_rows(table):
    display = ReconstructionErrorDisplay.from_estimator(table, X)
    np.testing.assert_array_equal(display.errors, -table.score_samples(X))


@pytest.mark.slow
def test_in_a_pipeline_and_a_search(table):
    pipeline = make_pipeline(TableAutoencoder(Autoencoder(2, **QUICK))).fit(X)
    ReconstructionDisplay.from_estimator(pipeline, X, n_rows=2)
    search = GridSearchCV(pipeline, {"tableautoencoder__min_frequency": [5]}, cv=2).fit(X)
    assert str(diagnose(search, X)).startswith("TableAutoencoder of Autoencoder")


@pytest.mark.parametrize("cls", [Autoencoder, VariationalAutoencoder])
def test_diagnosis_of_a_table(cls):
    diagnosis = diagnose(TableAutoencoder(cls(2, **QUICK)).fit(X), X)
    assert str(diagnosis).startswith(f"TableAutoencoder of {cls.__name__} with 2 components")


def test_absurd_value_in_a_table():
    spoiled = X.copy()
    spoiled.loc[5, "rooms"] = -9999.0
    diagnosis = diagnose(TableAutoencoder(Autoencoder(2, **QUICK)).fit(spoiled), spoiled)
    (finding,) = [each for each in diagnosis if each.name == "absurd value"]
    assert "rooms holds -9999 in row 5" in finding.message
    assert finding.parameter == "X.replace(-9999, None)"


def test_too_few_rows_for_a_diagnosis(table):
    with pytest.raises(ValueError, match="X has 5 rows"):
        diagnose(table, X[:5])
